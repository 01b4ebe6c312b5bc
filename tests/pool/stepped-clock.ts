/** A clock that stands still until it is told. */
import type { Clock } from '../../src/engine/clock.ts';

export class SteppedClock implements Clock {
  #now = 0;
  #timers: { at: number; fn: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Lets time pass; timers fire in order, those set on the way included. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = next.at;
      this.#fire(next);
    }
    this.#now = end;
  }

  /** Time passes while nothing can run: timers that are due fire once, late. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) this.#fire(timer);
  }

  #fire(timer: { fn: () => void }): void {
    this.#timers = this.#timers.filter((each) => each !== timer);
    timer.fn();
  }
}
