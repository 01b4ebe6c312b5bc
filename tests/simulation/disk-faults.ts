/** When the store of a simulated world refuses, and when it fails. */
import { StoreError } from '../../src/errors.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan } from './scenario.ts';

/** Longest time it refuses, in milliseconds. */
const longestRefusal = 400;
/** After a failure nobody can explain, the next one is this far, so that no engine takes the store for broken. */
const calmAfterFault = 3_000;

export class DiskFaults {
  /** How often something was refused, or failed. */
  count = 0;
  readonly #clock: SimulatedClock;
  readonly #chance: Chance;
  readonly #plan: FaultPlan;
  #refusesUntil = 0;
  #refusal = '';
  #calmUntil = 0;

  constructor(clock: SimulatedClock, chance: Chance, plan: FaultPlan) {
    this.#clock = clock;
    this.#chance = chance;
    this.#plan = plan;
  }

  /** What becomes of a write instead of what should. `lands`: it is carried out all the same. */
  ofWrite(): { error: StoreError; lands: boolean } | undefined {
    const now = this.#clock.now();
    if (this.#refusesUntil <= now && this.#chance.happens(this.#plan.refuse)) {
      this.#refusesUntil = now + this.#chance.int(1, longestRefusal);
      this.#refusal = this.#chance.pick(['store_busy', 'store_full']);
    }
    if (this.#refusesUntil > now) return { error: this.#error(this.#refusal), lands: false };
    return this.#fails()
      ? { error: this.#error('store_failed'), lands: this.#chance.happens(0.5) }
      : undefined;
  }

  /** What is read while writes are refused can be had all the same, unless the store is busy. */
  ofRead(): StoreError | undefined {
    if (this.#refusesUntil > this.#clock.now() && this.#refusal === 'store_busy')
      return this.#error('store_busy');
    return this.#fails() ? this.#error('store_failed') : undefined;
  }

  #fails(): boolean {
    const now = this.#clock.now();
    if (now < this.#calmUntil || !this.#chance.happens(this.#plan.fail)) return false;
    this.#calmUntil = now + calmAfterFault;
    return true;
  }

  #error(code: string): StoreError {
    this.count++;
    return new StoreError(code, 'Simulated.');
  }
}
