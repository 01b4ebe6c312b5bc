/**
 * Answers questions about a run from its journal: tasks, outputs, errors. Summaries say which chunks matter; only
 * those are read, and only as far as one page needs.
 */
import { HandloomError, NotFoundError, StoreError, type WireError } from '../errors.ts';
import type { Attempt, ErrorRecord, Task, TaskStatus } from '../schema/run.ts';
import type { Page, PageQuery, RunStore } from '../store/store.ts';
import {
  type AttemptEntry,
  attemptEnd,
  type ChunkSummary,
  errorRecordsOf,
  type JournalChunk,
  type JournalEntry,
  type NodeSummary,
} from './journal.ts';
import { type Direction, lineage } from './lineage.ts';

export const defaultLimit = 100;
export const largestLimit = 1_000;
/** Decoded chunks kept for the next question. */
const keptChunks = 16;
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

interface Walk {
  column: Column;
  node?: string;
  cursor?: string;
}

type ReadProblem = NonNullable<Page<unknown>['problem']>;

/** A chunk of a journal that must be there. @throws StoreError `chunk_damaged` */
export async function chunkAt(
  runs: Pick<RunStore, 'chunk'>,
  run: string,
  first: number,
): Promise<JournalChunk> {
  const chunk = await runs.chunk(run, first);
  if (chunk) return chunk;
  const message = `The journal of run ${run} lacks its chunk from entry ${first} on.`;
  throw new StoreError('chunk_damaged', message, { details: { run, first } });
}

export class JournalReader {
  readonly #runs: RunStore;
  readonly #run: string;
  readonly #chunks = new Map<number, JournalChunk>();
  /** The first chunk found damaged. What comes after it is not told: it may rest on what was lost. */
  #damage: { first: number; problem: ReadProblem } | undefined;

  constructor(runs: RunStore, run: string) {
    this.#runs = runs;
    this.#run = run;
  }

  /** Why the journal cannot be read to its end, as far as it has been looked at. */
  get problem(): ReadProblem | undefined {
    return this.#damage?.problem;
  }

  /** Outputs in the order they came. */
  async outputs(query: PageQuery & { node?: string }): Promise<Page<unknown>> {
    return this.#page({ ...query, column: 'outputs' }, (entry) =>
      entry.kind === 'output' && matches(entry, query.node) ? entry.values : [],
    );
  }

  /** Failed tasks in the order they failed, with their payloads. `q` is looked for in name, message and node. */
  async errors(query: PageQuery & { node?: string; q?: string }): Promise<Page<ErrorRecord>> {
    const wanted = query.q?.toLowerCase();
    const stillFailed = await this.#stillFailed();
    const page = await this.#page({ ...query, column: 'failed' }, (entry) => {
      if (entry.kind !== 'attempt' || entry.errors.length === 0 || !matches(entry, query.node)) return [];
      const records = errorRecordsOf(entry).filter(({ task }) => stillFailed(Number(task), entry.seq));
      if (!wanted) return records;
      return records.filter((r) => `${r.name}\n${r.message}\n${r.node}`.toLowerCase().includes(wanted));
    });
    const payloads = await this.#deliveries(page.items.map((record) => Number(record.task)));
    return {
      ...page,
      items: page.items.map((record) => ({ ...record, payload: payloads.get(Number(record.task))?.payload })),
    };
  }

  /** Log lines with a sequence number above `after`, the newest `limit`. */
  async logs(
    after: number,
    limit: number,
  ): Promise<{ node: string; task: string; at: string; message: string; data?: unknown }[]> {
    const found: JournalEntry[] = [];
    const summaries = await this.#summaries(after);
    for (const summary of summaries.reverse()) {
      if (found.length >= limit) break;
      if (!holds(summary, 'logs')) continue;
      const entries = await this.#entries(summary.first);
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
      const page = await this.#page({ ...query, column: status }, (entry) =>
        'node' in entry && matches(entry, node)
          ? tasksEndedAs(entry, status).filter((task) => isSo(task, entry.seq))
          : [],
      );
      return { ...page, items: await this.#describe(page.items, running) };
    }
    const limit = limitOf(query);
    const items: Task[] = [];
    const delivered = this.#walk({ ...query, column: 'delivered' }, (entry) =>
      entry.kind === 'deliver' && matches(entry, node) ? entry.payloads.map((_, i) => entry.first + i) : [],
    );
    for await (const { seq, start, found } of delivered) {
      for (let at = start; at < found.length; at += windowSize) {
        const numbers = found.slice(at, at + windowSize);
        for (const task of await this.#describe(numbers, running)) {
          if (status && task.status !== status) continue;
          if (items.length === limit)
            return { items, nextCursor: `${seq}.${found.indexOf(Number(task.id))}` };
          items.push(task);
        }
      }
    }
    return this.#lastPage(items);
  }

  /** One task. @throws NotFoundError */
  async task(id: string, running: ReadonlySet<number>): Promise<Task> {
    const number = /^[1-9]\d{0,14}$/.test(id) ? Number(id) : 0;
    const [task] = await this.#describe([number], running, true);
    if (!task) throw new NotFoundError('task', id);
    return task;
  }

  /** The tasks one came from, or those that came from it, in the order of their numbers. @throws NotFoundError */
  async lineage(
    id: string,
    direction: Direction,
    query: PageQuery,
    running: ReadonlySet<number>,
  ): Promise<Page<Task>> {
    await this.task(id, running);
    const journal = {
      summaries: () => this.#summaries(),
      entries: (first: number) => this.#entries(first),
    };
    const after = query.cursor === undefined ? 0 : parseCursor(query.cursor).seq;
    const numbers = (await lineage(journal, Number(id), direction)).filter((number) => number > after);
    const page = numbers.slice(0, limitOf(query));
    return {
      items: await this.#describe(page, running, true),
      nextCursor: page.length < numbers.length ? `${page.at(-1)}.0` : null,
    };
  }

  /** All outputs by node, for a report. `cap` per node; the cursor says where a longer list goes on. */
  async outputsByNode(
    nodes: string[],
    cap: number,
  ): Promise<{ outputs: Record<string, unknown[]>; cursors: Record<string, string> }> {
    const outputs: Record<string, unknown[]> = {};
    const cursors: Record<string, string> = {};
    for (const node of nodes) {
      const values: unknown[] = (outputs[node] = []);
      let cursor: string | null = null;
      do {
        const limit = Math.min(largestLimit, cap - values.length);
        const page: Page<unknown> = await this.outputs({ node, limit, ...(cursor && { cursor }) });
        for (const value of page.items) values.push(value);
        cursor = page.nextCursor;
      } while (cursor && values.length < cap);
      if (cursor) cursors[node] = cursor;
    }
    return { outputs, cursors };
  }

  /** The page that ends a list, which may end before its end. */
  #lastPage<T>(items: T[]): Page<T> {
    return { items, nextCursor: null, ...(this.#damage && { problem: this.#damage.problem }) };
  }

  /** Cuts a page out of what {@link #walk} finds. */
  async #page<T>(query: Walk & PageQuery, pick: (entry: JournalEntry) => T[]): Promise<Page<T>> {
    const limit = limitOf(query);
    const items: T[] = [];
    for await (const { seq, start, found } of this.#walk(query, pick)) {
      for (let i = start; i < found.length; i++) {
        if (items.length === limit) return { items, nextCursor: `${seq}.${i}` };
        items.push(found[i] as T);
      }
    }
    return this.#lastPage(items);
  }

  /** Walks, from the cursor on, the entries of chunks that hold something of `column`, and gives what `pick` finds. */
  async *#walk<T>(
    query: Walk,
    pick: (entry: JournalEntry) => T[],
  ): AsyncGenerator<{ seq: number; start: number; found: T[] }> {
    const from = query.cursor === undefined ? { seq: 0, offset: 0 } : parseCursor(query.cursor);
    for (const summary of await this.#summaries(Math.max(0, from.seq - 1))) {
      if (!holds(summary, query.column, query.node)) continue;
      for (const entry of await this.#entries(summary.first)) {
        if (entry.seq < from.seq) continue;
        const found = pick(entry);
        const start = entry.seq === from.seq ? from.offset : 0;
        if (found.length > start) yield { seq: entry.seq, start, found };
      }
    }
  }

  /** Tasks by number, with what the journal knows of each; numbers it does not know are left out. */
  async #describe(numbers: number[], running: ReadonlySet<number>, withHistory = false): Promise<Task[]> {
    const deliveries = await this.#deliveries(numbers);
    const waitingStatus = (number: number): TaskStatus => (running.has(number) ? 'running' : 'pending');
    const tasks = new Map<number, Task>();
    for (const number of numbers) {
      const delivery = deliveries.get(number);
      if (!delivery) continue;
      const { node, parent, partner, payload } = delivery;
      const status = waitingStatus(number);
      tasks.set(number, {
        id: String(number),
        node,
        status,
        attempts: 0,
        parent,
        ...(partner && { partner }),
        payload,
      });
    }
    await this.#eachEntry([...tasks.keys()], 'touched', (entry) => {
      if (!('tasks' in entry)) return;
      let error = 0;
      entry.tasks.forEach((number, i) => {
        const end = entry.kind === 'attempt' ? (entry.ends?.[i] ?? attemptEnd.succeeded) : undefined;
        const wire =
          entry.kind === 'attempt' && end !== attemptEnd.succeeded ? entry.errors[error++] : undefined;
        const task = tasks.get(number);
        if (!task) return;
        if (entry.kind === 'attempt') {
          endAttempt(task, entry, i, end ?? attemptEnd.succeeded, wire);
          if (withHistory) task.history = [...(task.history ?? []), attemptOf(entry, i, wire)];
        } else if (entry.kind === 'redeliver')
          delete Object.assign(task, { status: waitingStatus(number) }).error;
        else if (entry.kind !== 'start') task.status = entry.kind === 'cancel' ? 'cancelled' : 'duplicate';
      });
    });
    return [...tasks.values()];
  }

  /** Tells whether a task that failed at `seq` has not been put back since to be tried again. */
  async #stillFailed(): Promise<(task: number, seq: number) => boolean> {
    const found = new Map<number, number>();
    for (const summary of await this.#summaries()) {
      if (!holds(summary, 'redelivered')) continue;
      for (const entry of await this.#entries(summary.first)) {
        if (entry.kind === 'redeliver') for (const task of entry.tasks) found.set(task, entry.seq);
      }
    }
    return (task, seq) => (found.get(task) ?? 0) < seq;
  }

  async #deliveries(numbers: number[]) {
    const found = new Map<
      number,
      { node: string; payload: unknown; parent: string | null; partner?: string }
    >();
    const wanted = new Set(numbers);
    await this.#eachEntry(numbers, 'created', (entry) => {
      if (entry.kind !== 'deliver') return;
      entry.payloads.forEach((payload, i) => {
        const number = entry.first + i;
        if (!wanted.has(number)) return;
        const parent = entry.parents?.[i];
        const partner = entry.partners?.[i];
        found.set(number, {
          node: entry.node,
          payload,
          parent: parent && parent > 0 ? String(parent) : null,
          ...(partner && { partner: String(partner) }),
        });
      });
    });
    return found;
  }

  /** Visits every entry of the chunks that may speak of these tasks. */
  async #eachEntry(
    numbers: number[],
    range: 'created' | 'touched',
    visit: (entry: JournalEntry) => void,
  ): Promise<void> {
    if (numbers.length === 0) return;
    const low = numbers.reduce((a, b) => Math.min(a, b));
    const high = numbers.reduce((a, b) => Math.max(a, b));
    for (const summary of await this.#summaries()) {
      const within = Object.values(summary.nodes).some(
        ({ [range]: span }) => span && span[0] <= high && span[1] >= low,
      );
      if (!within) continue;
      for (const entry of await this.#entries(summary.first)) visit(entry);
    }
  }

  /** Summaries of the chunks that can be read, as far as that is known. */
  async #summaries(after = 0): Promise<ChunkSummary[]> {
    const summaries = await this.#runs.summaries(this.#run, after);
    const end = this.#damage?.first;
    return end === undefined ? summaries : summaries.filter(({ first }) => first < end);
  }

  /** The entries of a chunk; none where it is damaged, or comes after one that is. */
  async #entries(first: number): Promise<JournalEntry[]> {
    if (this.#damage && first >= this.#damage.first) return [];
    const kept = this.#chunks.get(first);
    if (kept) return kept.entries;
    let chunk: JournalChunk;
    try {
      chunk = await chunkAt(this.#runs, this.#run, first);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'chunk_damaged') throw error;
      this.#damage = { first, problem: { code: error.code, message: error.message } };
      return [];
    }
    this.#chunks.set(first, chunk);
    if (this.#chunks.size > keptChunks) this.#chunks.delete(this.#chunks.keys().next().value as number);
    return chunk.entries;
  }
}

function endAttempt(
  task: Task,
  entry: AttemptEntry,
  i: number,
  end: number,
  error: WireError | undefined,
): void {
  task.attempts = entry.attempts?.[i] ?? 1;
  task.startedAt = new Date(entry.sentAt).toISOString();
  task.durationMs = entry.busyMs / entry.tasks.length;
  task.worker = entry.worker;
  if (entry.cached?.includes(Number(task.id))) task.cached = true;
  if (end === attemptEnd.retry) return;
  task.status = end === attemptEnd.succeeded ? 'succeeded' : 'failed';
  task.finishedAt = new Date(entry.at).toISOString();
  if (!error) return;
  const { name, message, code, stack } = error;
  task.error = { name, message, ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) };
}

function attemptOf(entry: AttemptEntry, i: number, error: WireError | undefined): Attempt {
  return {
    attempt: entry.attempts?.[i] ?? 1,
    startedAt: new Date(entry.sentAt).toISOString(),
    finishedAt: new Date(entry.at).toISOString(),
    worker: entry.worker,
    ...(entry.cached?.includes(entry.tasks[i] as number) && { cached: true }),
    ...(error && { error: { name: error.name, message: error.message } }),
  };
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

function limitOf({ limit = defaultLimit }: PageQuery): number {
  return Math.max(1, Math.min(largestLimit, limit));
}

function parseCursor(cursor: string): Place {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor);
  if (!match) throw new HandloomError('bad_cursor', `There is no cursor ${JSON.stringify(cursor)}.`);
  return { seq: Number(match[1]), offset: Number(match[2]) };
}
