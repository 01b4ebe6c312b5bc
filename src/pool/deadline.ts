/**
 * Notices that a worker has not been heard of for longer than one of its tasks may take.
 *
 * The worker keeps the limit itself as long as its event loop turns; this is for those whose loop does not. The time
 * counts from the start of each task, as the worker tells it. It fires in two steps: were it the engine's own thread
 * that had been held up, the worker's word would be waiting behind the first timer, and comes in before the second.
 */
import type { Clock } from '../engine/clock.ts';

/** How long beyond its limit a task may stay silent, in milliseconds. */
export const graceMs = 100;

export class Deadline {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onPassed: () => void;
  #stop: (() => void) | undefined;

  constructor(clock: Clock, limitMs: number, onPassed: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onPassed = onPassed;
  }

  /** A task has been begun: counts anew. @param at when, where the word of it may have come late */
  started(at = this.#clock.now()): void {
    const left = at + this.#limitMs + graceMs / 2 - this.#clock.now();
    this.#arm(Math.max(0, left), () => this.#arm(graceMs / 2, this.#onPassed));
  }

  /** Looks again after a while, since somebody else is to blame. */
  postpone(): void {
    this.#arm(graceMs, this.#onPassed);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #arm(ms: number, then: () => void): void {
    this.#stop?.();
    this.#stop = this.#clock.after(ms, then);
  }
}
