/** How many tasks end per second, over about the last second. */
const windowMs = 1_000;

export class RateMeter {
  #samples: { at: number; counts: number[] }[];

  /** @param counts the counters as they stand at `at`; a resumed run does not begin at zero */
  constructor(at: number, counts: number[]) {
    this.#samples = [{ at, counts }];
  }

  /**
   * Takes in the counters as they stand at `at` (milliseconds).
   * @returns per counter, the increase per second since the newest sample that is at least a second old
   */
  sample(at: number, counts: number[]): number[] {
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMs) this.#samples.shift();
    const [oldest] = this.#samples;
    this.#samples.push({ at, counts });
    const elapsed = at - (oldest?.at ?? at);
    return counts.map((count, i) =>
      elapsed > 0 ? ((count - (oldest?.counts[i] ?? 0)) * 1000) / elapsed : 0,
    );
  }
}
