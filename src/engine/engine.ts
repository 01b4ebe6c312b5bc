/**
 * The engine of a host: starts runs, knows those that live, and answers about all of them from their journals.
 * It is the `RunService` of the API; a host gives it a store, an executor, a clock and the node types.
 */
import { type Issue, NotFoundError, ValidationError } from '../errors.ts';
import type { NodeRegistry, PrepareTools } from '../nodes/define-node.ts';
import type { Graph } from '../schema/graph.ts';
import { hasEnded, type RunSummary } from '../schema/run.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { CachingExecutor } from './executors/caching-executor.ts';
import { PayloadKeeper } from './executors/payload-keeper.ts';
import { type ValidGraph, validateGraph } from './graph/validate.ts';
import { keepingJournal } from './journal/keeping-journal.ts';
import { Housekeeping } from './retention/housekeeping.ts';
import { PayloadPolicy } from './retention/payload-policy.ts';
import type { Retention, RetentionReport } from './retention/retention.ts';
import type { FailedTasks } from './runs/failed-tasks.ts';
import { LiveRuns } from './runs/live-runs.ts';
import { Ownership, type OwnershipOptions, runLive, runNotLive } from './runs/ownership.ts';
import { Recovery } from './runs/recovery.ts';
import type { LiveRun } from './runs/run.ts';
import { type CountingExecutor, RunQueries } from './runs/run-queries.ts';
import { RunReviver } from './runs/run-reviver.ts';
import { partToRun, RunStarter, type StartOptions } from './runs/run-starter.ts';
import { RunStates } from './runs/run-states.ts';
import { storedRecord, storedSummary } from './runs/stored-run.ts';
import type { TakeoverOptions } from './runs/takeover.ts';
import { TaskRetries } from './runs/task-retries.ts';
import type { step } from './scheduler/scheduler.ts';
import { Turns } from './turns.ts';
import { KeptValues } from './values/kept-values.ts';

export interface EngineOptions extends OwnershipOptions {
  store: Store;
  executor: CountingExecutor;
  registry: NodeRegistry;
  clock: Clock;
  /** Gives a new id on each call. */
  newId: () => string;
  tools: PrepareTools;
  /** Uniform in [0, 1). @default Math.random */
  random?: () => number;
  /** Which ended runs and cached results are kept. @default as its store's settings say */
  retention?: Retention;
  /** Bytes that the waiting payloads of a run may take in memory. @default 64 MiB */
  queueMemory?: number;
  /** What decides; a simulation looks over its shoulder at every event. @default the scheduler's `step` */
  step?: typeof step;
}

export class Engine extends RunQueries {
  protected readonly live: LiveRuns;
  readonly #options: EngineOptions;
  readonly #ownership: Ownership;
  /** What may bring a run back to life is done one after the other: it must not live twice. */
  readonly #turns = new Turns();
  readonly #starter: RunStarter;
  readonly #reviver: RunReviver;
  readonly #retries: TaskRetries;
  readonly #recovery: Recovery;
  readonly #housekeeping: Housekeeping;
  readonly #payloads: PayloadPolicy;

  constructor(options: EngineOptions) {
    const { store, clock, registry, newId, step } = options;
    const { runs } = store;
    const values = new KeptValues(store);
    super(store, options.executor, values);
    this.#options = options;
    this.#ownership = new Ownership(options);
    const parts = { store, values, clock };
    const states = new RunStates({ ...options, runs });
    const keeper = new PayloadKeeper(options.executor, values, clock, ({ run, id }, error) =>
      this.live.get(run)?.waits(id, error),
    );
    this.live = new LiveRuns({
      executor: new CachingExecutor(keeper, parts),
      journal: keepingJournal(runs, values),
      values,
      states,
      clock,
      newId,
      step,
      onBegun: (id, graph) => this.keepStructure(id, graph),
      onEnded: (run) => void this.#cleanUpAfter(run),
    });
    const { live } = this;
    this.#payloads = new PayloadPolicy({
      ...parts,
      registry,
      turns: this.#turns,
      live,
      onDropped: (id) => this.forget(id),
    });
    const takeover: TakeoverOptions = {
      runs,
      values,
      clock,
      flush: async (id) => live.get(id)?.flush(),
      whileSource: (id, work) => this.#payloads.whileSource(id, work),
    };
    const lives = { runs, values, live, states, ownership: this.#ownership, clock, takeover };
    this.#starter = new RunStarter({ ...lives, newId });
    this.#reviver = new RunReviver({ ...lives, check: (document) => this.#check(document) });
    this.#retries = new TaskRetries({
      live,
      reviver: this.#reviver,
      failed: (id, which) => this.failedTasks(id, which),
    });
    this.#recovery = new Recovery({
      runs,
      clock,
      ownership: this.#ownership,
      live,
      resume: (id) => this.resume(id),
      giveUp: (id, error) => this.#reviver.giveUpResuming(id, error),
    });
    this.#housekeeping = new Housekeeping({
      store,
      clock,
      retention: options.retention,
      live,
      // Somebody may have brought it back to life, or removed it.
      remove: (id) => this.#turns.take(id, async () => (live.has(id) ? undefined : this.#remove(id))),
      drop: (id) => this.#payloads.apply(id),
    });
  }

  /**
   * Starts a run. `inputs` replace the document's, node by node.
   * @throws ValidationError when the graph cannot run; its issues name the places
   * @throws ConflictError `nothing_delivered`, `payloads_dropped` when there is nothing to run again
   */
  async start(document: Graph, options: StartOptions = {}): Promise<{ id: string }> {
    const { from, rerunOf } = options;
    const graph = await this.#check(partToRun(document, options));
    const start = () => this.#housekeeping.whileStarting(() => this.#starter.start(graph, options));
    if (rerunOf === undefined || from === undefined) return start();
    return this.#payloads.whileSource(rerunOf, async () => {
      this.#payloads.checkDelivered(await this.summary(rerunOf), from);
      return start();
    });
  }

  /**
   * Starts a run of the same document in which a node gets again what was delivered to it in run `id`.
   * @throws ValidationError `unknown_node`, ConflictError `nothing_delivered`
   */
  async rerun(id: string, { node, only }: { node: string; only?: boolean }): Promise<{ id: string }> {
    const { document, graphId } = await storedRecord(this.store.runs, id);
    return this.start(document, {
      ...(graphId !== undefined && { graphId }),
      from: node,
      ...(only && { only }),
      rerunOf: id,
    });
  }

  /**
   * Goes on with a run whose host died, from its journal.
   * @throws ConflictError `run_live`, `run_ended`
   */
  resume(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#reviver.resume(id));
  }

  /**
   * Resumes every run that a host which is no more has left unfinished. Where the store refuses for now, it is tried
   * again by itself later.
   * @returns ids of the runs that go on
   */
  recover(): Promise<string[]> {
    return this.#recovery.recover();
  }

  /** Removes ended runs beyond the retention, and artifacts that nobody uses. */
  tidy(): Promise<void> {
    return this.#turns.take('', () => this.#housekeeping.tidy());
  }

  /** What is kept, by which limits, and what went by them. */
  retention(): Promise<RetentionReport> {
    return this.#housekeeping.report();
  }

  /** Sets which ended runs and results are kept, and removes the others at once. @throws ConflictError `retention_fixed` */
  async setRetention(limits: Retention): Promise<RetentionReport> {
    await this.#housekeeping.setLimits(limits);
    await this.tidy();
    return this.retention();
  }

  /** Everything that keeps a document from running; empty when nothing does. */
  async validate(document: unknown): Promise<Issue[]> {
    try {
      await this.#check(document);
      return [];
    } catch (error) {
      if (error instanceof ValidationError) return error.issues;
      throw error;
    }
  }

  /**
   * Ends a run: one that lives here, or one whose host died. While its store refuses to take the end, it is still
   * told as paused.
   */
  async cancel(id: string): Promise<void> {
    // One that is being brought back to life must be so before it can be ended.
    const run = this.live.goingOn(id) ?? (await this.#turns.take(id, () => this.#reviver.toCancel(id)));
    run?.send({ type: 'cancel' });
    await run?.endedOrHeld();
    if (run?.isTaken) await this.#refuse(id);
  }

  /** Sends out nothing more until {@link unpause}; what is under way comes to its end. */
  async pause(id: string): Promise<void> {
    (this.live.goingOn(id) ?? (await this.#refuse(id))).send({ type: 'pause' });
  }

  /** Goes on with a run that was paused, or whose host died. */
  async unpause(id: string): Promise<void> {
    const run = this.live.goingOn(id);
    if (run) return run.send({ type: 'resume' });
    await this.resume(id);
    // It may have been paused when its host died.
    this.live.goingOn(id)?.send({ type: 'resume' });
  }

  /** A run that was kept open takes no more tasks from outside, and ends when it has nothing left to do. */
  async close(id: string): Promise<void> {
    const run = this.live.goingOn(id) ?? (await this.#refuse(id));
    // One that takes over what another run was given closes by itself, once it has all of it.
    if (run.fedTo === undefined) run.send({ type: 'close' });
    await this.#saved(run);
  }

  /** Adds tasks to a live run, by node. @throws ValidationError `unknown_node`, StoreError while its store refuses */
  async inject(id: string, inputs: Record<string, unknown[]>): Promise<void> {
    const live = this.live.goingOn(id) ?? (await this.#refuse(id));
    // What is not sent out while the store refuses must not pile up.
    if (live.held) throw live.held;
    for (const node of Object.keys(inputs)) {
      if (live.indexOf(node) !== undefined) continue;
      throw unknownNode(node);
    }
    const kept = await this.values.keepByNode(id, inputs);
    const run = this.live.goingOn(id) ?? (await this.#refuse(id));
    for (const [node, payloads] of Object.entries(kept))
      run.send({ type: 'inject', node: run.indexOf(node) as number, payloads });
    await this.#saved(run);
  }

  /**
   * Who is told that something was done may rely on it, whatever dies.
   * @throws ConflictError where the run goes on without it
   */
  async #saved(run: LiveRun): Promise<void> {
    if (!(await run.saved())) await this.#refuse(run.id);
  }

  /**
   * Tries failed tasks again: all, or those of one node, one error name, or by number. The run may have ended.
   * @returns how many tasks that is
   * @throws ValidationError `unknown_node`; NotFoundError `task_not_found`, where there is none that could be tried
   */
  async retry(id: string, which: FailedTasks = {}): Promise<number> {
    if (which.node !== undefined && !Object.hasOwn((await this.summary(id)).nodes, which.node))
      throw unknownNode(which.node);
    const { run, count } = await this.#turns.take(id, () => this.#retries.retry(id, which));
    if (count === 0) for (const task of which.tasks ?? []) await this.task(id, task);
    if (run) await this.#saved(run);
    return count;
  }

  /** Forgets the results kept for later runs. @returns how many there were */
  emptyCache(): Promise<number> {
    return this.store.cache.delete();
  }

  remove(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    if (this.live.has(id)) throw runLive(id, 'The run has not ended: cancel it first.');
    const run = await this.summary(id);
    if (!hasEnded(run.status)) this.#ownership.checkNotElsewhere(run);
    if (!(await this.store.runs.delete(id))) throw new NotFoundError('run', id);
    this.forget(id);
  }

  /** Hears from the executor how far a task is, 0 to 1. */
  progressed(run: string, node: string, fraction: number): void {
    this.live.get(run)?.news.progressed(node, fraction);
  }

  /** Settles when a live run has ended; at once when it is not live. */
  async ended(id: string): Promise<void> {
    await this.live.get(id)?.ended;
  }

  /** Ids of the runs that live in this engine. */
  liveRuns(): string[] {
    return this.live.all().map(({ id }) => id);
  }

  /** For a host that may be about to end: all that has happened is brought into the store, and marked as in order. */
  prepareToLeave(): Promise<void> {
    return this.live.prepareToLeave();
  }

  /**
   * Lets go of all live runs, for a host that ends: what has happened is brought into the store, and what their
   * tasks still give counts no more. Whoever opens the store next goes on with them.
   */
  leave(): Promise<void> {
    this.#recovery.stop();
    return this.live.leave();
  }

  /** A store that refuses, or a run somebody else has removed, is left to the next time. */
  async #cleanUpAfter({ id, dropsPayloads }: RunSummary): Promise<void> {
    try {
      if (dropsPayloads) await this.#payloads.apply(id);
      if (Object.keys(await this.#housekeeping.limits()).length > 0) await this.tidy();
    } catch {}
  }

  /** @throws ConflictError `run_ended`, once that is so for all to see; `run_live` elsewhere; `run_not_live` */
  async #refuse(id: string): Promise<never> {
    await this.ended(id);
    this.#ownership.checkInterrupted(await storedSummary(this.store.runs, id));
    throw runNotLive(id);
  }

  #check(document: unknown): Promise<ValidGraph> {
    return validateGraph(document, this.#options.registry, this.#options.tools);
  }
}

function unknownNode(node: string): ValidationError {
  const issue = { code: 'unknown_node', message: `There is no node ${JSON.stringify(node)}.`, path: [node] };
  return new ValidationError(issue.code, issue.message, { issues: [issue] });
}

/** The engine of a host; see {@link Engine}. */
export function createEngine(options: EngineOptions): Engine {
  return new Engine(options);
}
