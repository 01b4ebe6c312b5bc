/** Runs, their tasks and their reports, as they are stored and as the API and the command line give them. */
import { z } from 'zod';
import { runStatuses } from './names.ts';

export { emptyCounters, endStatuses, hasEnded, runStatuses } from './names.ts';

export const runStatusSchema = z.enum(runStatuses);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const taskStatuses = ['pending', 'running', 'succeeded', 'failed', 'duplicate', 'cancelled'] as const;
export const taskStatusSchema = z.enum(taskStatuses);
export type TaskStatus = z.infer<typeof taskStatusSchema>;

/** Counts of tasks of one node in one run; at the end `input` = succeeded + failed + duplicate + cancelled. */
export const countersSchema = z.object({
  input: z.int().default(0),
  running: z.int().default(0),
  succeeded: z.int().default(0),
  failed: z.int().default(0),
  duplicate: z.int().default(0),
  cancelled: z.int().default(0),
  retried: z.int().default(0),
  pending: z.int().default(0),
});
export type Counters = z.infer<typeof countersSchema>;

export const errorRecordSchema = z.object({
  task: z.string(),
  node: z.string(),
  name: z.string(),
  message: z.string(),
  attempts: z.int(),
  code: z.string().optional(),
  stack: z.string().optional(),
  payload: z.unknown().optional(),
  at: z.string().optional(),
});
export type ErrorRecord = z.infer<typeof errorRecordSchema>;

/** A run without its outputs: what a list shows. Times are ISO 8601. */
export const runSummarySchema = z.object({
  id: z.string(),
  graph: z.string(),
  graphId: z.string().optional(),
  status: runStatusSchema,
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  /** The process that runs it, or ran it last, where several share a store. */
  owner: z.string().optional(),
  /** Why a run ended the way it did, where the status alone does not say. */
  reason: z.string().optional(),
  /** Stable code of the reason, where it has one, such as `store_full`. */
  reasonCode: z.string().optional(),
  /** When the run last went on after its host had died. */
  resumedAt: z.string().optional(),
  /** The run whose payloads this one took over for the node `from`. */
  rerunOf: z.string().optional(),
  /** The node where the run began, if it is of a part of its graph: that node and what it leads to. */
  from: z.string().optional(),
  /** The part is the node `from` alone. */
  only: z.boolean().optional(),
  /** True while a live run waits for further tasks from outside, until it is closed. */
  open: z.boolean().optional(),
  /** What its journal and the artifacts it uses take, about; told in lists and reports. */
  bytes: z.int().optional(),
  /** Nodes whose policy lets go of the payloads of tasks that end well, once the run has ended. */
  dropsPayloads: z.array(z.string()).optional(),
  /** When that was last done. */
  payloadsDroppedAt: z.string().optional(),
  nodes: z.record(z.string(), countersSchema),
  /** Milliseconds that workers were busy with attempts at tasks of each node, as far as they have ended. */
  work: z.record(z.string(), z.number()).optional(),
  /** Results that have travelled each edge, by position in the document's `edges`. */
  edges: z.array(z.int()).optional(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

/** How much longer a run and its nodes will take, by what has been measured; absent while that cannot be told. */
export const remainingSchema = z.object({
  runMs: z.number().meta({ description: 'Milliseconds until the run ends.' }),
  atLeast: z.boolean().optional().meta({ description: 'There is work to come that cannot be told yet.' }),
  nodes: z.record(z.string(), z.number()).meta({
    description: 'Milliseconds until each node has ended; those that are done or unknown are left out.',
  }),
});
export type Remaining = z.infer<typeof remainingSchema>;

/** Why something of a run cannot be told, such as `chunk_damaged`. */
export const readProblemSchema = z.object({ code: z.string(), message: z.string() });
export type ReadProblem = z.infer<typeof readProblemSchema>;

/** A run's report; over HTTP outputs and errors are capped and carry cursors, on the command line they are whole. */
export const runReportSchema = runSummarySchema.extend({
  outputs: z.record(z.string(), z.array(z.unknown())),
  errors: z.array(errorRecordSchema),
  /** Cursor per node whose outputs go on beyond the cap. */
  outputCursors: z.record(z.string(), z.string()).optional(),
  errorCursor: z.string().optional(),
  /** While it lives. */
  remaining: remainingSchema.optional(),
  /**
   * What of the run cannot be read: outputs and errors end before a damaged part of the journal; where a value is
   * missing, something else stands in its place.
   */
  problem: readProblemSchema.optional(),
});
export type RunReport = z.infer<typeof runReportSchema>;

/** One try at a task, and where it ran. */
export const attemptSchema = z.object({
  attempt: z.int(),
  startedAt: z.string(),
  finishedAt: z.string(),
  worker: z.string(),
  /** The result is one that an earlier run had found. */
  cached: z.boolean().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

export type Attempt = z.infer<typeof attemptSchema>;

export const taskSchema = z.object({
  id: z.string(),
  node: z.string(),
  status: taskStatusSchema,
  attempts: z.int(),
  parent: z.string().nullable(),
  /** The other task it came from, where two were joined. */
  partner: z.string().optional(),
  payload: z.unknown(),
  /** It is no longer kept, since the task ended well and its node's policy says so. */
  payloadDropped: z.boolean().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  durationMs: z.number().optional(),
  worker: z.string().optional(),
  /** Its result is one that an earlier run had found. */
  cached: z.boolean().optional(),
  /** Every attempt so far; where single tasks or a lineage were asked for. */
  history: z.array(attemptSchema).optional(),
  error: z
    .object({
      name: z.string(),
      message: z.string(),
      code: z.string().optional(),
      stack: z.string().optional(),
    })
    .optional(),
  /** What of it cannot be read; where a single task was asked for. */
  problem: readProblemSchema.optional(),
});
export type Task = z.infer<typeof taskSchema>;
