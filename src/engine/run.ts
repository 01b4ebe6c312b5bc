/** One run while it lives: brings events to the scheduler and carries out what it commands. */
import { HandloomError, StoreError, toWireError } from '../errors.ts';
import { type Counters, type ErrorRecord, hasEnded, type Remaining, type RunSummary } from '../schema/run.ts';
import type { Clock } from './clock.ts';
import type { Batch, Executor } from './executor.ts';
import { errorRecordsOf, type JournalEntry } from './journal.ts';
import { type JournalSink, JournalWriter } from './journal-writer.ts';
import { RateMeter } from './rate-meter.ts';
import { RemainingMeter } from './remaining-meter.ts';
import { type SchedulerEvent, step } from './scheduler.ts';
import type { Commands, Load, NodeState, SchedulerState } from './scheduler-state.ts';
import type { SpillReader } from './spill-reader.ts';
import { isWorthAnotherTry, patience } from './store-patience.ts';

/** Milliseconds between two notices of progress to a subscriber. */
const progressEveryMs = 50;
/** Errors and logs told in one notice; the journal has them all. */
const newsLimit = 20;

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

export interface LiveRunOptions {
  /** The run as it was stored when it was created. */
  summary: RunSummary;
  /** Before its first event, or as a replay of the journal left it. */
  state: SchedulerState;
  executor: Executor;
  /** Names this life of the run among all it has had. */
  life: string;
  journal: JournalSink;
  /** Reads back what the state leaves to the journal. */
  spill: SpillReader;
  clock: Clock;
  /** Makes the state anew, as the journal in the store leaves it. */
  rebuild: () => Promise<SchedulerState>;
  /** @default the scheduler's */
  step?: typeof step;
}

type Control = SchedulerEvent extends infer Event
  ? Event extends SchedulerEvent
    ? Omit<Event, 'at'>
    : never
  : never;

export class LiveRun {
  readonly id: string;
  /** Settles when the run has ended and its journal is complete in the store, or when another engine keeps it. */
  readonly ended: Promise<void>;
  readonly #base: RunSummary;
  readonly #journal: JournalSink;
  readonly #rebuild: () => Promise<SchedulerState>;
  #state: SchedulerState;
  readonly #executor: Executor;
  readonly #clock: Clock;
  readonly #decide: typeof step;
  readonly #writer: JournalWriter;
  readonly #spill: SpillReader;
  readonly #rates: RateMeter;
  readonly #remaining: RemainingMeter;
  readonly #subscribers = new Set<(news: RunNews) => void>();
  readonly #fractions = new Map<string, number>();
  #errors: ErrorRecord[] = [];
  #logs: RunLog[] = [];
  #startedAt: string | undefined;
  #finishedAt: string | undefined;
  #isComplete = false;
  /** Takes no more events: its host ends, or another engine keeps it. */
  #isLeft = false;
  #isTaken = false;
  /** The scheduler has thrown: its state cannot be trusted until it has been made anew. */
  #isBroken = false;
  #hasBroken = false;
  /** Why the store refuses what this run writes, while it does. */
  #held: StoreError | undefined;
  #onHeld: (() => void)[] = [];
  /** Nothing is sent out before it settles: what was recorded is to be committed first. */
  #barrier: Promise<void> | undefined;
  #resolveEnded: () => void = () => {};
  #cancelTick: (() => void) | undefined;
  #cancelNotice: (() => void) | undefined;

  constructor(options: LiveRunOptions) {
    this.id = options.summary.id;
    this.#base = options.summary;
    this.#journal = options.journal;
    this.#rebuild = options.rebuild;
    this.#executor = options.executor;
    this.#clock = options.clock;
    this.#spill = options.spill;
    this.#decide = options.step ?? step;
    this.#state = options.state;
    this.#startedAt = options.summary.startedAt;
    this.#rates = new RateMeter(
      options.clock.now(),
      options.state.nodes.map((node) => endedTasks(node.counters)),
    );
    this.#remaining = new RemainingMeter(options.state, options.executor.parallelism);
    this.#writer = new JournalWriter({
      sink: options.journal,
      clock: options.clock,
      after: options.state.seq,
      life: options.life,
      summary: () => this.#summarise(),
      onCommitted: (chunk) => this.#spill.committed(chunk),
      onHeld: (error) => this.#hold(error),
      onFreed: () => this.#release(),
      onTaken: () => this.#giveWay(),
      onFailed: (error) => this.#storeFailed(error),
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Sends the scheduler an event and carries out what follows. */
  send(control: Control): void {
    if (this.#isLeft || this.#isBroken) return;
    const done = this.#step(control);
    if (!done) return;
    const { commands, status } = done;
    this.#writer.write(commands.record);
    this.#collectNews(commands.record);
    if (commands.abort) this.#executor.cancel(this.id);
    if (commands.barrier) this.#setBarrier();
    for (const load of commands.load) void this.#load(load);
    for (const { batch, writeAhead } of commands.dispatch) void this.#execute(batch, writeAhead);
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    if (commands.wakeAt !== undefined) {
      const wait = Math.max(0, commands.wakeAt - this.#clock.now());
      this.#cancelTick = this.#clock.after(wait, () => this.send({ type: 'tick' }));
    }
    if (hasEnded(status)) void this.#complete();
    else this.#notifySoon();
  }

  /** The run as others may see it: it has ended only when its journal is complete. */
  summary(): RunSummary {
    const summary = this.#summarise();
    if (this.#isTaken) return { ...summary, ...elsewhere };
    if (this.#isComplete || !(this.#held || hasEnded(summary.status))) return summary;
    const { finishedAt: _, ...unfinished } = summary;
    if (!this.#held) return { ...unfinished, status: 'running' };
    const { code, message } = this.#held;
    return {
      ...unfinished,
      status: 'paused',
      reason: `The run waits for its store: ${message}`,
      reasonCode: code,
    };
  }

  /** Takes no more events: it has ended, what did happen being on its way into the store, or lives elsewhere. */
  get isEnding(): boolean {
    return this.#isLeft || this.#isBroken || hasEnded(this.#state.status);
  }

  /** Another engine keeps the run now. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Why the store refuses what this run writes, while it does. */
  get held(): StoreError | undefined {
    return this.#held;
  }

  /** Settles when the run has ended, or has to wait for its store. */
  endedOrHeld(): Promise<void> {
    if (this.#held) return Promise.resolve();
    const held = new Promise<void>((resolve) => this.#onHeld.push(resolve));
    return Promise.race([this.ended, held]);
  }

  /** Position of a node in the plan. */
  indexOf(node: string): number | undefined {
    return this.#state.plan.indexOf.get(node);
  }

  /** Whether an edge within the run's graph leads into the node. */
  hasIncoming(index: number): boolean {
    return this.#state.plan.nodes[index]?.hasIncoming ?? false;
  }

  /** Takes in how far a task of that node is, 0 to 1. */
  progressed(node: string, fraction: number): void {
    this.#fractions.set(node, fraction);
    this.#notifySoon();
  }

  /** Numbers of the tasks under way. */
  runningTasks(): Set<number> {
    return new Set([...this.#state.inFlight.values()].flatMap(({ batch }) => batch.tasks));
  }

  /** Brings all that has happened so far into the store. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** How far it has taken payloads over from another run's journal; undefined when it needs no more. */
  get fedTo(): number | undefined {
    return this.#state.keepOpen && !this.isEnding ? this.#state.fed : undefined;
  }

  /** Settles when the store is not far behind what has happened. */
  caughtUp(): Promise<void> {
    return this.#writer.isBehind || this.#held ? this.#writer.committed() : Promise.resolve();
  }

  /**
   * Its host may end at any moment now: all that has happened is brought into the store, with the word that what is
   * under way is not to blame.
   */
  prepareToLeave(): Promise<void> {
    this.send({ type: 'leave' });
    return this.#writer.flush();
  }

  /** Takes no more events, as if its host had died here, but with all of its journal in the store. */
  leave(): Promise<void> {
    this.send({ type: 'leave' });
    this.#quit();
    this.#subscribers.clear();
    return this.#writer.end();
  }

  /** Calls back at most every 50 ms while something changes, and with the end. */
  subscribe(onNews: (news: RunNews) => void): () => void {
    this.#subscribers.add(onNews);
    return () => this.#subscribers.delete(onNews);
  }

  /** How much longer it will take; undefined while that cannot be told. */
  remaining(): Remaining | undefined {
    return this.#held || this.isEnding ? undefined : this.#remaining.remaining(this.#clock.now());
  }

  news(): RunNews {
    const now = this.#clock.now();
    const remaining = this.remaining();
    const rates = this.#rates.sample(
      now,
      this.#state.nodes.map((node) => endedTasks(node.counters)),
    );
    return {
      seq: this.#state.seq,
      run: this.summary(),
      edges: [...this.#state.edges],
      rates: Object.fromEntries(this.#state.nodes.map((node, i) => [node.plan.id, rates[i] ?? 0])),
      fractions: Object.fromEntries(this.#fractions),
      ...(remaining && { remaining }),
      errors: this.#errors,
      logs: this.#logs,
    };
  }

  #step(control: Control) {
    const at = this.#clock.now();
    if (control.type === 'start' || control.type === 'recover') this.#startedAt ??= toIso(at);
    let commands: Commands;
    try {
      commands = this.#decide(this.#state, { ...control, at });
    } catch (error) {
      void this.#break(error);
      return undefined;
    }
    this.#remaining.observe(at);
    if (hasEnded(this.#state.status)) this.#finishedAt ??= toIso(at);
    return { commands, status: this.#state.status };
  }

  /**
   * The scheduler has thrown, which is a fault of ours. Only this run fails, with the reason: what the step had
   * recorded is forgotten, what was recorded before is committed, and the state is made anew from that to be stopped.
   */
  async #break(error: unknown): Promise<void> {
    this.#isBroken = true;
    this.#executor.cancel(this.id);
    const reason = `The engine failed: ${toWireError(error).message}`;
    await this.#writer.committed();
    if (this.#isLeft) return;
    if (!this.#hasBroken) {
      this.#hasBroken = true;
      try {
        this.#state = await this.#rebuild();
        this.#isBroken = false;
        this.send({ type: 'fail', reason });
        return;
      } catch {
        this.#isBroken = true;
      }
    }
    // Its journal cannot be gone on with either, so its summary must say it all.
    Object.assign(this.#state, { status: 'failed', reason });
    this.#finishedAt ??= toIso(this.#clock.now());
    await this.#journal.append(this.#summarise(), []).catch(() => {});
    this.#isComplete = true;
    this.#close();
  }

  async #execute(batch: Batch, writeAhead: boolean): Promise<void> {
    if (writeAhead || this.#writer.isBehind) await this.#writer.committed();
    else if (this.#barrier !== undefined) await this.#barrier;
    if (this.#isLeft || !this.#state.inFlight.has(batch.id)) return;
    const outcome = await this.#executor.execute(batch);
    this.#fractions.delete(batch.node);
    this.send({ type: 'outcome', batch: batch.id, outcome });
  }

  #setBarrier(): void {
    const barrier = this.#writer.committed().then(() => {
      if (this.#barrier === barrier) this.#barrier = undefined;
    });
    this.#barrier = barrier;
  }

  async #load({ node, tasks, areSuspects }: Load): Promise<void> {
    await this.#writer.committed();
    for (let refusals = 1; !this.isEnding; refusals++) {
      try {
        const payloads = await this.#spill.read((this.#state.nodes[node] as NodeState).plan.id, tasks);
        return this.send({ type: 'loaded', node, tasks, payloads, ...(areSuspects && { areSuspects }) });
      } catch (error) {
        if (!isWorthAnotherTry(error, refusals)) return this.#storeFailed(error);
        await new Promise<void>((resolve) => this.#clock.after(patience(refusals), resolve));
      }
    }
  }

  /** The store refuses for now: nothing is sent out, so that what it has not taken does not grow. */
  #hold(error: unknown): void {
    const { message } = toWireError(error);
    const code = error instanceof HandloomError ? error.code : 'store_failed';
    this.#held = new StoreError(code, message, { cause: error });
    for (const resolve of this.#onHeld) resolve();
    this.#onHeld = [];
    this.send({ type: 'hold' });
    this.#notifySoon();
  }

  #release(): void {
    this.#held = undefined;
    this.send({ type: 'release' });
  }

  /** Another engine has gone on with the run: what happens here counts no more. */
  #giveWay(): void {
    this.#quit();
    this.#isTaken = true;
    this.#executor.cancel(this.id);
    this.#close();
  }

  #storeFailed(error: unknown): void {
    this.#held = undefined;
    this.send({ type: 'cancel', reason: `The store failed: ${toWireError(error).message}` });
  }

  #quit(): void {
    this.#isLeft = true;
    this.#cancelTick?.();
    this.#cancelNotice?.();
  }

  async #complete(): Promise<void> {
    if (this.#isComplete) return;
    await this.#writer.committed();
    if (this.#isComplete || this.#isLeft) return;
    this.#isComplete = true;
    this.#close();
  }

  #close(): void {
    this.#executor.close(this.id);
    this.#notify();
    this.#subscribers.clear();
    this.#resolveEnded();
  }

  #summarise(): RunSummary {
    const { status, reason, nodes, keepOpen } = this.#state;
    return {
      ...this.#base,
      status,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      ...(this.#finishedAt && { finishedAt: this.#finishedAt }),
      ...(reason !== undefined && { reason }),
      ...(keepOpen && !hasEnded(status) && { open: true }),
      nodes: Object.fromEntries(nodes.map((node) => [node.plan.id, countersOf(node)])),
      work: workOf(nodes),
      edges: [...this.#state.edges],
    };
  }

  #collectNews(entries: JournalEntry[]): void {
    if (this.#subscribers.size === 0) return;
    for (const entry of entries) {
      if (entry.kind === 'attempt' && entry.errors.length > 0) {
        this.#errors = this.#errors.concat(errorRecordsOf(entry)).slice(-newsLimit);
      } else if (entry.kind === 'log') {
        const { node, task, at, message, data } = entry;
        this.#logs = this.#logs
          .concat({ node, task: String(task), at: toIso(at), message, data })
          .slice(-newsLimit);
      }
    }
  }

  #notifySoon(): void {
    if (this.#subscribers.size === 0) return;
    this.#cancelNotice ??= this.#clock.after(progressEveryMs, () => this.#notify());
  }

  #notify(): void {
    this.#cancelNotice?.();
    this.#cancelNotice = undefined;
    const news = this.news();
    this.#errors = [];
    this.#logs = [];
    for (const onNews of this.#subscribers) onNews(news);
  }
}

/** What is told of a run whose journal another engine has gone on with. */
const elsewhere = {
  status: 'running',
  reason: 'The run is kept by another process now.',
  reasonCode: 'run_elsewhere',
} as const;

export const endedTasks = (c: Counters): number => c.succeeded + c.failed + c.duplicate + c.cancelled;

function countersOf({ counters }: NodeState): Counters {
  return { ...counters, pending: counters.input - endedTasks(counters) - counters.running };
}

/** In whole microseconds, and only where there was any. */
function workOf(nodes: readonly NodeState[]): Record<string, number> {
  const busy = nodes.filter(({ cost }) => cost.busyMs > 0);
  return Object.fromEntries(busy.map(({ plan, cost }) => [plan.id, Math.round(cost.busyMs * 1000) / 1000]));
}

const toIso = (at: number): string => new Date(at).toISOString();
