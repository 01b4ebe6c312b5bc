/**
 * Brings a run's journal into the store: entries gather for a moment and are committed as one chunk, together with
 * the run's summary. What one step of the scheduler recorded is never split between two commits.
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

/** Milliseconds entries may wait for company. */
const longestWaitMs = 100;
/** Tasks, counted once for each entry that names them, that make a chunk full. */
const fullAt = 5_000;
/** Uncommitted tasks beyond which the run waits for the store. */
const backlogLimit = 100_000;

export interface JournalSink {
  append(run: RunSummary, chunks: JournalChunk[]): Promise<void>;
}

export class JournalWriter {
  readonly #sink: JournalSink;
  readonly #clock: Clock;
  readonly #summary: () => RunSummary;
  readonly #onError: (error: unknown) => void;
  #entries: JournalEntry[] = [];
  #weight = 0;
  #inCommit = 0;
  #commit: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  /** @param summary gives the run as it is at the moment of a commit */
  constructor(sink: JournalSink, clock: Clock, summary: () => RunSummary, onError: (error: unknown) => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#summary = summary;
    this.#onError = onError;
  }

  /** Whether the store lags so far behind that the run should wait for {@link flush}. */
  get isBehind(): boolean {
    return this.#weight + this.#inCommit > backlogLimit;
  }

  /** Takes in what one step recorded. */
  write(entries: JournalEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#weight += weightOf(entry);
    }
    if (this.#weight >= fullAt) void this.flush();
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
    this.#inCommit = this.#weight;
    this.#entries = [];
    this.#weight = 0;
    try {
      await this.#sink.append(run, [chunkOf(run.id, entries)]);
    } catch (error) {
      if (isPassing(error)) {
        // They go with the next commit, so that the journal has no gap.
        this.#entries = entries.concat(this.#entries);
        this.#weight += this.#inCommit;
      }
      this.#onError(error);
    } finally {
      this.#inCommit = 0;
    }
  }
}

const passing = new Set(['store_busy', 'store_closed', 'store_full']);

/** Whether a store may take later what it has refused now. */
export const isPassing = (error: unknown): boolean => error instanceof StoreError && passing.has(error.code);

/** Bundles entries, which follow each other without a gap, into a chunk. */
export function chunkOf(run: string, entries: JournalEntry[]): JournalChunk {
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

function weightOf(entry: JournalEntry): number {
  if (entry.kind === 'deliver') return entry.payloads.length;
  if (entry.kind === 'output') return entry.values.length;
  return 'tasks' in entry ? entry.tasks.length : 1;
}
