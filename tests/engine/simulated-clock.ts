/** Time that passes only when a test lets it. */
import type { Clock } from '../../src/engine/clock.ts';

export class SimulatedClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: { at: number; order: number; fn: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass from timer to timer until `promise` settles. @throws when nothing is left to wait for */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watch = () => {
      settled = true;
    };
    promise.then(watch, watch);
    for (let idle = 0; ; ) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return promise;
      if (this.next()) idle = 0;
      // Promises that hop through the event loop need a few turns without a timer of ours.
      else if (++idle > 50) throw new Error('The simulation stands still');
    }
  }

  /** Lets time pass to the next timer. @returns whether there was one */
  next(): boolean {
    const [timer] = this.#timers.sort((a, b) => a.at - b.at || a.order - b.order);
    if (!timer) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.at);
    timer.fn();
    return true;
  }
}
