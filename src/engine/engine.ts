/**
 * The engine of a host: starts runs, knows those that live, and answers about all of them from their journals.
 * It is the `RunService` of the API; a host gives it a store, an executor, a clock and the node types.
 */
import { ConflictError, type Issue, NotFoundError, toWireError, ValidationError } from '../errors.ts';
import type { NodeRegistry, PrepareTools } from '../nodes/define-node.ts';
import type { Graph } from '../schema/graph.ts';
import {
  type ErrorRecord,
  emptyCounters,
  hasEnded,
  type RunReport,
  type RunStatus,
  type RunSummary,
  type Task,
  type TaskStatus,
} from '../schema/run.ts';
import type { Page, PageQuery, RunQuery, RunRecord, Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import type { Executor, PreparedNode } from './executor.ts';
import { JournalReader } from './journal-reader.ts';
import { isPassing } from './journal-writer.ts';
import type { Direction } from './lineage.ts';
import { type Plan, planGraph } from './plan.ts';
import { Replay } from './replay.ts';
import { endedTasks, LiveRun, type RunNews } from './run.ts';
import { createState, type SchedulerState } from './scheduler-state.ts';
import { Turns } from './turns.ts';
import { type ValidGraph, validateGraph } from './validate.ts';

/** Outputs of a node, and errors, that a report holds unless more are asked for. */
const reportCap = 100;
/** Journals of ended runs that stay at hand for further questions. */
const keptReaders = 8;

export interface EngineOptions {
  store: Store;
  executor: Executor & { readonly stats?: { alive: number; busy: number } };
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
}

export interface StartOptions {
  inputs?: Record<string, unknown[]>;
  keepOpen?: boolean;
  graphId?: string;
}

/** Which of a run's failed tasks: those that fit all that is said. */
interface FailedTasks {
  node?: string;
  error?: string;
  tasks?: string[];
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #live = new Map<string, LiveRun>();
  readonly #readers = new Map<string, JournalReader>();
  /** What may bring a run back to life is done one after the other: it must not live twice. */
  readonly #turns = new Turns();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /**
   * Starts a run. `inputs` replace the document's, node by node.
   * @throws ValidationError when the graph cannot run; its issues name the places
   */
  async start(document: Graph, options: StartOptions = {}): Promise<{ id: string }> {
    const { clock, newId, store } = this.#options;
    const { graph, nodes } = await this.#check(
      options.inputs ? { ...document, inputs: { ...document.inputs, ...options.inputs } } : document,
    );
    const id = newId();
    const summary: RunSummary = {
      id,
      graph: graph.name,
      ...(options.graphId !== undefined && { graphId: options.graphId }),
      status: 'pending',
      createdAt: new Date(clock.now()).toISOString(),
      ...(this.#options.owner !== undefined && { owner: this.#options.owner }),
      nodes: Object.fromEntries(nodes.map((node) => [node.id, emptyCounters()])),
    };
    await store.runs.create({ ...summary, document: graph, ...(options.keepOpen && { keepOpen: true }) });

    const state = this.#stateOf(id, planGraph(graph, nodes), options.keepOpen ?? false);
    this.#enliven(summary, state, nodes, graph).send({ type: 'start' });
    return { id };
  }

  /**
   * Goes on with a run whose host died, from its journal.
   * @throws ConflictError `run_live`, `run_ended`
   */
  resume(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#resume(id));
  }

  async #resume(id: string): Promise<void> {
    if (this.#live.has(id)) throw new ConflictError('run_live', 'The run is under way.', { details: { id } });
    const { status, owner } = await this.#record(id);
    if (hasEnded(status)) throw runEnded(id, status);
    if (this.#isElsewhere(owner)) {
      throw new ConflictError('run_live', `The run is under way in another process: ${owner}.`, {
        details: { id },
      });
    }
    const resumedAt = new Date(this.#options.clock.now()).toISOString();
    (await this.#revive(id, { resumedAt })).send({ type: 'recover' });
  }

  /** A run that lives again, as its journal left it. */
  async #revive(id: string, since: { resumedAt?: string } = {}): Promise<LiveRun> {
    const { document, keepOpen, finishedAt: _, open: __, ...summary } = await this.#record(id);
    const { runs } = this.#options.store;
    const { graph, nodes } = await this.#check(document);
    const state = this.#stateOf(id, planGraph(graph, nodes), keepOpen ?? false);
    const replay = new Replay(state);
    for (const { first } of await runs.summaries(id))
      replay.take((await runs.chunk(id, first))?.entries ?? []);
    replay.finish();
    const { owner = summary.owner } = this.#options;
    return this.#enliven(
      { ...summary, ...since, ...(owner !== undefined && { owner }) },
      state,
      nodes,
      graph,
    );
  }

  /**
   * Resumes every run that a host which is no more has left unfinished.
   * @returns ids of the runs that go on
   */
  async recover(): Promise<string[]> {
    const interrupted: string[] = [];
    for (const status of ['pending', 'running', 'paused'] as const) {
      let cursor: string | undefined;
      do {
        const page = await this.#options.store.runs.list({ status, limit: 1000, ...(cursor && { cursor }) });
        interrupted.push(...page.items.filter((run) => !this.#isElsewhere(run.owner)).map((run) => run.id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
    }
    const resumed: string[] = [];
    for (const id of interrupted) {
      if (this.#live.has(id)) continue;
      try {
        await this.resume(id);
        resumed.push(id);
      } catch (error) {
        // Somebody else was quicker, or it is to be tried again later.
        if (error instanceof ConflictError || isPassing(error)) continue;
        await this.#giveUp(id, error);
      }
    }
    return resumed;
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

  async cancel(id: string): Promise<void> {
    const run = this.#live.get(id) ?? (await this.#refuse(id));
    run.send({ type: 'cancel' });
    await run.ended;
  }

  /** Sends out nothing more until {@link unpause}; what is under way comes to its end. */
  async pause(id: string): Promise<void> {
    (this.#goingOn(id) ?? (await this.#refuse(id))).send({ type: 'pause' });
  }

  /** Goes on with a run that was paused, or whose host died. */
  async unpause(id: string): Promise<void> {
    const run = this.#goingOn(id);
    if (run) run.send({ type: 'resume' });
    else await this.resume(id);
  }

  /** A run that was kept open takes no more tasks from outside, and ends when it has nothing left to do. */
  async close(id: string): Promise<void> {
    (this.#goingOn(id) ?? (await this.#refuse(id))).send({ type: 'close' });
  }

  /** Adds tasks to a live run, by node. @throws ValidationError `unknown_node` */
  async inject(id: string, inputs: Record<string, unknown[]>): Promise<void> {
    const run = this.#goingOn(id) ?? (await this.#refuse(id));
    const nodes = Object.keys(inputs).map((node) => [node, run.indexOf(node)] as const);
    for (const [node, index] of nodes) {
      if (index !== undefined) continue;
      const issue = {
        code: 'unknown_node',
        message: `There is no node ${JSON.stringify(node)}.`,
        path: [node],
      };
      throw new ValidationError(issue.code, issue.message, { issues: [issue] });
    }
    for (const [node, index] of nodes)
      run.send({ type: 'inject', node: index as number, payloads: inputs[node] ?? [] });
  }

  /**
   * Tries failed tasks again: all, or those of one node, one error name, or by number. The run may have ended.
   * @returns how many tasks that is
   */
  retry(id: string, which: FailedTasks = {}): Promise<number> {
    return this.#turns.take(id, () => this.#retry(id, which));
  }

  async #retry(id: string, which: FailedTasks): Promise<number> {
    const failed = await this.#failedTasks(id, which);
    if (failed.length === 0) return 0;
    const run = this.#goingOn(id) ?? (await this.#reviveEnded(id));
    for (const [node, errors] of groupByNode(failed)) {
      run.send({
        type: 'retry',
        node: run.indexOf(node) as number,
        tasks: errors.map((error) => Number(error.task)),
        payloads: errors.map((error) => error.payload),
        attempts: errors.map((error) => error.attempts + 1),
      });
    }
    return failed.length;
  }

  remove(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    if (this.#live.has(id))
      throw new ConflictError('run_live', 'The run has not ended: cancel it first.', { details: { id } });
    if (!(await this.#options.store.runs.delete(id))) throw new NotFoundError('run', id);
    this.#readers.delete(id);
  }

  async list(query: RunQuery): Promise<Page<RunSummary>> {
    const page = await this.#options.store.runs.list(query);
    return { ...page, items: page.items.map((run) => this.#live.get(run.id)?.summary() ?? run) };
  }

  async summary(id: string): Promise<RunSummary> {
    const live = this.#live.get(id);
    if (live) return live.summary();
    const { document: _, keepOpen: __, ...summary } = await this.#record(id);
    return summary;
  }

  /** The graph a run was started with, inputs included. */
  async document(id: string): Promise<Graph> {
    return (await this.#record(id)).document;
  }

  /** What a run did, with at most `cap` outputs per node and `cap` errors, and cursors where there are more. */
  async report(id: string, cap: number = reportCap): Promise<RunReport> {
    const [summary, reader] = [await this.summary(id), await this.#reader(id)];
    const { document } = await this.#record(id);
    const { outputs, cursors } = await reader.outputsByNode(endNodes(document), cap);
    const errors: ErrorRecord[] = [];
    let cursor: string | null = null;
    do {
      const page: Page<ErrorRecord> = await reader.errors({
        limit: Math.min(1000, cap - errors.length),
        ...(cursor && { cursor }),
      });
      errors.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor && errors.length < cap);
    return {
      ...summary,
      outputs,
      errors,
      ...(Object.keys(cursors).length > 0 && { outputCursors: cursors }),
      ...(cursor && { errorCursor: cursor }),
    };
  }

  async tasks(id: string, query: PageQuery & { node?: string; status?: TaskStatus }): Promise<Page<Task>> {
    return (await this.#reader(id)).tasks(query, this.#running(id));
  }

  async task(id: string, task: string): Promise<Task> {
    return (await this.#reader(id)).task(task, this.#running(id));
  }

  /** The tasks one came from, or those that came from it, each with every attempt and where it ran. */
  async lineage(id: string, task: string, query: PageQuery & { direction: Direction }): Promise<Page<Task>> {
    return (await this.#reader(id)).lineage(task, query.direction, query, this.#running(id));
  }

  async outputs(id: string, query: PageQuery & { node?: string }): Promise<Page<unknown>> {
    return (await this.#reader(id)).outputs(query);
  }

  async errors(id: string, query: PageQuery & { node?: string; q?: string }): Promise<Page<ErrorRecord>> {
    return (await this.#reader(id)).errors(query);
  }

  /**
   * Tells how a run goes on: at once where it stands, with errors and logs since `afterSeq`, then at most every
   * 50 ms until it has ended.
   * @returns a function that ends the subscription
   */
  async subscribe(id: string, onNews: (news: RunNews) => void, afterSeq = 0): Promise<() => void> {
    // What happens while the journal is read waits, so that nothing is left out; what the journal has told already
    // is not told again.
    let waiting: RunNews[] | undefined = [];
    const told = new Set<string>();
    const tell = (news: RunNews) => {
      const isNew = (item: { task: string; at?: string }) => !told.has(`${item.task} ${item.at}`);
      onNews({ ...news, errors: news.errors.filter(isNew), logs: news.logs.filter(isNew) });
    };
    const live = this.#live.get(id);
    const stop = live?.subscribe((news) => (waiting ? waiting.push(news) : tell(news)));
    const reader = await this.#reader(id);
    const [errors, logs] = [await recentErrors(reader, afterSeq), await reader.logs(afterSeq, 20)];
    for (const { task, at } of [...errors, ...logs]) told.add(`${task} ${at}`);
    if (live && stop) {
      onNews({ ...live.news(), errors, logs });
      const late = waiting;
      waiting = undefined;
      for (const news of late) tell(news);
      return stop;
    }
    const run = await this.summary(id);
    const [last] = (await this.#options.store.runs.summaries(id)).slice(-1);
    const edges = run.edges ?? [];
    onNews({ seq: last?.last ?? 0, run, edges, rates: {}, fractions: {}, errors, logs });
    return () => {};
  }

  /** Hears from the executor how far a task is, 0 to 1. */
  progressed(run: string, node: string, fraction: number): void {
    this.#live.get(run)?.progressed(node, fraction);
  }

  async statistics(): Promise<{
    runs: Record<RunStatus, number>;
    live: { runs: number; tasksRunning: number; tasksPending: number };
    workers: { parallelism: number; busy: number; alive: number };
  }> {
    const { executor, store } = this.#options;
    const live = [...this.#live.values()].flatMap((run) => Object.values(run.summary().nodes));
    return {
      runs: await store.runs.counts(),
      live: {
        runs: this.#live.size,
        tasksRunning: live.reduce((sum, node) => sum + node.running, 0),
        tasksPending: live.reduce((sum, node) => sum + node.input - endedTasks(node) - node.running, 0),
      },
      workers: { parallelism: executor.parallelism, busy: 0, alive: 0, ...executor.stats },
    };
  }

  /** Settles when a live run has ended; at once when it is not live. */
  async ended(id: string): Promise<void> {
    await this.#live.get(id)?.ended;
  }

  /** Ids of the runs that live in this engine. */
  liveRuns(): string[] {
    return [...this.#live.keys()];
  }

  /**
   * Lets go of all live runs, for a host that ends: what has happened is brought into the store, and what their
   * tasks still give counts no more. Whoever opens the store next goes on with them.
   */
  async leave(): Promise<void> {
    const runs = [...this.#live.values()];
    this.#live.clear();
    await Promise.all(runs.map((run) => run.leave()));
  }

  #isElsewhere(owner: string | undefined): boolean {
    const { owner: self, isAlive } = this.#options;
    return owner !== undefined && owner !== self && (isAlive?.(owner) ?? false);
  }

  #stateOf(id: string, plan: Plan, keepOpen: boolean): SchedulerState {
    const { executor, random = Math.random } = this.#options;
    return createState(plan, { run: id, parallelism: executor.parallelism, keepOpen, random });
  }

  #enliven(summary: RunSummary, state: SchedulerState, nodes: PreparedNode[], graph: Graph): LiveRun {
    const { executor, store, clock } = this.#options;
    const run = new LiveRun({ summary, state, executor, journal: store.runs, clock });
    this.#live.set(run.id, run);
    executor.open({ id: run.id, nodes, settings: graph.settings ?? {} });
    void run.ended.then(() => this.#live.delete(run.id));
    return run;
  }

  /** A run that cannot be resumed (its journal is damaged, a node type is gone) has failed, and says why. */
  async #giveUp(id: string, error: unknown): Promise<void> {
    const { document: _, keepOpen: __, ...summary } = await this.#record(id);
    const finishedAt = new Date(this.#options.clock.now()).toISOString();
    const reason = `The run could not be resumed: ${toWireError(error).message}`;
    await this.#options.store.runs.append({ ...summary, status: 'failed', finishedAt, reason }, []);
  }

  /** A live run that still takes events. Ask and send at once: after an `await` it may have ended. */
  #goingOn(id: string): LiveRun | undefined {
    const run = this.#live.get(id);
    return run?.isEnding ? undefined : run;
  }

  /** @throws ConflictError `run_ended`, once that is so for all to see */
  async #refuse(id: string): Promise<never> {
    await this.ended(id);
    throw runEnded(id, (await this.#record(id)).status);
  }

  /** A run that has ended, or is about to, living again. */
  async #reviveEnded(id: string): Promise<LiveRun> {
    await this.ended(id);
    return this.#revive(id);
  }

  async #failedTasks(id: string, which: FailedTasks): Promise<ErrorRecord[]> {
    const failed: ErrorRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.errors(id, {
        ...(which.node && { node: which.node }),
        limit: 1000,
        ...(cursor && { cursor }),
      });
      failed.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    const wanted = which.tasks && new Set(which.tasks);
    return failed.filter(({ name, task }) => (which.error ?? name) === name && (wanted?.has(task) ?? true));
  }

  #check(document: unknown): Promise<ValidGraph> {
    return validateGraph(document, this.#options.registry, this.#options.tools);
  }

  async #record(id: string): Promise<RunRecord> {
    const record = await this.#options.store.runs.get(id);
    if (!record) throw new NotFoundError('run', id);
    return record;
  }

  /** A reader of the run's journal, brought up to this moment. */
  async #reader(id: string): Promise<JournalReader> {
    await this.#live.get(id)?.flush();
    const kept = this.#readers.get(id);
    if (kept) return kept;
    await this.#record(id);
    const reader = new JournalReader(this.#options.store.runs, id);
    this.#readers.set(id, reader);
    if (this.#readers.size > keptReaders) this.#readers.delete(this.#readers.keys().next().value as string);
    return reader;
  }

  #running(id: string): ReadonlySet<number> {
    return this.#live.get(id)?.runningTasks() ?? new Set();
  }
}

function groupByNode(errors: ErrorRecord[]): Map<string, ErrorRecord[]> {
  const groups = new Map<string, ErrorRecord[]>();
  for (const error of errors) {
    const group = groups.get(error.node);
    if (group) group.push(error);
    else groups.set(error.node, [error]);
  }
  return groups;
}

const runEnded = (id: string, status: RunStatus): ConflictError =>
  new ConflictError('run_ended', `The run has ended already: ${status}.`, { details: { id, status } });

/** The engine of a host; see {@link Engine}. */
export function createEngine(options: EngineOptions): Engine {
  return new Engine(options);
}

/** Nodes whose results are outputs of the run: none of their edges leaves another port than the error port. */
function endNodes(graph: Graph): string[] {
  const sources = new Set(
    graph.edges.filter((edge) => edge.sourcePort !== 'error').map((edge) => edge.source),
  );
  return graph.nodes.map((node) => node.id).filter((id) => !sources.has(id));
}

async function recentErrors(reader: JournalReader, afterSeq: number): Promise<ErrorRecord[]> {
  const { items } = await reader.errors({ limit: 20, cursor: `${afterSeq + 1}.0` });
  return items;
}
