/**
 * Between the engine, which decides, and the pools, which carry out. Work crosses as columns: position `i` of
 * every array belongs to the same task.
 */
import type { WireError } from '../errors.ts';
import type { NodeDefinition } from '../nodes/define-node.ts';
import type { GraphSettings } from '../schema/graph.ts';
import type { Policy } from '../schema/policy.ts';
import type { Pack, ResultPart } from './values/packed.ts';

/** A node ready to run: defaults filled in, code compiled. All but `definition` is structured-cloneable. */
export interface PreparedNode {
  id: string;
  type: string;
  definition: NodeDefinition;
  params: Record<string, unknown>;
  /** What the definition's `create` gets. */
  prepared: unknown;
  policy: Policy;
  /** Names of the output ports, without the error port. */
  outputs: string[];
}

export interface Batch {
  id: number;
  run: string;
  node: string;
  /** Task numbers, unique in the run. */
  tasks: number[];
  /** 1-based number of the attempt, per task. */
  attempts: number[];
  payloads: unknown[];
  /** Input port per task, where the node tells its ports apart; absent: its first, for all. */
  ports?: string[];
  /**
   * A fold's state before the batch; absent before its first step. A fold may be sent a batch without tasks: its
   * result then holds the initial state, or none.
   */
  state?: { value: unknown };
  /**
   * Nodes whose tasks the results may go on to in the same worker, one after the other, with the number of the first
   * task at each: `first`, `first + 1`, … in the order of the results. `id` is the executor's own.
   */
  chain?: { node: string; first: number; id?: number }[];
  /** One of its tasks may take its worker with it, or the host: to be run where it can take nobody else. */
  apart?: boolean;
  /** Leave the rest of the batch undone after the first failure (serial nodes that retry keep their order). */
  stopOnError: boolean;
}

export const outcome = { succeeded: 0, failed: 1, notRun: 2 } as const;

export interface BatchResult {
  /** One of {@link outcome} per task. */
  outcomes: number[];
  /** Results per task; absent: one for each that succeeded, none for the others. */
  counts?: number[];
  /** Port per result; absent: all to the node's default port `out`. */
  ports?: string[];
  /** All results, in the order of the tasks. */
  values: unknown[];
  /** Results that came in parts, in the order they were given; a task that has some has none in `values`. */
  parts?: ResultPart[];
  /** One per failed task, in order. */
  errors: WireError[];
  /** Whether a task's result is that of an earlier run, per task; absent: none. */
  cached?: boolean[];
  /** A fold's state after the batch. */
  state?: { value: unknown };
  /** Of the nodes in the batch's `chain` that were gone through, in order. */
  chained?: BatchResult[];
  /** What handlers logged: index of the task, message, data. */
  logs?: { index: number; message: string; data?: unknown }[];
  /** When the worker came to the batch, by its word, in milliseconds since 1970. */
  begunAt?: number;
  /** Milliseconds the worker was busy. */
  busyMs: number;
  /** Name of the worker, such as `thread 2`. */
  worker: string;
}

/** `begunAt`: when the task at fault was begun, in milliseconds since 1970, where that is known. */
export type BatchOutcome =
  | { kind: 'done'; result: BatchResult }
  /** One task ran beyond `timeoutMs`; its worker has been ended. The other tasks have no result. */
  | { kind: 'timeout'; index: number; begunAt?: number; worker: string }
  /** The worker ended by itself. `index` is the task it was at, where that is known. */
  | { kind: 'died'; reason: string; index?: number; begunAt?: number; worker: string }
  /**
   * Cut short: run them again. Through no fault of theirs, since their worker was ended on another's account; where
   * one of them, or a task beside them, may have been at fault, `apart`.
   */
  | { kind: 'lost'; reason: string; apart?: true }
  /** Given up because the run was cancelled. */
  | { kind: 'cancelled' };

export interface ExecutorRun {
  id: string;
  nodes: PreparedNode[];
  settings: GraphSettings;
}

/** Carries out batches. One executor serves every run of a host. */
export interface Executor {
  /** How many batches may usefully be under way at once on the shared workers. */
  readonly parallelism: number;
  /** Makes a run's nodes known, before its first batch. */
  open(run: ExecutorRun): void;
  /**
   * Never rejects: what goes wrong is in the outcome.
   * @param pack takes in what a task gives in parts; without it, all is in the result as values
   */
  execute(batch: Batch, pack?: Pack): Promise<BatchOutcome>;
  /** Gives up what a run has under way: its workers are ended if they do not stop by themselves. */
  cancel(runId: string): void;
  /** Forgets a run that has ended. */
  close(runId: string): void;
}
