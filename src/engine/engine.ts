/**
 * The engine of a host: starts runs, knows those that live, and answers about all of them from their journals.
 * It is the `RunService` of the API; a host gives it a store, an executor, a clock and the node types.
 */
import {
  ConflictError,
  HandloomError,
  type Issue,
  NotFoundError,
  toWireError,
  ValidationError,
} from '../errors.ts';
import type { NodeRegistry, PrepareTools } from '../nodes/define-node.ts';
import type { Graph } from '../schema/graph.ts';
import { emptyCounters, hasEnded, type RunStatus, type RunSummary } from '../schema/run.ts';
import { nodesWithin, pathTo } from '../schema/subgraph.ts';
import type { RunRecord, Store } from '../store/store.ts';
import { CachingExecutor } from './caching-executor.ts';
import { chunkAt } from './chunk-reader.ts';
import type { Clock } from './clock.ts';
import type { Executor, PreparedNode } from './executor.ts';
import { type FailedTasks, failedTasks } from './failed-tasks.ts';
import { Housekeeping } from './housekeeping.ts';
import { refuseNewer } from './journal-versions.ts';
import type { JournalSink } from './journal-writer.ts';
import { KeptValues } from './kept-values.ts';
import { keepingJournal, PayloadKeeper } from './payload-keeper.ts';
import { PayloadPolicy } from './payload-policy.ts';
import { type Plan, planGraph } from './plan.ts';
import { Recovery } from './recovery.ts';
import { Replay } from './replay.ts';
import type { Retention, RetentionReport } from './retention.ts';
import { LiveRun } from './run.ts';
import { type CountingExecutor, RunQueries } from './run-queries.ts';
import type { step } from './scheduler.ts';
import { createState, type SchedulerState } from './scheduler-state.ts';
import { restrictGraph } from './scope.ts';
import { SpillReader } from './spill-reader.ts';
import { isWorthAnotherTry, readAgain, refusalOf } from './store-patience.ts';
import { takeOver } from './takeover.ts';
import { Turns } from './turns.ts';
import { type ValidGraph, validateGraph } from './validate.ts';

export interface EngineOptions {
  store: Store;
  executor: CountingExecutor;
  registry: NodeRegistry;
  clock: Clock;
  /** Gives a new id on each call. */
  newId: () => string;
  tools: PrepareTools;
  /** Uniform in [0, 1). @default Math.random */
  random?: () => number;
  /** Names this process, where several work on one store. */
  owner?: string;
  /** Whether another process of that name still runs. @default () => false */
  isAlive?: (owner: string) => boolean;
  /** Which ended runs and cached results are kept. @default as its store's settings say */
  retention?: Retention;
  /** Bytes that the waiting payloads of a run may take in memory. @default 64 MiB */
  queueMemory?: number;
  /** What decides; a simulation looks over its shoulder at every event. @default the scheduler's `step` */
  step?: typeof step;
}

export interface StartOptions {
  inputs?: Record<string, unknown[]>;
  keepOpen?: boolean;
  graphId?: string;
  /** Run only the part of the graph that begins at this node; inputs of other nodes are left out. */
  from?: string;
  /** The part is that node alone. */
  only?: boolean;
  /** Give the node `from` what was delivered to it in this run, in place of inputs. */
  rerunOf?: string;
}

export class Engine extends RunQueries {
  readonly #options: EngineOptions;
  readonly #executor: Executor;
  readonly #journal: JournalSink;
  /** What may bring a run back to life is done one after the other: it must not live twice. */
  readonly #turns = new Turns();
  readonly #recovery: Recovery;
  readonly #housekeeping: Housekeeping;
  readonly #payloads: PayloadPolicy;
  #hasLeft = false;

  constructor(options: EngineOptions) {
    const values = new KeptValues(options.store);
    super(options.store, options.executor, values);
    this.#options = options;
    const { store, clock } = options;
    this.#executor = new CachingExecutor(new PayloadKeeper(options.executor, values, clock), {
      store,
      values,
      clock,
    });
    this.#journal = keepingJournal(store.runs, values);
    const isLive = (id: string) => this.live.has(id);
    this.#recovery = new Recovery({
      runs: store.runs,
      clock,
      isElsewhere: (owner) => this.#isElsewhere(owner),
      isLive,
      resume: (id) => this.resume(id),
      giveUp: (id, error) => this.#giveUpResuming(id, error),
    });
    this.#payloads = new PayloadPolicy({
      store,
      values,
      registry: options.registry,
      clock,
      turns: this.#turns,
      isLive,
      onDropped: (id) => this.forget(id),
    });
    this.#housekeeping = new Housekeeping({
      store,
      clock,
      retention: options.retention,
      live: this.live,
      // Somebody may have brought it back to life, or removed it.
      remove: (id) => this.#turns.take(id, async () => (isLive(id) ? undefined : this.#remove(id))),
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
    const { graph: given, nodes } = await this.#check(partOf(document, options));
    const start = () => this.#housekeeping.whileStarting(() => this.#startChecked(given, nodes, options));
    if (rerunOf === undefined || from === undefined) return start();
    return this.#payloads.whileSource(rerunOf, async () => {
      await this.#checkDelivered(rerunOf, from);
      return start();
    });
  }

  async #startChecked(given: Graph, nodes: PreparedNode[], options: StartOptions) {
    const { clock, store } = this.#options;
    const { from, only, rerunOf } = options;
    const id = this.#options.newId();
    this.values.open(id, nodes, true);
    const graph = await this.#keepInputs(id, given);
    const dropping = nodes.filter(({ policy }) => policy.keepPayloads === 'failed').map((node) => node.id);
    const summary: RunSummary = {
      id,
      graph: graph.name,
      ...(options.graphId !== undefined && { graphId: options.graphId }),
      status: 'pending',
      createdAt: new Date(clock.now()).toISOString(),
      ...(this.#options.owner !== undefined && { owner: this.#options.owner }),
      ...(rerunOf !== undefined && { rerunOf }),
      ...(from !== undefined && { from, ...(only && { only }) }),
      ...(dropping.length > 0 && { dropsPayloads: dropping }),
      nodes: Object.fromEntries(nodes.map((node) => [node.id, emptyCounters()])),
    };
    // It waits for tasks from outside also while it takes over another run's.
    const record = { ...summary, ...((options.keepOpen || rerunOf !== undefined) && { keepOpen: true }) };
    await store.runs.create({ ...record, document: graph });

    const state = this.#stateOf(record, planGraph(graph, nodes));
    const run = this.#enliven(summary, state, new SpillReader(store.runs, id), nodes, graph);
    run.send({ type: 'start' });
    await this.#takeOver(run);
    return { id };
  }

  /**
   * Starts a run of the same document in which a node gets again what was delivered to it in run `id`.
   * @throws ValidationError `unknown_node`, ConflictError `nothing_delivered`
   */
  async rerun(id: string, { node, only }: { node: string; only?: boolean }): Promise<{ id: string }> {
    const { document, graphId } = await this.record(id);
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
    return this.#turns.take(id, () => this.#resume(id));
  }

  async #resume(id: string): Promise<void> {
    if (this.live.has(id)) throw new ConflictError('run_live', 'The run is under way.', { details: { id } });
    const { status, owner } = await this.stored(id);
    if (hasEnded(status)) throw runEnded(id, status);
    if (this.#isElsewhere(owner)) throw livesElsewhere(id, owner);
    const resumedAt = new Date(this.#options.clock.now()).toISOString();
    const run = await this.#revive(id, { resumedAt }).catch(async (error) => {
      if (refusalOf(error) === 'final' && !isNewer(error)) await this.#giveUpResuming(id, error);
      throw error;
    });
    run.send({ type: 'recover' });
    await this.#takeOver(run);
  }

  /** A run that lives again, as its journal left it. */
  async #revive(id: string, since: { resumedAt?: string } = {}): Promise<LiveRun> {
    const record = await this.record(id);
    const { document, ...stored } = record;
    const summary = asUnended(stored);
    const { graph, nodes } = await this.#check(document);
    this.values.open(id, nodes, false);
    const { state, spill } = await this.#replay(record, graph, nodes);
    const { owner = summary.owner } = this.#options;
    return this.#enliven(
      { ...summary, ...since, ...(owner !== undefined && { owner }) },
      state,
      spill,
      nodes,
      graph,
    );
  }

  /** Where a run's journal leaves it. */
  async #replay(
    record: RunRecord,
    graph: Graph,
    nodes: PreparedNode[],
  ): Promise<{ state: SchedulerState; spill: SpillReader }> {
    const { runs } = this.store;
    const state = this.#stateOf(record, planGraph(graph, nodes));
    const replay = new Replay(state);
    const spill = new SpillReader(runs, record.id);
    for (const summary of await runs.summaries(record.id)) {
      refuseNewer(record.id, summary.version);
      const read = () => chunkAt(runs, record.id, summary.first);
      replay.take((await readAgain(read)).entries);
      spill.committed(summary);
    }
    replay.finish();
    return { state, spill };
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
    const run = this.live.get(id) ?? (await this.#turns.take(id, () => this.#dead(id)));
    run?.send({ type: 'cancel' });
    await run?.endedOrHeld();
    if (run?.isTaken) await this.#refuse(id);
  }

  /** A run whose host died, as its journal left it; undefined when that cannot be told, and it is cancelled so. */
  async #dead(id: string): Promise<LiveRun | undefined> {
    const live = this.live.get(id);
    if (live) return live;
    const { status, owner } = await this.stored(id);
    if (hasEnded(status)) throw runEnded(id, status);
    if (this.#isElsewhere(owner)) throw livesElsewhere(id, owner);
    try {
      return await this.#revive(id);
    } catch (error) {
      if (isWorthAnotherTry(error, 1)) throw error;
      await this.#giveUp(id, 'cancelled');
      return undefined;
    }
  }

  /** Sends out nothing more until {@link unpause}; what is under way comes to its end. */
  async pause(id: string): Promise<void> {
    (this.#goingOn(id) ?? (await this.#refuse(id))).send({ type: 'pause' });
  }

  /** Goes on with a run that was paused, or whose host died. */
  async unpause(id: string): Promise<void> {
    const run = this.#goingOn(id);
    if (run) return run.send({ type: 'resume' });
    await this.resume(id);
    // It may have been paused when its host died.
    this.#goingOn(id)?.send({ type: 'resume' });
  }

  /** A run that was kept open takes no more tasks from outside, and ends when it has nothing left to do. */
  async close(id: string): Promise<void> {
    const run = this.#goingOn(id) ?? (await this.#refuse(id));
    // One that takes over what another run was given closes by itself, once it has all of it.
    if (run.fedTo === undefined) run.send({ type: 'close' });
    await this.#saved(run);
  }

  /** Adds tasks to a live run, by node. @throws ValidationError `unknown_node`, StoreError while its store refuses */
  async inject(id: string, inputs: Record<string, unknown[]>): Promise<void> {
    const live = this.#goingOn(id) ?? (await this.#refuse(id));
    // What is not sent out while the store refuses must not pile up.
    if (live.held) throw live.held;
    for (const node of Object.keys(inputs)) {
      if (live.indexOf(node) !== undefined) continue;
      const issue = {
        code: 'unknown_node',
        message: `There is no node ${JSON.stringify(node)}.`,
        path: [node],
      };
      throw new ValidationError(issue.code, issue.message, { issues: [issue] });
    }
    const kept = await this.#keepAll(id, inputs);
    const run = this.#goingOn(id) ?? (await this.#refuse(id));
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
   */
  async retry(id: string, which: FailedTasks = {}): Promise<number> {
    const { run, count } = await this.#turns.take(id, () => this.#retry(id, which));
    if (run) await this.#saved(run);
    return count;
  }

  async #retry(id: string, which: FailedTasks): Promise<{ run?: LiveRun; count: number }> {
    const live = this.live.get(id);
    await live?.flush();
    // What its journal lacks would be put back a second time.
    if (live?.held) throw live.held;
    const nodes = which.node === undefined ? undefined : await this.#nodesCalled(id, which.node);
    const find = () => failedTasks((query) => this.failures(id, query), { ...which, nodes });
    let failed = await find();
    if (failed.size === 0) return { count: 0 };
    let run = this.#goingOn(id);
    if (!run) {
      run = await this.#livingAgain(id);
      failed = new Map();
      try {
        // Another host may have put some back meanwhile, which would be done twice.
        failed = await find();
      } finally {
        if (failed.size === 0 && run.isEnding) this.#letGo(run);
      }
    }
    let count = 0;
    for (const [node, errors] of failed) {
      count += errors.length;
      run.send({
        type: 'retry',
        node: run.indexOf(node) as number,
        tasks: errors.map((error) => Number(error.task)),
        attempts: errors.map((error) => error.attempts + 1),
      });
    }
    return { run, count };
  }

  /** Forgets the results kept for later runs. @returns how many there were */
  emptyCache(): Promise<number> {
    return this.store.cache.delete();
  }

  remove(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    if (this.live.has(id))
      throw new ConflictError('run_live', 'The run has not ended: cancel it first.', { details: { id } });
    const { status, owner } = await this.summary(id);
    if (!hasEnded(status) && this.#isElsewhere(owner)) throw livesElsewhere(id, owner);
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
    return [...this.live.keys()];
  }

  /** For a host that may be about to end: all that has happened is brought into the store, and marked as in order. */
  async prepareToLeave(): Promise<void> {
    await Promise.all([...this.live.values()].map((run) => run.prepareToLeave()));
  }

  /**
   * Lets go of all live runs, for a host that ends: what has happened is brought into the store, and what their
   * tasks still give counts no more. Whoever opens the store next goes on with them.
   */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#recovery.stop();
    const runs = [...this.live.values()];
    this.live.clear();
    await Promise.all(runs.map((run) => run.leave()));
  }

  #isElsewhere(owner: string | undefined): boolean {
    const { owner: self, isAlive } = this.#options;
    return owner !== undefined && owner !== self && (isAlive?.(owner) ?? false);
  }

  #stateOf({ id, keepOpen, rerunOf }: Omit<RunRecord, 'document'>, plan: Plan): SchedulerState {
    const { executor, random = Math.random, queueMemory } = this.#options;
    return createState(plan, {
      run: id,
      parallelism: executor.parallelism,
      keepOpen: keepOpen ?? false,
      isFed: rerunOf !== undefined,
      random,
      ...(queueMemory !== undefined && { queueMemory }),
    });
  }

  /** @throws ConflictError `nothing_delivered`, `payloads_dropped` */
  async #checkDelivered(run: string, node: string): Promise<void> {
    const summary = await this.summary(run);
    this.#payloads.checkKept(summary, node);
    if (summary.nodes[node]?.input) return;
    const message = `Nothing was delivered to ${JSON.stringify(node)} in the run ${run}.`;
    throw new ConflictError('nothing_delivered', message, { details: { id: run, node } });
  }

  /** Lets a run that does again a part of another one have what was delivered there. */
  #takeOver(run: LiveRun): Promise<void> {
    const { store, values } = this;
    const { rerunOf } = run.summary();
    const flush = async (id: string) => this.live.get(id)?.flush();
    const take = () => takeOver(run, { runs: store.runs, values, clock: this.#options.clock, flush });
    return rerunOf === undefined ? take() : this.#payloads.whileSource(rerunOf, take);
  }

  #enliven(
    summary: RunSummary,
    state: SchedulerState,
    spill: SpillReader,
    nodes: PreparedNode[],
    graph: Graph,
  ): LiveRun {
    const { clock, newId, step } = this.#options;
    const [executor, journal, life] = [this.#executor, this.#journal, newId()];
    // Reads the graph again: a run that is under way does not hold its inputs.
    const rebuild = async () => {
      const record = await this.record(summary.id);
      return (await this.#replay(record, record.document, nodes)).state;
    };
    const run = new LiveRun({
      summary,
      state,
      executor,
      life,
      journal,
      spill,
      clock,
      rebuild,
      ...(step && { step }),
    });
    this.live.set(run.id, run);
    const { settings = {} } = this.keepStructure(run.id, graph);
    executor.open({ id: run.id, nodes, settings });
    void run.ended.then(() => {
      this.live.delete(run.id);
      this.values.close(run.id);
      if (this.#hasLeft) return;
      const drop = summary.dropsPayloads ? this.#payloads.apply(run.id) : Promise.resolve();
      // A store that refuses, or a run somebody else has removed, is left to the next time.
      drop.then(() => this.#tidyWhereLimited()).catch(() => {});
    });
    return run;
  }

  async #tidyWhereLimited(): Promise<void> {
    if (Object.keys(await this.#housekeeping.limits()).length > 0) await this.tidy();
  }

  #giveUpResuming(id: string, error: unknown): Promise<void> {
    const reason = `The run could not be resumed: ${toWireError(error).message}`;
    const code = error instanceof HandloomError ? error.code : undefined;
    return this.#giveUp(id, 'failed', reason, code);
  }

  /** Ends a run that cannot be brought back to life: its journal is damaged, a node type is gone. */
  async #giveUp(id: string, status: RunStatus, reason?: string, reasonCode?: string): Promise<void> {
    const { open: _, ...summary } = await this.stored(id);
    const finishedAt = new Date(this.#options.clock.now()).toISOString();
    await this.store.runs.append(
      { ...summary, status, finishedAt, ...(reason && { reason }), ...(reasonCode && { reasonCode }) },
      [],
    );
  }

  /** A live run that still takes events. Ask and send at once: after an `await` it may have ended. */
  #goingOn(id: string): LiveRun | undefined {
    const run = this.live.get(id);
    return run?.isEnding ? undefined : run;
  }

  /** @throws ConflictError `run_ended`, once that is so for all to see; `run_live` elsewhere; `run_not_live` */
  async #refuse(id: string): Promise<never> {
    await this.ended(id);
    const { status, owner } = await this.stored(id);
    if (hasEnded(status)) throw runEnded(id, status);
    if (this.#isElsewhere(owner)) throw livesElsewhere(id, owner);
    throw new ConflictError(
      'run_not_live',
      'The run is not under way, since its host has ended: resume it.',
      {
        details: { id },
      },
    );
  }

  /** A run that has ended, or is about to, or whose host died, living again. */
  async #livingAgain(id: string): Promise<LiveRun> {
    await this.ended(id);
    if (hasEnded((await this.stored(id)).status)) {
      const run = await this.#revive(id);
      if (run.isEnding) return run;
      // Another host has brought it back to life meanwhile.
      this.#letGo(run);
      return this.#livingAgain(id);
    }
    await this.#resume(id);
    return this.#goingOn(id) ?? this.#livingAgain(id);
  }

  /** Forgets a run that was brought back to life for nothing. */
  #letGo(run: LiveRun): void {
    this.live.delete(run.id);
    run.abandon();
    this.#executor.close(run.id);
    this.values.close(run.id);
  }

  /** A node of a run, and those within it where it is a subgraph. */
  async #nodesCalled(id: string, node: string): Promise<string[]> {
    const { nodes } = await this.summary(id);
    if (!Object.keys(nodes).some((other) => other.startsWith(`${node}/`))) return [node];
    const called = pathTo(await this.structure(id), node)?.at(-1);
    const within = called ? nodesWithin({ ...called, id: node }) : [];
    return [node, ...within.map((inner) => inner.id)];
  }

  async #keepInputs(id: string, graph: Graph): Promise<Graph> {
    return graph.inputs ? { ...graph, inputs: await this.#keepAll(id, graph.inputs) } : graph;
  }

  /** Payloads by node, with references in place of those that are too large. */
  async #keepAll(id: string, inputs: Record<string, unknown[]>): Promise<Record<string, unknown[]>> {
    const kept: [node: string, payloads: unknown[]][] = [];
    for (const [node, payloads] of Object.entries(inputs))
      kept.push([node, await this.values.keep(id, payloads)]);
    return Object.fromEntries(kept);
  }

  #check(document: unknown): Promise<ValidGraph> {
    return validateGraph(document, this.#options.registry, this.#options.tools);
  }
}

/** What is still true of a run that goes on again. */
function asUnended(run: Omit<RunRecord, 'document'>): RunSummary {
  const { keepOpen: _, finishedAt: __, open: ___, reason: ____, reasonCode: _____, ...summary } = run;
  return summary;
}

/** What of a document is to run, with the inputs it is to have. */
function partOf(document: Graph, { inputs, from, only, rerunOf }: StartOptions): Graph {
  const given = inputs ? { ...document, inputs: { ...document.inputs, ...inputs } } : document;
  if (from === undefined) return given;
  const part = restrictGraph(given, { from, only });
  return rerunOf === undefined ? part : { ...part, inputs: {} };
}

/** Whether what was to be read is of a newer version of Handloom, which can go on with it. */
const isNewer = (error: unknown): boolean => error instanceof HandloomError && error.code === 'journal_newer';

const runEnded = (id: string, status: RunStatus): ConflictError =>
  new ConflictError('run_ended', `The run has ended already: ${status}.`, { details: { id, status } });

const livesElsewhere = (id: string, owner: string | undefined): ConflictError =>
  new ConflictError('run_live', `The run is under way in another process: ${owner}.`, { details: { id } });

/** The engine of a host; see {@link Engine}. */
export function createEngine(options: EngineOptions): Engine {
  return new Engine(options);
}
