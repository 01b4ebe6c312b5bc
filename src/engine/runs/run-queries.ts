/**
 * What is asked about runs, whether they live or have ended: lists, reports, tasks, outputs, errors, news. Answered
 * from live runs where they know, else from the journal.
 */
import type { Graph } from '../../schema/graph.ts';
import { defaultLimit } from '../../schema/page.ts';
import type {
  ErrorRecord,
  ReadProblem,
  RunReport,
  RunStatus,
  RunSummary,
  Task,
  TaskStatus,
} from '../../schema/run.ts';
import { nodesWithin, pathTo } from '../../schema/subgraph.ts';
import type { Page, PageQuery, RunQuery, Store } from '../../store/store.ts';
import type { Executor } from '../executor.ts';
import { pageOrAll } from '../journal/every-item.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { Direction } from '../journal/lineage.ts';
import type { KeptValues } from '../values/kept-values.ts';
import { shown } from '../values/missing-values.ts';
import { type FailedTasks, failedTasks } from './failed-tasks.ts';
import type { LiveRuns } from './live-runs.ts';
import { newsLimit, type RunNews } from './run-news.ts';
import { endedTasks } from './run-summary.ts';
import { storedRecord, storedSummary } from './stored-run.ts';

/** Journals of ended runs that stay at hand for further questions. */
const keptReaders = 8;
/** Graphs kept in memory. */
const keptStructures = 64;

export interface CountingExecutor extends Executor {
  /** Workers that live, and those at work. */
  readonly stats?: { alive: number; busy: number };
}

interface KeptReader {
  reader: JournalReader;
  /** When payloads of the run had last been let go of; undefined where that is never done. */
  droppedAt: string | undefined;
  drops: boolean;
}

export abstract class RunQueries {
  protected readonly store: Store;
  protected readonly executor: CountingExecutor;
  /** Large payloads, which are fetched for whoever asks. */
  protected readonly values: KeptValues;
  protected abstract readonly live: LiveRuns;
  readonly #readers = new Map<string, KeptReader>();
  /** Graphs of runs asked about lately. */
  readonly #structures = new Map<string, Graph>();

  constructor(store: Store, executor: CountingExecutor, values: KeptValues) {
    this.store = store;
    this.executor = executor;
    this.values = values;
  }

  async list(query: RunQuery): Promise<Page<RunSummary>> {
    const page = await this.store.runs.list(query);
    const sizes = await this.store.runs.sizes(page.items.map(({ id }) => id));
    const items = page.items.map((run) => ({
      ...(this.live.get(run.id)?.summary() ?? run),
      bytes: sizes.get(run.id) ?? 0,
    }));
    return { ...page, items };
  }

  async summary(id: string): Promise<RunSummary> {
    return this.live.get(id)?.summary() ?? storedSummary(this.store.runs, id);
  }

  /** Bytes that a run's journal takes in the store, and the artifacts it uses. */
  async bytes(id: string): Promise<number> {
    return (await this.store.runs.sizes([id])).get(id) ?? 0;
  }

  /** The graph a run was started with, inputs included. */
  async document(id: string): Promise<Graph> {
    return this.values.restore((await storedRecord(this.store.runs, id)).document);
  }

  /** The graph of a run without its inputs, which may be many: they are read only where nothing else is known. */
  async structure(id: string): Promise<Graph> {
    const known = this.#structures.get(id);
    return known ?? this.keepStructure(id, (await storedRecord(this.store.runs, id)).document);
  }

  protected keepStructure(id: string, { inputs: _, ...graph }: Graph): Graph {
    this.#structures.set(id, graph);
    if (this.#structures.size > keptStructures)
      this.#structures.delete(this.#structures.keys().next().value as string);
    return graph;
  }

  /**
   * What a run did, with at most `cap` outputs per node and `cap` errors, of large ones those that fit on one page
   * together and at least one of each, and cursors where there are more. Without a bound on `cap`, all.
   */
  async report(id: string, cap: number = defaultLimit): Promise<RunReport> {
    const [summary, reader] = [await this.summary(id), await this.#reader(id)];
    const remaining = this.live.get(id)?.remaining();
    const page = Number.isFinite(cap) ? { limit: cap, taken: { bytes: 0 } } : undefined;
    const errors = await pageOrAll((query) => reader.errors(query), page);
    const { outputs, cursors } = await reader.outputsByNode(outputNodes(await this.structure(id)), page);
    let missing: ReadProblem | undefined;
    const show = async <T>(values: T[]): Promise<T[]> => {
      const { items, problem } = await shown(this.values, values);
      missing ??= problem;
      return items;
    };
    for (const [node, values] of Object.entries(outputs)) outputs[node] = await show(values);
    const whole = await show(errors.items);
    const problem = reader.problem ?? missing;
    return {
      ...summary,
      bytes: await this.bytes(id),
      outputs,
      errors: whole,
      ...(remaining && { remaining }),
      ...(Object.keys(cursors).length > 0 && { outputCursors: cursors }),
      ...(errors.nextCursor && { errorCursor: errors.nextCursor }),
      ...(problem && { problem }),
    };
  }

  async tasks(id: string, query: PageQuery & { node?: string; status?: TaskStatus }): Promise<Page<Task>> {
    return this.#whole(await (await this.#reader(id)).tasks(query, this.#running(id)));
  }

  async task(id: string, task: string): Promise<Task> {
    const found = await (await this.#reader(id)).task(task, this.#running(id));
    const { items, problem } = await shown(this.values, [found]);
    return { ...(items[0] as Task), ...(problem && { problem }) };
  }

  /** The tasks one came from, or those that came from it, each with every attempt and where it ran. */
  async lineage(id: string, task: string, query: PageQuery & { direction: Direction }): Promise<Page<Task>> {
    const reader = await this.#reader(id);
    return this.#whole(await reader.lineage(task, query.direction, query, this.#running(id)));
  }

  async outputs(id: string, query: PageQuery & { node?: string }): Promise<Page<unknown>> {
    return this.#whole(await (await this.#reader(id)).outputs(query));
  }

  async errors(id: string, query: PageQuery & { node?: string; q?: string }): Promise<Page<ErrorRecord>> {
    return this.#whole(await (await this.#reader(id)).errors(query));
  }

  /** By node, with large payloads as references. */
  protected async failedTasks(id: string, which: FailedTasks): Promise<Map<string, ErrorRecord[]>> {
    const nodes = which.node === undefined ? undefined : await this.#nodesCalled(id, which.node);
    const errors = async (query: PageQuery & { node?: string }) => (await this.#reader(id)).errors(query);
    return failedTasks(errors, { ...which, nodes });
  }

  /** A node of a run, and those within it where it is a subgraph. */
  async #nodesCalled(id: string, node: string): Promise<string[]> {
    const { nodes } = await this.summary(id);
    if (!Object.keys(nodes).some((other) => other.startsWith(`${node}/`))) return [node];
    const called = pathTo(await this.structure(id), node)?.at(-1);
    const within = called ? nodesWithin({ ...called, id: node }) : [];
    return [node, ...within.map((inner) => inner.id)];
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
    const live = this.live.get(id);
    const stop = live?.news.subscribe((news) => (waiting ? waiting.push(news) : tell(news)));
    try {
      const reader = await this.#reader(id);
      const errors = (await shown(this.values, await recentErrors(reader, afterSeq))).items;
      const logs = await reader.logs(afterSeq, newsLimit);
      for (const { task, at } of [...errors, ...logs]) told.add(`${task} ${at}`);
      onNews({ ...(live ? live.news.now() : await this.#lastNews(id)), errors, logs });
    } catch (error) {
      stop?.();
      throw error;
    }
    const late = waiting;
    waiting = undefined;
    for (const news of late) tell(news);
    return stop ?? (() => {});
  }

  /** Where a run stands that does not live here. */
  async #lastNews(id: string): Promise<Omit<RunNews, 'errors' | 'logs'>> {
    const run = await this.summary(id);
    const [last] = (await this.store.runs.summaries(id)).slice(-1);
    return { seq: last?.last ?? 0, run, edges: run.edges ?? [], rates: {}, fractions: {} };
  }

  async statistics(): Promise<{
    runs: Record<RunStatus, number>;
    live: { runs: number; tasksRunning: number; tasksPending: number };
    workers: { parallelism: number; busy: number; alive: number };
    cache: { entries: number; bytes: number };
  }> {
    const { executor, store } = this;
    const live = this.live.all().flatMap((run) => Object.values(run.summary().nodes));
    return {
      runs: await store.runs.counts(),
      live: {
        runs: this.live.size,
        tasksRunning: live.reduce((sum, node) => sum + node.running, 0),
        tasksPending: live.reduce((sum, node) => sum + node.input - endedTasks(node) - node.running, 0),
      },
      workers: { parallelism: executor.parallelism, busy: 0, alive: 0, ...executor.stats },
      cache: await store.cache.size(),
    };
  }

  /** A reader of the run's journal, brought up to this moment. */
  async #reader(id: string): Promise<JournalReader> {
    await this.live.get(id)?.flush();
    const kept = this.#readers.get(id);
    if (kept && !kept.drops) return kept.reader;
    const { dropsPayloads, payloadsDroppedAt } = await storedSummary(this.store.runs, id);
    // Another host may have let go of payloads: what was read before has them still, and their artifacts are gone.
    if (kept && kept.droppedAt === payloadsDroppedAt) return kept.reader;
    const reader = new JournalReader(this.store.runs, id);
    this.#readers.set(id, { reader, droppedAt: payloadsDroppedAt, drops: dropsPayloads !== undefined });
    if (this.#readers.size > keptReaders) this.#readers.delete(this.#readers.keys().next().value as string);
    return reader;
  }

  /** A page with the content of what it refers to, and what is wrong in the place of what is missing. */
  async #whole<T>(page: Page<T>): Promise<Page<T>> {
    const { items, problem: missing } = await shown(this.values, page.items);
    const problem = page.problem ?? missing;
    return { ...page, items, ...(problem && { problem }) };
  }

  #running(id: string): ReadonlySet<number> {
    return this.live.get(id)?.runningTasks() ?? new Set();
  }

  /** Drops what is kept of a run that is no more. */
  protected forget(id: string): void {
    this.#readers.delete(id);
    this.#structures.delete(id);
  }
}

/** Nodes whose results are outputs of the run: none of their edges leaves another port than the error port. */
export function outputNodes(graph: Graph): string[] {
  const sources = new Set(
    graph.edges.filter((edge) => edge.sourcePort !== 'error').map((edge) => edge.source),
  );
  return graph.nodes.map((node) => node.id).filter((id) => !sources.has(id));
}

/** The first errors after that, those beyond one page of large ones without their payloads. */
async function recentErrors(reader: JournalReader, afterSeq: number): Promise<ErrorRecord[]> {
  const { items, nextCursor } = await reader.errors({ limit: newsLimit, cursor: `${afterSeq + 1}.0` });
  for (let cursor = nextCursor; cursor && items.length < newsLimit; ) {
    const page = await reader.errors({ limit: newsLimit - items.length, cursor });
    for (const { payload: _, ...error } of page.items) items.push(error);
    cursor = page.nextCursor;
  }
  return items;
}
