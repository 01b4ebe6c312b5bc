/** One run while it lives: brings events to the scheduler and carries out what it commands. */
import { HandloomError, StoreError, toWireError } from '../../errors.ts';
import { hasEnded, type Remaining, type RunSummary } from '../../schema/run.ts';
import type { Clock } from '../clock.ts';
import type { Batch, Executor } from '../executor.ts';
import { type JournalSink, JournalWriter } from '../journal/journal-writer.ts';
import type { SpillReader } from '../journal/spill-reader.ts';
import { Patience } from '../journal/store-patience.ts';
import { type SchedulerEvent, step } from '../scheduler/scheduler.ts';
import type { Commands, Load, NodeState, SchedulerState } from '../scheduler/scheduler-state.ts';
import { RemainingMeter } from './remaining-meter.ts';
import { NewsFeed } from './run-news.ts';
import { summarise } from './run-summary.ts';

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
  /**
   * Settles when the run has ended and its journal is complete in the store, when another engine keeps it, or when it
   * has been abandoned.
   */
  readonly ended: Promise<void>;
  /** For those who watch it. */
  readonly news: NewsFeed;
  readonly #base: RunSummary;
  readonly #rebuild: () => Promise<SchedulerState>;
  #state: SchedulerState;
  readonly #executor: Executor;
  readonly #clock: Clock;
  readonly #decide: typeof step;
  readonly #writer: JournalWriter;
  readonly #spill: SpillReader;
  readonly #remaining: RemainingMeter;
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
  /** What waits for the store to give what it needs, and why: batches by number, nodes whose queue is read back by name. */
  readonly #unread = new Map<number | string, StoreError>();
  /** Nothing is sent out before it settles: what was recorded is to be committed first. */
  #barrier: Promise<unknown> | undefined;
  #resolveEnded: () => void = () => {};
  #cancelTick: (() => void) | undefined;

  constructor(options: LiveRunOptions) {
    this.id = options.summary.id;
    this.#base = options.summary;
    this.#rebuild = options.rebuild;
    this.#executor = options.executor;
    this.#clock = options.clock;
    this.#spill = options.spill;
    this.#decide = options.step ?? step;
    this.#state = options.state;
    this.#startedAt = options.summary.startedAt;
    this.#remaining = new RemainingMeter(options.state, options.executor.parallelism);
    this.news = new NewsFeed({
      clock: options.clock,
      state: () => this.#state,
      summary: () => this.summary(),
      remaining: () => this.remaining(),
    });
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
    this.news.collect(commands.record);
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
    else this.news.notifySoon();
  }

  /** The run as others may see it: it has ended only when its journal is complete. */
  summary(): RunSummary {
    const summary = this.#summarise();
    if (this.#isTaken) return { ...summary, ...elsewhere };
    const held = this.#held ?? this.#unreadable;
    if (this.#isComplete || !(held || hasEnded(summary.status))) return summary;
    const { finishedAt: _, ...unfinished } = summary;
    if (!held) return { ...unfinished, status: 'running' };
    const { code, message } = held;
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

  /** The store does not give what a batch or a queue needs, for this reason; without one: it does again. */
  waits(what: number | string, error?: unknown): void {
    if (error !== undefined) this.#unread.set(what, asStoreError(error));
    else if (!this.#unread.delete(what)) return;
    this.news.notifySoon();
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

  /** Numbers of the tasks under way. */
  runningTasks(): Set<number> {
    return new Set([...this.#state.inFlight.values()].flatMap(({ batch }) => batch.tasks));
  }

  /** Brings all that has happened so far into the store, unless that refuses. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /**
   * Settles when all that has happened so far is in the store, however long that refuses, or can never be.
   * @returns whether it is
   */
  saved(): Promise<boolean> {
    return this.#writer.committed();
  }

  /** How far it has taken payloads over from another run's journal; undefined when it needs no more. */
  get fedTo(): number | undefined {
    return this.#state.keepOpen && !this.isEnding ? this.#state.fed : undefined;
  }

  /** Settles when the store is not far behind what has happened. */
  async caughtUp(): Promise<void> {
    if (this.#writer.isBehind || this.#held) await this.#writer.committed();
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
    this.news.unsubscribeAll();
    return this.#writer.end();
  }

  /** Takes no more events, before there has been any. */
  abandon(): void {
    this.#quit();
    this.news.unsubscribeAll();
    this.#resolveEnded();
  }

  /** How much longer it will take; undefined while that cannot be told. */
  remaining(): Remaining | undefined {
    if (this.#held || this.#unreadable || this.isEnding) return undefined;
    return this.#remaining.remaining(this.#clock.now());
  }

  /** Why the store does not give what all that is under way needs, if that is so, and nothing goes on by itself. */
  get #unreadable(): StoreError | undefined {
    const { status, inFlight, delayed } = this.#state;
    if (this.#unread.size === 0 || hasEnded(status) || delayed.length > 0) return undefined;
    if (![...inFlight.keys()].every((batch) => this.#unread.has(batch))) return undefined;
    return this.#unread.values().next().value;
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
    await this.#writer.appendSummary().catch(() => {});
    this.#isComplete = true;
    this.#close();
  }

  async #execute(batch: Batch, writeAhead: boolean): Promise<void> {
    if (writeAhead || this.#writer.isBehind) await this.#writer.committed();
    else if (this.#barrier !== undefined) await this.#barrier;
    if (this.#isLeft || !this.#state.inFlight.has(batch.id)) return;
    const outcome = await this.#executor.execute(batch);
    this.news.cameBack(batch.node);
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
    const { id } = (this.#state.nodes[node] as NodeState).plan;
    for (const refusals = new Patience(); !this.isEnding; ) {
      try {
        const payloads = await this.#spill.read(id, tasks);
        this.waits(id);
        return this.send({ type: 'loaded', node, tasks, payloads, ...(areSuspects && { areSuspects }) });
      } catch (error) {
        const wait = refusals.refused(error);
        if (wait === undefined) return this.#storeFailed(error);
        this.waits(id, error);
        await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
      }
    }
  }

  /** The store refuses for now: nothing is sent out, so that what it has not taken does not grow. */
  #hold(error: unknown): void {
    this.#held = asStoreError(error);
    for (const resolve of this.#onHeld) resolve();
    this.#onHeld = [];
    this.send({ type: 'hold' });
    this.news.notifySoon();
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
    this.news.stop();
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
    this.news.notify();
    this.news.unsubscribeAll();
    this.#resolveEnded();
  }

  #summarise(): RunSummary {
    return summarise(this.#base, this.#state, { startedAt: this.#startedAt, finishedAt: this.#finishedAt });
  }
}

function asStoreError(error: unknown): StoreError {
  const code = error instanceof HandloomError ? error.code : 'store_failed';
  return new StoreError(code, toWireError(error).message, { cause: error });
}

/** What is told of a run whose journal another engine has gone on with. */
const elsewhere = {
  status: 'running',
  reason: 'The run is kept by another process now.',
  reasonCode: 'run_elsewhere',
} as const;

const toIso = (at: number): string => new Date(at).toISOString();
