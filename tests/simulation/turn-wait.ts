/** How long tasks have waited for their turn, in time that passes only while their run goes on, found naively. */
import { must, type RunModel } from './run-model.ts';

export class TurnWait {
  readonly #model: RunModel;
  /** Since when a task waits: no earlier and no later than this. */
  readonly #since = new Map<number, { earliest: number; latest: number }>();
  /** Until when the tasks of a serial node wait with one that is to be tried again later, at most. */
  readonly #blocked = new Map<string, number>();
  /** When the run did not go on; the last time may not be over. */
  readonly #idle: { from: number; to: number }[] = [];

  constructor(model: RunModel) {
    this.#model = model;
  }

  /** Time passes, or stands still, from now on. */
  goOn(isGoingOn: boolean, now: number): void {
    const last = this.#idle.at(-1);
    const isIdle = last?.to === Number.POSITIVE_INFINITY;
    if (isGoingOn && isIdle) last.to = now;
    if (!isGoingOn && !isIdle) this.#idle.push({ from: now, to: Number.POSITIVE_INFINITY });
  }

  /** A task begins to wait, or does so once more, `shortest` to `longest` milliseconds from now. */
  begin(task: number, now: number, shortest = 0, longest = shortest): void {
    const { facts } = this.#model.node(this.#model.task(task).node);
    let latest = now + longest;
    if (facts.policy.mode === 'serial') {
      latest = Math.max(latest, this.#blocked.get(facts.id) ?? 0);
      this.#blocked.set(facts.id, latest);
    }
    this.#since.set(task, { earliest: now + shortest, latest });
  }

  /** It is sent out, and must not have waited too long. */
  checkTurn(task: number, now: number): void {
    const limit = this.#limit(task);
    const waited = this.#passed(this.#since.get(task)?.latest ?? now, now);
    must(waited < limit, () => `task ${task} is sent out after ${waited} ms, where ${limit} are too long`);
  }

  /** It has failed since it waited too long, and must have. */
  checkOverdue(task: number, now: number): void {
    const limit = this.#limit(task);
    const waited = this.#passed(this.#since.get(task)?.earliest ?? 0, now);
    must(waited >= limit - 1e-6, () => `task ${task} has waited ${waited} ms, which are not ${limit}`);
  }

  #limit(task: number): number {
    const { facts } = this.#model.node(this.#model.task(task).node);
    return facts.policy.queueTimeoutMs ?? Number.POSITIVE_INFINITY;
  }

  #passed(from: number, to: number): number {
    const idle = this.#idle.map((each) => Math.min(each.to, to) - Math.max(each.from, from));
    return to - from - idle.reduce((sum, ms) => sum + Math.max(0, ms), 0);
  }
}
