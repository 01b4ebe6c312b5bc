/**
 * Brings a run's journal into the store: entries gather for a moment and are committed as chunks, together with the
 * run's summary. What one step of the scheduler recorded is never split between two commits.
 */
import { StoreError } from '../errors.ts';
import type { RunSummary } from '../schema/run.ts';
import type { Clock } from './clock.ts';
import {
  attemptEnd,
  type ChunkSummary,
  type JournalChunk,
  type JournalEntry,
  journalVersion,
  type NodeSummary,
} from './journal.ts';
import { roughSize, roughSizeOfMany } from './rough-size.ts';

/** Milliseconds entries may wait for company. */
const longestWaitMs = 100;
/** Tasks, counted once for each entry that names them, that make a chunk full. */
const fullAt = 5_000;
/** Bytes, roughly, that make a chunk full. */
const fullAtBytes = 256 * 1024;
/** Uncommitted tasks, and bytes, beyond which the run waits for the store. */
const backlogLimit = 100_000;
const backlogBytes = 32 * 1024 * 1024;

export interface JournalSink {
  append(run: RunSummary, chunks: JournalChunk[]): Promise<void>;
}

export class JournalWriter {
  readonly #sink: JournalSink;
  readonly #clock: Clock;
  readonly #summary: () => RunSummary;
  readonly #onCommitted: (chunk: ChunkSummary) => void;
  readonly #onError: (error: unknown) => void;
  #entries: JournalEntry[] = [];
  #waiting: Load = { tasks: 0, bytes: 0 };
  #inCommit: Load = { tasks: 0, bytes: 0 };
  #commit: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  /**
   * @param summary gives the run as it is at the moment of a commit
   * @param onCommitted hears of each chunk once it is in the store, in order
   */
  constructor(
    sink: JournalSink,
    clock: Clock,
    summary: () => RunSummary,
    onCommitted: (chunk: ChunkSummary) => void,
    onError: (error: unknown) => void,
  ) {
    this.#sink = sink;
    this.#clock = clock;
    this.#summary = summary;
    this.#onCommitted = onCommitted;
    this.#onError = onError;
  }

  /** Whether the store lags so far behind that the run should wait for {@link flush}. */
  get isBehind(): boolean {
    const [waiting, inCommit] = [this.#waiting, this.#inCommit];
    return waiting.tasks + inCommit.tasks > backlogLimit || waiting.bytes + inCommit.bytes > backlogBytes;
  }

  /** Takes in what one step recorded. */
  write(entries: JournalEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      this.#entries.push(entry);
      add(this.#waiting, loadOf(entry));
    }
    if (isFull(this.#waiting)) void this.flush();
    else this.#cancelTimer ??= this.#clock.after(longestWaitMs, () => void this.flush());
  }

  /** Commits what has been written so far. Never rejects: a store's error goes to `onError`. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#entries.length > 0) this.#commit = this.#commit.then(() => this.#commitAll());
    return this.#commit;
  }

  async #commitAll(): Promise<void> {
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    const run = this.#summary();
    this.#inCommit = this.#waiting;
    this.#entries = [];
    this.#waiting = { tasks: 0, bytes: 0 };
    const chunks = chunksOf(run.id, entries);
    try {
      await this.#sink.append(run, chunks);
      for (const { entries: _, ...summary } of chunks) this.#onCommitted(summary);
    } catch (error) {
      if (isPassing(error)) {
        // They go with the next commit, so that the journal has no gap.
        this.#entries = entries.concat(this.#entries);
        add(this.#waiting, this.#inCommit);
      }
      this.#onError(error);
    } finally {
      this.#inCommit = { tasks: 0, bytes: 0 };
    }
  }
}

const passing = new Set(['store_busy', 'store_closed', 'store_full']);

/** Whether a store may take later what it has refused now. */
export const isPassing = (error: unknown): boolean => error instanceof StoreError && passing.has(error.code);

/** Bundles entries, which follow each other without a gap, into chunks of a size that is quickly read. */
function chunksOf(run: string, entries: JournalEntry[]): JournalChunk[] {
  const chunks: JournalChunk[] = [];
  let load: Load = { tasks: 0, bytes: 0 };
  let from = 0;
  entries.forEach((entry, i) => {
    add(load, loadOf(entry));
    if (!isFull(load) && i < entries.length - 1) return;
    chunks.push(chunkOf(run, entries.slice(from, i + 1)));
    from = i + 1;
    load = { tasks: 0, bytes: 0 };
  });
  return chunks;
}

function chunkOf(run: string, entries: JournalEntry[]): JournalChunk {
  const [first] = entries;
  const last = entries[entries.length - 1];
  // Without a prototype: a node may be called "constructor".
  const nodes: ChunkSummary['nodes'] = Object.create(null);
  for (const entry of entries) if ('node' in entry) summarise((nodes[entry.node] ??= emptySummary()), entry);
  return {
    version: journalVersion,
    run,
    first: first?.seq ?? 0,
    last: last?.seq ?? 0,
    at: last?.at ?? 0,
    nodes,
    entries,
  };
}

const emptySummary = (): NodeSummary => ({
  delivered: 0,
  succeeded: 0,
  failed: 0,
  duplicate: 0,
  cancelled: 0,
  redelivered: 0,
  outputs: 0,
  logs: 0,
});

function summarise(node: NodeSummary, entry: JournalEntry): void {
  switch (entry.kind) {
    case 'deliver':
      node.delivered += entry.payloads.length;
      node.created = widen(node.created, entry.first, entry.first + entry.payloads.length - 1);
      return;
    case 'attempt': {
      const failed = entry.ends?.filter((end) => end === attemptEnd.failed).length ?? 0;
      const retried = entry.ends?.filter((end) => end === attemptEnd.retry).length ?? 0;
      node.failed += failed;
      node.succeeded += entry.tasks.length - failed - retried;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    }
    case 'duplicate':
    case 'cancel':
      node[entry.kind === 'cancel' ? 'cancelled' : 'duplicate'] += entry.tasks.length;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    case 'redeliver':
      node.redelivered += entry.tasks.length;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    case 'output':
      node.outputs += entry.values.length;
      return;
    case 'log':
      node.logs++;
  }
}

const widen = (range: [number, number] | undefined, low: number, high: number): [number, number] =>
  range ? [Math.min(range[0], low), Math.max(range[1], high)] : [low, high];

function widenBy(range: [number, number] | undefined, tasks: number[]): [number, number] | undefined {
  let widened = range;
  for (const task of tasks) widened = widen(widened, task, task);
  return widened;
}

/** What entries weigh. */
interface Load {
  tasks: number;
  bytes: number;
}

function loadOf(entry: JournalEntry): Load {
  switch (entry.kind) {
    case 'deliver':
      return { tasks: entry.payloads.length, bytes: roughSizeOfMany(entry.payloads) };
    case 'output':
      return { tasks: entry.values.length, bytes: roughSizeOfMany(entry.values) };
    case 'state':
      return { tasks: 1, bytes: roughSize(entry.value) };
    default:
      return { tasks: 'tasks' in entry ? entry.tasks.length : 1, bytes: 0 };
  }
}

function add(to: Load, { tasks, bytes }: Load): void {
  to.tasks += tasks;
  to.bytes += bytes;
}

const isFull = ({ tasks, bytes }: Load): boolean => tasks >= fullAt || bytes >= fullAtBytes;
