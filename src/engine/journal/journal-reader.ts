/**
 * Answers questions about a run from its journal: tasks, outputs, errors. Summaries say which chunks matter; only
 * those are read, and only as far as one page needs.
 */
import { HandloomError, NotFoundError, StoreError } from '../../errors.ts';
import { limitOf } from '../../schema/page.ts';
import type { ErrorRecord, Task, TaskStatus } from '../../schema/run.ts';
import type { Page, PageQuery, RunStore } from '../../store/store.ts';
import { ChunkReader } from './chunk-reader.ts';
import { pageOrAll } from './every-item.ts';
import {
  attemptEnd,
  type ChunkSummary,
  errorRecordsOf,
  type JournalEntry,
  type NodeSummary,
} from './journal.ts';
import { type Direction, lineage } from './lineage.ts';
import { PageRoom, type TakenRoom } from './page-room.ts';
import { deliveriesOf, describeTasks } from './task-history.ts';

/** Tasks looked up in the journal at once. */
const windowSize = 1_000;

type Column = keyof Pick<
  NodeSummary,
  'delivered' | 'failed' | 'duplicate' | 'cancelled' | 'redelivered' | 'outputs' | 'logs'
>;

/** A place in the journal: an entry, and a position in its columns. */
interface Place {
  seq: number;
  offset: number;
}

/** A row with the cursor of the page that begins with it. */
interface Placed<T> {
  item: T;
  at: string;
}

/** A page of a list, where it is told with others: in the room that is left. */
export type SharedPage = PageQuery & { taken?: TakenRoom };

interface Walk {
  column: Column;
  node?: string;
  cursor?: string;
}

export class JournalReader {
  readonly #chunks: ChunkReader;

  constructor(runs: RunStore, run: string) {
    this.#chunks = new ChunkReader(runs, run);
  }

  /** Why the journal cannot be read to its end, as far as it has been looked at. */
  get problem(): Page<unknown>['problem'] {
    return this.#chunks.problem;
  }

  /** Outputs in the order they came. */
  async outputs(query: SharedPage & { node?: string }): Promise<Page<unknown>> {
    const page = await this.#placed({ ...query, column: 'outputs' }, (entry) =>
      entry.kind === 'output' && matches(entry, query.node) ? entry.values : [],
    );
    return this.#fitting(page.items, page.nextCursor, query);
  }

  /** Failed tasks in the order they failed, with their payloads. `q` is looked for in name, message and node. */
  async errors(query: SharedPage & { node?: string; q?: string }): Promise<Page<ErrorRecord>> {
    const wanted = query.q?.toLowerCase();
    const stillFailed = await this.#stillFailed();
    const page = await this.#placed({ ...query, column: 'failed' }, (entry) => {
      if (entry.kind !== 'attempt' || entry.errors.length === 0 || !matches(entry, query.node)) return [];
      const records = errorRecordsOf(entry).filter(({ task }) => stillFailed(Number(task), entry.seq));
      if (!wanted) return records;
      return records.filter((r) => `${r.name}\n${r.message}\n${r.node}`.toLowerCase().includes(wanted));
    });
    const payloads = await deliveriesOf(
      this.#chunks,
      page.items.map(({ item }) => Number(item.task)),
    );
    const records = page.items.map(({ item, at }) => {
      return { item: { ...item, payload: payloads.get(Number(item.task))?.payload }, at };
    });
    return this.#fitting(records, page.nextCursor, query);
  }

  /** Log lines with a sequence number above `after`, the newest `limit`. */
  async logs(
    after: number,
    limit: number,
  ): Promise<{ node: string; task: string; at: string; message: string; data?: unknown }[]> {
    const found: JournalEntry[] = [];
    const summaries = await this.#chunks.summaries(after);
    for (const summary of summaries.reverse()) {
      if (found.length >= limit) break;
      if (!holds(summary, 'logs')) continue;
      const entries = await this.#chunks.entries(summary.first);
      found.unshift(...entries.filter((entry) => entry.kind === 'log' && entry.seq > after));
    }
    return found.slice(-limit).flatMap((entry) => {
      if (entry.kind !== 'log') return [];
      const { node, task, message, data, at } = entry;
      return [{ node, task: String(task), at: new Date(at).toISOString(), message, data }];
    });
  }

  /**
   * Tasks in the order they came into being; those with an end status, in the order they ended.
   * @param running numbers of the tasks under way, which the journal does not know
   */
  async tasks(
    query: PageQuery & { node?: string; status?: TaskStatus },
    running: ReadonlySet<number>,
  ): Promise<Page<Task>> {
    const { status, node } = query;
    if (status === 'failed' || status === 'duplicate' || status === 'cancelled') {
      const isSo = status === 'failed' ? await this.#stillFailed() : () => true;
      const page = await this.#placed({ ...query, column: status }, (entry) =>
        'node' in entry && matches(entry, node)
          ? tasksEndedAs(entry, status).filter((task) => isSo(task, entry.seq))
          : [],
      );
      const places = new Map(page.items.map(({ item, at }) => [String(item), at]));
      const numbers = page.items.map(({ item }) => item);
      const tasks = (await describeTasks(this.#chunks, numbers, running)).map((item) => {
        return { item, at: places.get(item.id) as string };
      });
      return this.#fitting(tasks, page.nextCursor, query);
    }
    const room = new PageRoom(limitOf(query));
    const items: Task[] = [];
    const delivered = this.#walk({ ...query, column: 'delivered' }, (entry) =>
      entry.kind === 'deliver' && matches(entry, node) ? entry.payloads.map((_, i) => entry.first + i) : [],
    );
    for await (const { seq, start, found } of delivered) {
      for (let at = start; at < found.length; at += windowSize) {
        const numbers = found.slice(at, at + windowSize);
        for (const task of await describeTasks(this.#chunks, numbers, running)) {
          if (status && task.status !== status) continue;
          if (!room.take(task)) return { items, nextCursor: `${seq}.${found.indexOf(Number(task.id))}` };
          items.push(task);
        }
      }
    }
    return this.#pageOf(items);
  }

  /** One task. @throws NotFoundError */
  async task(id: string, running: ReadonlySet<number>): Promise<Task> {
    const number = /^[1-9]\d{0,14}$/.test(id) ? Number(id) : 0;
    const [task] = await describeTasks(this.#chunks, [number], running, true);
    if (task) return task;
    // It may be in what cannot be read.
    const { problem } = this.#chunks;
    throw problem ? new StoreError(problem.code, problem.message) : new NotFoundError('task', id);
  }

  /** The tasks one came from, or those that came from it, in the order of their numbers. @throws NotFoundError */
  async lineage(
    id: string,
    direction: Direction,
    query: PageQuery,
    running: ReadonlySet<number>,
  ): Promise<Page<Task>> {
    await this.task(id, running);
    const after = query.cursor === undefined ? 0 : parseCursor(query.cursor).seq;
    const numbers = (await lineage(this.#chunks, Number(id), direction)).filter((number) => number > after);
    const page = numbers.slice(0, limitOf(query));
    const tasks = (await describeTasks(this.#chunks, page, running, true)).map((item) => {
      // Where it does not fit, the next page goes on after the one before it.
      return { item, at: `${Number(item.id) - 1}.0` };
    });
    const next = page.length < numbers.length ? `${page.at(-1)}.0` : null;
    return this.#fitting(tasks, next, query);
  }

  /** Outputs by node, for a report: all, or a page of each; the cursor says where a longer list goes on. */
  async outputsByNode(
    nodes: string[],
    page: SharedPage | undefined,
  ): Promise<{ outputs: Record<string, unknown[]>; cursors: Record<string, string> }> {
    const outputs: Record<string, unknown[]> = {};
    const cursors: Record<string, string> = {};
    for (const node of nodes) {
      const { items, nextCursor } = await pageOrAll((query) => this.outputs({ ...query, node }), page);
      outputs[node] = items;
      if (nextCursor) cursors[node] = nextCursor;
    }
    return { outputs, cursors };
  }

  /** The last page of a list says if that ends before its end, as far as this is known when all of it has been read. */
  #pageOf<T>(items: T[], nextCursor: string | null = null): Page<T> {
    const problem = nextCursor === null ? this.#chunks.problem : undefined;
    return { items, nextCursor, ...(problem && { problem }) };
  }

  /** As many of these as fit into a page; where that is not all, it goes on at the first that does not. */
  #fitting<T>(rows: Placed<T>[], nextCursor: string | null, query: SharedPage): Page<T> {
    const room = new PageRoom(limitOf(query), query.taken);
    const items: T[] = [];
    for (const { item, at } of rows) {
      if (!room.take(item)) return { items, nextCursor: at };
      items.push(item);
    }
    return this.#pageOf(items, nextCursor);
  }

  /** Cuts rows for a page out of what {@link #walk} finds. */
  async #placed<T>(
    query: Walk & PageQuery,
    pick: (entry: JournalEntry) => T[],
  ): Promise<{ items: Placed<T>[]; nextCursor: string | null }> {
    const limit = limitOf(query);
    const items: Placed<T>[] = [];
    for await (const { seq, start, found } of this.#walk(query, pick)) {
      for (let i = start; i < found.length; i++) {
        const at = `${seq}.${i}`;
        if (items.length === limit) return { items, nextCursor: at };
        items.push({ item: found[i] as T, at });
      }
    }
    return { items, nextCursor: null };
  }

  /** Walks, from the cursor on, the entries of chunks that hold something of `column`, and gives what `pick` finds. */
  async *#walk<T>(
    query: Walk,
    pick: (entry: JournalEntry) => T[],
  ): AsyncGenerator<{ seq: number; start: number; found: T[] }> {
    const from = query.cursor === undefined ? { seq: 0, offset: 0 } : parseCursor(query.cursor);
    for (const summary of await this.#chunks.summaries(Math.max(0, from.seq - 1))) {
      if (!holds(summary, query.column, query.node)) continue;
      for (const entry of await this.#chunks.entries(summary.first)) {
        if (entry.seq < from.seq) continue;
        const found = pick(entry);
        const start = entry.seq === from.seq ? from.offset : 0;
        if (found.length > start) yield { seq: entry.seq, start, found };
      }
    }
  }

  /** Tells whether a task that failed at `seq` has not been put back since to be tried again. */
  async #stillFailed(): Promise<(task: number, seq: number) => boolean> {
    const found = new Map<number, number>();
    for (const summary of await this.#chunks.summaries()) {
      if (!holds(summary, 'redelivered')) continue;
      for (const entry of await this.#chunks.entries(summary.first)) {
        if (entry.kind === 'redeliver') for (const task of entry.tasks) found.set(task, entry.seq);
      }
    }
    return (task, seq) => (found.get(task) ?? 0) < seq;
  }
}

function tasksEndedAs(entry: JournalEntry, status: 'failed' | 'duplicate' | 'cancelled'): number[] {
  if (entry.kind === 'attempt') {
    return status === 'failed' ? entry.tasks.filter((_, i) => entry.ends?.[i] === attemptEnd.failed) : [];
  }
  const kind = status === 'cancelled' ? 'cancel' : status;
  return entry.kind === kind ? entry.tasks : [];
}

function holds(summary: ChunkSummary, column: Column, node?: string): boolean {
  if (node !== undefined) return (summary.nodes[node]?.[column] ?? 0) > 0;
  return Object.values(summary.nodes).some((counts) => counts[column] > 0);
}

const matches = (entry: { node: string }, node: string | undefined): boolean =>
  node === undefined || entry.node === node;

function parseCursor(cursor: string): Place {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor);
  if (!match) throw new HandloomError('bad_cursor', `There is no cursor ${JSON.stringify(cursor)}.`);
  return { seq: Number(match[1]), offset: Number(match[2]) };
}
