/** Time as one host sees it: it stands still while the host is frozen, and when it is no more. */
import type { Clock } from '../../src/engine/clock.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';

/** Parts of a millisecond that time goes by in: sums of them are exact, and timers never fire too soon. */
const grain = 64;

export class HostClock implements Clock {
  readonly #clock: SimulatedClock;
  readonly #pending = new Set<() => void>();
  /** Timers that were due while the host was frozen. */
  #late: (() => void)[] | undefined;
  #isStopped = false;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, fn: () => void): () => void {
    if (this.#isStopped) return () => {};
    let isOver = false;
    const fire = () => {
      if (isOver) return;
      if (this.#late) return void this.#late.push(fire);
      takeBack();
      fn();
    };
    const cancel = this.#clock.after(Math.ceil(ms * grain) / grain, fire);
    const takeBack = () => {
      isOver = true;
      this.#pending.delete(takeBack);
      cancel();
    };
    this.#pending.add(takeBack);
    return takeBack;
  }

  freeze(): void {
    this.#late ??= [];
  }

  thaw(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const fire of late) this.#clock.after(0, fire);
  }

  stop(): void {
    this.#isStopped = true;
    for (const takeBack of this.#pending) takeBack();
  }
}
