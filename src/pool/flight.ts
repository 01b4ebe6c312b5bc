/**
 * A flight is a batch on its way; a slot is a worker in a pool with the flights it carries.
 *
 * A flight is *settled* when its outcome has been told. It may stay with its worker beyond that (a cancelled batch whose
 * code has not noticed yet), and the worker is not idle until it has answered.
 *
 * A worker that runs its batches one after the other takes them in the order they were sent, and answers one before it
 * begins the next: the first in its slot is the one under way, the others *wait*.
 */
import type { Batch, BatchOutcome } from '../engine/executor.ts';
import type { Deadline } from './deadline.ts';
import type { PartCollector } from './part-collector.ts';
import type { Program } from './program.ts';
import type { WorkerHandle } from './worker-handle.ts';

export interface Flight {
  readonly program: Program;
  readonly batch: Batch;
  /** When it was sent to its worker. */
  sentAt: number;
  /** Of the nodes the batch may go on to, in order. */
  readonly chain: readonly Program[];
  settled: boolean;
  settle(outcome: BatchOutcome): void;
  deadline?: Deadline;
  /** Its worker has been given code with it that is to be made first. */
  loads: boolean;
  /** Over the making of its code, while that goes on. */
  loading?: Deadline;
  /** Its worker has begun to make it. */
  isLoadBegun: boolean;
  /** Takes back the next look at how long it has waited in its worker. */
  stopWatch?: () => void;
  /** Whether the worker tells the start of each task. */
  readonly exact: boolean;
  /** Takes what its tasks give in parts. */
  readonly parts: PartCollector | undefined;
  lastStarted?: Start;
}

/** A task that was begun, and when. */
export interface Start {
  index: number;
  at: number;
}

export interface Slot {
  readonly handle: WorkerHandle;
  readonly flights: Map<number, Flight>;
  /** Keys of the programs it was given. */
  readonly installed: Map<string, Program>;
  /** Tasks it has been given in its life. */
  tasks: number;
  /** It has answered: it is not about to start any more. */
  hasAnswered: boolean;
  /** Takes no more batches and is ended after its last. */
  retiring: boolean;
  /** The task whose handler was called and has not returned, as far as the worker tells. */
  current: (Start & { batch: number }) | undefined;
}

/** The flight under way in a slot that carries them one after the other. */
export function firstOf({ flights }: Slot): Flight | undefined {
  for (const flight of flights.values()) return flight;
  return undefined;
}

/** A flight that has not set out. */
export function createFlight(
  program: Program,
  batch: Batch,
  exact: boolean,
  chain: readonly Program[],
  parts: PartCollector | undefined,
  told: (outcome: BatchOutcome) => void,
): Flight {
  const flight: Flight = {
    program,
    batch,
    exact,
    chain,
    parts,
    sentAt: 0,
    loads: false,
    isLoadBegun: false,
    settled: false,
    settle(outcome) {
      flight.deadline?.stop();
      flight.loading?.stop();
      flight.stopWatch?.();
      if (!flight.settled) told(outcome);
      flight.settled = true;
    },
  };
  return flight;
}
