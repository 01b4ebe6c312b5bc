/** How long batches may be expected to take, from what tasks of the same program took before. */

import type { Batch, BatchResult } from '../engine/executor.ts';
import { type CostEstimate, measure, unknownCost } from '../engine/scheduler/batch-size.ts';
import { isOfRun } from './program.ts';

export class ExpectedTime {
  /** By key of the program. */
  readonly #costs = new Map<string, CostEstimate>();

  /** Takes in what a batch took, the nodes that its worker went on to included. */
  learn(key: string, tasks: number, { busyMs, chained = [] }: BatchResult): void {
    let cost = this.#costs.get(key);
    if (!cost) this.#costs.set(key, (cost = unknownCost()));
    measure(
      cost,
      tasks,
      chained.reduce((sum, result) => sum + result.busyMs, busyMs),
    );
  }

  /** Milliseconds; infinite as long as no batch of the program has come back. */
  of(key: string, { tasks }: Batch): number {
    return (this.#costs.get(key)?.perTask ?? Number.POSITIVE_INFINITY) * tasks.length;
  }

  forget(run: string): void {
    for (const key of this.#costs.keys()) if (isOfRun(key, run)) this.#costs.delete(key);
  }
}
