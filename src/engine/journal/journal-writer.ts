/**
 * Brings a run's journal into the store: entries gather for a moment and are committed as chunks, together with the
 * run's summary. What one step of the scheduler recorded is never split between two commits.
 */
import type { RunSummary } from '../../schema/run.ts';
import type { Clock } from '../clock.ts';
import type { ChunkSummary, JournalChunk, JournalEntry } from './journal.ts';
import { add, chunksOf, isFull, type Load, loadOf } from './journal-chunks.ts';
import { Patience, refusalOf } from './store-patience.ts';

/** Milliseconds entries may wait for company. */
const longestWaitMs = 100;
/** Uncommitted tasks, and bytes, beyond which the run waits for the store. */
const backlogLimit = 100_000;
const backlogBytes = 32 * 1024 * 1024;

export interface JournalSink {
  append(run: RunSummary, chunks: JournalChunk[], after?: number): Promise<void>;
  summaries(run: string, after: number): Promise<ChunkSummary[]>;
}

export interface JournalWriterOptions {
  sink: JournalSink;
  clock: Clock;
  /** Sequence number of the last entry that is in the store already. */
  after: number;
  /** Names this writer among all that may write to the run's journal. */
  life: string;
  /** Gives the run as it is at the moment of a commit. */
  summary: () => RunSummary;
  /** Hears of each chunk once it is in the store, in order. */
  onCommitted: (chunk: ChunkSummary) => void;
  /** The store refuses for now; what was written is kept and offered again until it is taken. */
  onHeld: (error: unknown) => void;
  /** The store has taken what it had refused. */
  onFreed: () => void;
  /** The journal goes on without this writer, which writes no more. */
  onTaken: () => void;
  /** The store refuses for good. What is written now is offered once more, with all before it, and then dropped. */
  onFailed: (error: unknown) => void;
}

export class JournalWriter {
  readonly #options: JournalWriterOptions;
  #entries: JournalEntry[] = [];
  #waiting: Load = { tasks: 0, bytes: 0 };
  #inCommit: Load = { tasks: 0, bytes: 0 };
  #commit: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  /** Takes back the next offer of what the store has refused. */
  #cancelOffer: (() => void) | undefined;
  /** Since the store has last taken something; absent while it does. */
  #refusals: Patience | undefined;
  #hasFailed = false;
  #isOver = false;
  /** Sequence numbers of the last entries written and committed. */
  #written: number;
  #committed: number;
  #awaited: { seq: number; resolve: (isIn: boolean) => void }[] = [];

  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#written = options.after;
    this.#committed = options.after;
  }

  /** Whether the store lags so far behind that the run should wait for {@link committed}. */
  get isBehind(): boolean {
    const [waiting, inCommit] = [this.#waiting, this.#inCommit];
    return waiting.tasks + inCommit.tasks > backlogLimit || waiting.bytes + inCommit.bytes > backlogBytes;
  }

  /** Takes in what one step recorded. */
  write(entries: JournalEntry[]): void {
    if (entries.length === 0 || this.#isOver) return;
    for (const entry of entries) {
      this.#entries.push(entry);
      add(this.#waiting, loadOf(entry));
    }
    this.#written = entries[entries.length - 1]?.seq ?? this.#written;
    if (isFull(this.#waiting)) void this.flush();
    else this.#cancelTimer ??= this.#options.clock.after(longestWaitMs, () => void this.flush());
  }

  /** Offers the store what has been written so far, unless it has just refused. Never rejects. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#entries.length > 0) this.#commit = this.#commit.then(() => this.#commitAll());
    return this.#commit;
  }

  /**
   * Settles when all that has been written so far is in the store, or can never be. Never rejects.
   * @returns whether it is
   */
  committed(): Promise<boolean> {
    const isIn = this.#committed >= this.#written;
    if (this.#isOver || isIn) return Promise.resolve(isIn);
    const seq = this.#written;
    const promise = new Promise<boolean>((resolve) => {
      this.#awaited.push({ seq, resolve });
    });
    void this.flush();
    return promise;
  }

  /** Sets the run's summary and nothing else. @throws ConflictError where the journal has gone on elsewhere */
  appendSummary(): Promise<void> {
    return this.#options.sink.append(this.#options.summary(), [], this.#committed);
  }

  /** Offers the store what has been written one last time, also when it has just refused, and writes no more. */
  async end(): Promise<void> {
    this.#cancelOffer?.();
    this.#cancelOffer = undefined;
    await this.flush();
    this.#finish();
  }

  async #commitAll(): Promise<void> {
    if (this.#isOver || this.#cancelOffer || this.#entries.length === 0) return;
    const { sink, life, summary } = this.#options;
    const entries = this.#entries;
    const run = summary();
    this.#inCommit = this.#waiting;
    this.#entries = [];
    this.#waiting = { tasks: 0, bytes: 0 };
    try {
      const chunks = chunksOf(run.id, life, entries);
      await sink.append(run, chunks);
      this.#takeIn(chunks);
    } catch (error) {
      // They go with the next commit, so that the journal has no gap.
      this.#entries = entries.concat(this.#entries);
      add(this.#waiting, this.#inCommit);
      await this.#refused(run.id, error);
    } finally {
      this.#inCommit = { tasks: 0, bytes: 0 };
    }
  }

  #takeIn(chunks: readonly ChunkSummary[]): void {
    for (const chunk of chunks) {
      this.#committed = chunk.last;
      const { entries: _, ...summary } = chunk as JournalChunk;
      this.#options.onCommitted(summary);
    }
    const due = this.#awaited.filter(({ seq }) => seq <= this.#committed);
    this.#awaited = this.#awaited.filter(({ seq }) => seq > this.#committed);
    for (const { resolve } of due) resolve(true);
    if (!this.#refusals) return;
    this.#refusals = undefined;
    this.#options.onFreed();
  }

  async #refused(run: string, error: unknown): Promise<void> {
    if (refusalOf(error) === 'taken') return this.#refusedAsTaken(run);
    this.#refusals ??= new Patience();
    const wait = this.#refusals.refused(error);
    const { clock, onHeld, onFailed } = this.#options;
    if (wait !== undefined) {
      this.#cancelOffer = clock.after(wait, () => {
        this.#cancelOffer = undefined;
        void this.flush();
      });
      onHeld(error);
    } else if (!this.#hasFailed) {
      this.#hasFailed = true;
      onFailed(error);
    } else {
      // So that at least the run's end shows.
      await this.appendSummary().catch(() => {});
      this.#finish();
    }
  }

  /** An append that failed may have been carried out all the same; then the chunks there are this writer's own. */
  async #refusedAsTaken(run: string): Promise<void> {
    const { sink, life, onTaken } = this.#options;
    try {
      const there = await sink.summaries(run, this.#committed);
      if (there.length > 0 && there.every((chunk) => chunk.life === life)) {
        this.#entries = this.#entries.filter(({ seq }) => seq > (there.at(-1)?.last ?? 0));
        this.#waiting = this.#entries
          .map(loadOf)
          .reduce((sum, load) => add(sum, load), { tasks: 0, bytes: 0 });
        this.#takeIn(there);
        void this.flush();
        return;
      }
    } catch (unread) {
      if (refusalOf(unread) !== 'taken') return this.#refused(run, unread);
    }
    this.#finish();
    onTaken();
  }

  #finish(): void {
    this.#isOver = true;
    this.#entries = [];
    this.#cancelTimer?.();
    this.#cancelOffer?.();
    for (const { resolve } of this.#awaited) resolve(false);
    this.#awaited = [];
  }
}
