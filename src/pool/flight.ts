/**
 * A flight is a batch on its way; a slot is a worker in a pool with the flights it carries.
 *
 * A flight is *settled* when its outcome has been told. It may stay with its worker beyond that (a cancelled batch whose
 * code has not noticed yet), and the worker is not idle until it has answered.
 */
import type { Batch, BatchOutcome } from '../engine/executor.ts';
import type { Deadline } from './deadline.ts';
import type { Program } from './program.ts';
import type { WorkerHandle } from './worker-handle.ts';

export interface Flight {
  readonly program: Program;
  readonly batch: Batch;
  /** Of the nodes the batch may go on to, in order. */
  readonly chain: readonly Program[];
  settled: boolean;
  settle(outcome: BatchOutcome): void;
  deadline?: Deadline;
  /** Over the making of its code, while that goes on. */
  loading?: Deadline;
  /** Whether the worker tells the start of each task. */
  readonly exact: boolean;
  lastStarted?: number;
}

export interface Slot {
  readonly handle: WorkerHandle;
  readonly flights: Map<number, Flight>;
  /** Keys of the programs it was given. */
  readonly installed: Map<string, Program>;
  /** Tasks it has been given in its life. */
  tasks: number;
  /** Takes no more batches and is ended after its last. */
  retiring: boolean;
  /** The task whose handler was called and has not returned, as far as the worker tells. */
  current: { batch: number; index: number } | undefined;
}

/** A flight that has not set out. */
export function createFlight(
  program: Program,
  batch: Batch,
  exact: boolean,
  chain: readonly Program[],
  told: (outcome: BatchOutcome) => void,
): Flight {
  const flight: Flight = {
    program,
    batch,
    exact,
    chain,
    settled: false,
    settle(outcome) {
      flight.deadline?.stop();
      flight.loading?.stop();
      if (!flight.settled) told(outcome);
      flight.settled = true;
    },
  };
  return flight;
}
