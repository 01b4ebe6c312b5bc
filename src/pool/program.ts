/** What a worker must know of a node before it can run its batches; structured-cloneable. */
import type { BatchResult, PreparedNode } from '../engine/executor.ts';

export interface Program {
  /** Unique over all runs of a host. */
  key: string;
  run: string;
  node: string;
  /** Node type, looked up in the worker's own registry. */
  type: string;
  /** What the definition's `create` gets. */
  prepared: unknown;
  /** Names of the output ports, without the error port. */
  outputs: string[];
  timeoutMs?: number;
  maxTasksPerWorker?: number;
  /** Tasks of one batch are interleaved instead of run one after the other. */
  interleaved: boolean;
  /** A batch may wait in a worker that is at another one, and be taken back from there and run elsewhere. */
  mayWait?: boolean;
}

/** Key of the program of one node in one run. */
export const programKey = (run: string, node: string): string => `${run}\n${node}`;

/** Whether a key is of a program of this run. */
export const isOfRun = (key: string, run: string): boolean => key.startsWith(`${run}\n`);

/** The program of a node in a run. */
export function programOf(run: string, node: PreparedNode): Program {
  const { timeoutMs, maxTasksPerWorker, mode } = node.policy;
  return {
    key: programKey(run, node.id),
    run,
    node: node.id,
    type: node.type,
    prepared: node.prepared,
    outputs: node.outputs,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxTasksPerWorker !== undefined && { maxTasksPerWorker }),
    interleaved: mode === 'async',
    // What is taken back may have begun all the same, so a repeat must do no harm.
    mayWait:
      mode === 'thread' &&
      node.definition.kind !== 'fold' &&
      !node.definition.effects &&
      maxTasksPerWorker === undefined,
  };
}

/** How a worker is to run a batch. */
export interface HowToRun {
  /** It tells the start of every task it must tell of, not only now and then. */
  exact: boolean;
  /** Where a task gives many results, it sends them in parts as they arise. */
  inParts: boolean;
}

/** A worker's reply to one batch. */
export interface Answer {
  result: BatchResult;
  /** Some handler goes on although its task is over (timed out, cancelled): the worker should be replaced. */
  unsettled: boolean;
}

/** Small messages from a worker in passing, beside the calls; `note` tells them apart from everything else. */
export type Note =
  /** The code of this batch's program is about to be made. `index` means nothing. */
  | { note: 'loading'; batch: number; index: number }
  /** The code of this batch's program has been made, for the first time in this worker. `index` means nothing. */
  | { note: 'loaded'; batch: number; index: number }
  /** A task was begun, at this time in milliseconds since 1970: the word may come late to a busy engine. */
  | { note: 'start'; batch: number; index: number; at: number }
  /** Its handler returned a promise; the worker's event loop turns again. */
  | { note: 'yield'; batch: number; index: number }
  | { note: 'progress'; batch: number; index: number; fraction: number };
