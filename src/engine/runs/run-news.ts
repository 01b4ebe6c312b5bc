/** What a live run tells those who watch it: where it stands, how fast it goes, and errors and logs as they come. */
import type { ErrorRecord, Remaining, RunSummary } from '../../schema/run.ts';
import type { Clock } from '../clock.ts';
import { errorRecordsOf, type JournalEntry } from '../journal/journal.ts';
import { RateMeter } from '../scheduler/rate-meter.ts';
import type { SchedulerState } from '../scheduler/scheduler-state.ts';
import { endedTasks } from './run-summary.ts';

/** Milliseconds between two notices of progress to a subscriber. */
const progressEveryMs = 50;
/** Errors and logs told in one notice; the journal has them all. */
export const newsLimit = 20;

export interface RunLog {
  node: string;
  task: string;
  at: string;
  message: string;
  data?: unknown;
}

/** Where a run stands, and what is new since the notice before. */
export interface RunNews {
  seq: number;
  run: RunSummary;
  edges: number[];
  rates: Record<string, number>;
  /** How far a running task said it is, 0 to 1, by node: the newest word. */
  fractions: Record<string, number>;
  /** How much longer it will take; absent while that cannot be told. */
  remaining?: Remaining;
  errors: ErrorRecord[];
  logs: RunLog[];
}

export interface NewsFeedOptions {
  clock: Clock;
  /** The run's state as it is now. */
  state: () => SchedulerState;
  /** The run as others may see it. */
  summary: () => RunSummary;
  remaining: () => Remaining | undefined;
}

export class NewsFeed {
  readonly #options: NewsFeedOptions;
  readonly #rates: RateMeter;
  readonly #subscribers = new Set<(news: RunNews) => void>();
  readonly #fractions = new Map<string, number>();
  #errors: ErrorRecord[] = [];
  #logs: RunLog[] = [];
  #cancelNotice: (() => void) | undefined;

  constructor(options: NewsFeedOptions) {
    this.#options = options;
    this.#rates = new RateMeter(options.clock.now(), this.#endedByNode());
  }

  /** Calls back at most every 50 ms while something changes, and with the end. */
  subscribe(onNews: (news: RunNews) => void): () => void {
    this.#subscribers.add(onNews);
    return () => this.#subscribers.delete(onNews);
  }

  unsubscribeAll(): void {
    this.stop();
    this.#subscribers.clear();
  }

  /** Tells nothing more by itself until the next {@link notify}. */
  stop(): void {
    this.#cancelNotice?.();
    this.#cancelNotice = undefined;
  }

  /** Takes in how far a task of that node is, 0 to 1. */
  progressed(node: string, fraction: number): void {
    this.#fractions.set(node, fraction);
    this.notifySoon();
  }

  /** A batch of the node has come back: what its tasks said of their progress counts no more. */
  cameBack(node: string): void {
    this.#fractions.delete(node);
  }

  /** Takes errors and logs from what is recorded. */
  collect(entries: readonly JournalEntry[]): void {
    if (this.#subscribers.size === 0) return;
    for (const entry of entries) {
      if (entry.kind === 'attempt' && entry.errors.length > 0) {
        this.#errors = this.#errors.concat(errorRecordsOf(entry)).slice(-newsLimit);
      } else if (entry.kind === 'log') {
        const { node, task, message, data } = entry;
        const at = new Date(entry.at).toISOString();
        this.#logs = this.#logs.concat({ node, task: String(task), at, message, data }).slice(-newsLimit);
      }
    }
  }

  now(): RunNews {
    const { clock, state, summary } = this.#options;
    const { seq, edges, nodes } = state();
    const remaining = this.#options.remaining();
    const rates = this.#rates.sample(clock.now(), this.#endedByNode());
    return {
      seq,
      run: summary(),
      edges: [...edges],
      rates: Object.fromEntries(nodes.map((node, i) => [node.plan.id, rates[i] ?? 0])),
      fractions: Object.fromEntries(this.#fractions),
      ...(remaining && { remaining }),
      errors: this.#errors,
      logs: this.#logs,
    };
  }

  notifySoon(): void {
    if (this.#subscribers.size === 0) return;
    this.#cancelNotice ??= this.#options.clock.after(progressEveryMs, () => this.notify());
  }

  notify(): void {
    this.stop();
    const news = this.now();
    this.#errors = [];
    this.#logs = [];
    for (const onNews of this.#subscribers) onNews(news);
  }

  #endedByNode(): number[] {
    return this.#options.state().nodes.map((node) => endedTasks(node.counters));
  }
}
