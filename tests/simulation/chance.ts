/**
 * Chance by seed: whatever is random in a simulated run comes from here, so that a seed tells all of it. Streams of
 * one seed do not disturb each other: a graph stays the same when faults are drawn another way.
 */
import { seededRandom } from '../../src/pool/seeded-random.ts';

export class Chance {
  /** Uniform in [0, 1). */
  readonly next: () => number;

  constructor(seed: number, stream: string) {
    this.next = seededRandom(`seed ${seed}`, stream);
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }

  /** What `make` gives, with that probability. */
  maybe<T extends object>(probability: number, make: () => T): T | Record<never, never> {
    return this.happens(probability) ? make() : {};
  }

  list<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}

/** A number uniform in [0, 1) that belongs to this seed and this text, whenever it is asked for. */
export function chanceOf(seed: number, text: string): number {
  return seededRandom(`seed ${seed}`, text)();
}
