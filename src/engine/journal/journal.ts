/**
 * A run's append-only history. The engine writes entries; a chunk bundles the entries of one commit with a
 * summary, so that lists and counts need not read payloads. Everything the API tells about a run, and all that is
 * needed to go on with it after a crash, comes from here.
 *
 * Columns, not rows: an entry speaks of many tasks, position `i` of its arrays belongs to the same one.
 */
import type { WireError } from '../../errors.ts';
import type { ErrorRecord, RunStatus } from '../../schema/run.ts';
import type { Packed } from '../values/packed.ts';

/** Raised with a step in `journal-versions.ts`, also when the codec's format changes. */
export const journalVersion = 3;

interface EntryBase {
  /** Counts the entries of a run from 1, without gaps. */
  seq: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Tasks came into being at a node: numbers `first` … `first + payloads.length - 1`. */
export interface DeliverEntry extends EntryBase {
  kind: 'deliver';
  node: string;
  port: string;
  first: number;
  payloads: unknown[];
  /** In place of `payloads`, which are empty, until it is stored; what a store gives back has payloads. */
  packed?: Packed;
  /** The task each came from; −seq of a flush entry where many gave one; absent for payloads from outside. */
  parents?: number[];
  /** What a join gave came from two tasks: the other of them, or 0; absent where nothing was joined. */
  partners?: number[];
  /** Position in the document's `edges` of the edge they came through; absent for payloads from outside. */
  edge?: number;
  /** Taken over from another run: the entry of its journal that these payloads come from. */
  fed?: number;
  /**
   * Positions of payloads that are no longer kept, and stand there as null: first and last of each stretch. Absent:
   * all are there.
   */
  dropped?: number[];
  /** Where duplicates are told: by what those that were dropped are known, in order. */
  droppedKeys?: string[];
}

/** Tasks that were not run, since an equal payload had been delivered before. */
export interface DuplicateEntry extends EntryBase {
  kind: 'duplicate';
  node: string;
  tasks: number[];
}

/** A batch that is sent out. For nodes with effects, and where need be (see `suspects.ts`), it is committed first. */
export interface StartEntry extends EntryBase {
  kind: 'start';
  node: string;
  /** Empty where `range` says it. */
  tasks: number[];
  /** First and last number of tasks that follow each other. */
  range?: [first: number, last: number];
  /** Suspects, with nothing else of the run under way. */
  alone?: true;
}

/** How an attempt ended: for good, or with another one to follow. */
export const attemptEnd = { succeeded: 0, failed: 1, retry: 2 } as const;

/** An attempt at each of these tasks has come to an end. */
export interface AttemptEntry extends EntryBase {
  kind: 'attempt';
  node: string;
  tasks: number[];
  /** Number of the attempt per task; absent: the first, for all. */
  attempts?: number[];
  /** One of {@link attemptEnd} per task; absent: all succeeded. */
  ends?: number[];
  /** At a join: the key of each payload whose task succeeded, in order. */
  keys?: unknown[];
  /** Which of the tasks were given the result of an earlier run; absent: none. */
  cached?: number[];
  /** One per task that did not succeed, in order. */
  errors: WireError[];
  /** When the batch was sent, when its worker came to it (absent: not known), and how long that was busy with it. */
  sentAt: number;
  begunAt?: number;
  busyMs: number;
  worker: string;
}

/** Failed tasks that were put back to be tried again, on somebody's word. */
export interface RedeliverEntry extends EntryBase {
  kind: 'redeliver';
  node: string;
  tasks: number[];
  /** Number of the attempt that comes next, per task. */
  attempts: number[];
}

/** Tasks given up, since the run was cancelled or stopped by an error. */
export interface CancelEntry extends EntryBase {
  kind: 'cancel';
  node: string;
  tasks: number[];
}

/** Results of a node without outgoing edges at that port: outputs of the run. */
export interface OutputEntry extends EntryBase {
  kind: 'output';
  node: string;
  port: string;
  values: unknown[];
  /** In place of `values`, as in a {@link DeliverEntry}. */
  packed?: Packed;
  parents: number[];
  /** As in a {@link DeliverEntry}. */
  partners?: number[];
}

/** The state of a fold after the tasks of the attempt before it. */
export interface StateEntry extends EntryBase {
  kind: 'state';
  node: string;
  value: unknown;
}

/** A fold, a collection or a join was given out; what it had gathered so far is spent. */
export interface FlushEntry extends EntryBase {
  kind: 'flush';
  node: string;
}

/** A run that was kept open for tasks from outside takes no more. */
export interface CloseEntry extends EntryBase {
  kind: 'close';
}

export interface StatusEntry extends EntryBase {
  kind: 'status';
  status: RunStatus;
  reason?: string;
  /** The run goes on here after its host had ended. */
  resumed?: true;
}

/** The host lets go of the run in good order: what is under way is suspected of nothing. */
export interface LeaveEntry extends EntryBase {
  kind: 'leave';
}

export interface LogEntry extends EntryBase {
  kind: 'log';
  node: string;
  task: number;
  message: string;
  data?: unknown;
}

export type JournalEntry =
  | DeliverEntry
  | DuplicateEntry
  | StartEntry
  | AttemptEntry
  | RedeliverEntry
  | CancelEntry
  | OutputEntry
  | StateEntry
  | FlushEntry
  | CloseEntry
  | StatusEntry
  | LeaveEntry
  | LogEntry;

/** What a chunk holds about one node: enough to skip it, or to know that it must be read. */
export interface NodeSummary {
  delivered: number;
  succeeded: number;
  failed: number;
  duplicate: number;
  cancelled: number;
  redelivered: number;
  outputs: number;
  logs: number;
  /** Lowest and highest task number delivered in this chunk. */
  created?: [number, number];
  /** Lowest and highest task number that ended, or was attempted, in this chunk. */
  touched?: [number, number];
}

export interface ChunkSummary {
  version: number;
  run: string;
  /** Which of the engines that have kept the run wrote it; absent in old journals. */
  life?: string;
  /** Sequence numbers of the first and the last entry. */
  first: number;
  last: number;
  at: number;
  nodes: Record<string, NodeSummary>;
}

export interface JournalChunk extends ChunkSummary {
  entries: JournalEntry[];
}

/** How many tasks a delivery makes. */
export const countOf = ({ payloads, packed }: DeliverEntry): number => packed?.count ?? payloads.length;

/** The tasks that a start entry names. */
export function tasksOfStart({ tasks, range }: StartEntry): number[] {
  if (!range) return tasks;
  const [first, last] = range;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The tasks of an attempt entry that failed for good, as the API tells them; payloads are in their deliveries. */
export function errorRecordsOf(entry: AttemptEntry): ErrorRecord[] {
  const records: ErrorRecord[] = [];
  let error = 0;
  entry.tasks.forEach((task, i) => {
    const end = entry.ends?.[i] ?? attemptEnd.succeeded;
    if (end === attemptEnd.succeeded) return;
    const wire = entry.errors[error++];
    if (end !== attemptEnd.failed || !wire) return;
    records.push({
      task: String(task),
      node: entry.node,
      name: wire.name,
      message: wire.message,
      attempts: entry.attempts?.[i] ?? 1,
      ...(wire.code !== undefined && { code: wire.code }),
      ...(wire.stack !== undefined && { stack: wire.stack }),
      at: new Date(entry.at).toISOString(),
    });
  });
  return records;
}
