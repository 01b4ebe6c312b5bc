/** What the API tells of a run that has ended, page by page, agrees with its journal. */
import type { Engine } from '../../src/engine/engine.ts';
import { must, type RunModel } from './run-model.ts';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
  problem?: { code: string };
}

type Count = 'failed' | 'succeeded' | 'duplicate' | 'cancelled';
const ends = ['failed', 'succeeded', 'duplicate', 'cancelled'] as const;

/** Lists that can be had of a run. */
export const lists = ['tasks', 'ends', 'errors', 'outputs'] as const;
export type List = (typeof lists)[number];

export interface Reading {
  engine: Engine;
  run: string;
  /** Items of a page. */
  limit: number;
  /** The run as all of its journal tells it. */
  model: RunModel;
  /** As that part tells it which can be read; a list that does not reach beyond may be complete. */
  readable?: RunModel;
  /** Looked at before the others, by a reader that knows of no damage yet. @default tasks */
  first?: List;
}

/** @returns whether lists were cut short */
export async function checkReads({ first = 'tasks', ...reading }: Reading): Promise<boolean> {
  const reader = new CheckedReader(reading);
  for (const list of new Set([first, ...lists])) await reader[list]();
  return reader.isCut;
}

class CheckedReader {
  isCut = false;
  readonly #reading: Reading;
  readonly #readable: RunModel;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#readable = reading.readable ?? reading.model;
  }

  async tasks(): Promise<void> {
    const { engine, run, model } = this.#reading;
    const tasks = await this.#pages((at) => engine.tasks(run, at));
    const { size } = this.#told.tasks;
    must(
      tasks.length === size && new Set(tasks.map((task) => task.id)).size === size,
      () => `the API lists ${tasks.length} tasks of ${size}`,
    );
    for (const task of tasks) {
      const { node, state } = model.task(Number(task.id));
      const status = task.status === 'pending' ? 'waiting' : task.status;
      // Those told of before the damage was found are told of in full.
      const isSo = status === state || (this.isCut && status === this.#readable.task(Number(task.id)).state);
      must(
        task.node === node && isSo,
        () => `task ${task.id} is told as ${status} at ${task.node}, and is ${state} at ${node}`,
      );
    }
  }

  async ends(): Promise<void> {
    const { engine, run } = this.#reading;
    for (const status of ends) {
      const listed = await this.#pages((at) => engine.tasks(run, { ...at, status }));
      const count = this.#count(status);
      const isSo = listed.length === count || (this.isCut && listed.every(({ id }) => this.#is(id, status)));
      must(isSo, () => `the API lists ${listed.length} ${status} tasks of ${count}`);
    }
  }

  async errors(): Promise<void> {
    const { engine, run } = this.#reading;
    const errors = await this.#pages((at) => engine.errors(run, at));
    const count = this.#count('failed');
    must(
      new Set(errors.map(({ task }) => task)).size === errors.length &&
        (errors.length === count || (this.isCut && errors.every(({ task }) => this.#is(task, 'failed')))),
      () => `the API lists ${errors.length} errors of ${count}`,
    );
  }

  async outputs(): Promise<void> {
    const { engine, run, model } = this.#reading;
    for (const node of model.nodes.keys()) {
      const listed = await this.#pages((at) => engine.outputs(run, { ...at, node }));
      const { outputs } = this.#told.node(node);
      must(
        listed.length === outputs,
        () => `the API lists ${listed.length} outputs of ${node} of ${outputs}`,
      );
    }
  }

  /** Whether that may be told of a task: what is told before the damage is found is told in full. */
  #is(task: string, state: Count): boolean {
    const models = [this.#reading.model, this.#readable];
    return models.some(({ tasks }) => tasks.get(Number(task))?.state === state);
  }

  /** As much as there is to be told. */
  get #told(): RunModel {
    return this.isCut ? this.#readable : this.#reading.model;
  }

  #count(name: Count): number {
    return [...this.#told.nodes.values()].reduce((sum, { counters }) => sum + counters[name], 0);
  }

  async #pages<T>(page: (at: { cursor?: string; limit: number }) => Promise<Page<T>>): Promise<T[]> {
    const items: T[] = [];
    const { limit } = this.#reading;
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const next = await page({ limit, ...(cursor && { cursor }) });
      items.push(...next.items);
      must(
        next.nextCursor === null || next.nextCursor !== cursor,
        () => `the page after ${cursor} ends where it begins`,
      );
      if (next.problem) this.isCut = true;
      cursor = next.nextCursor;
    }
    return items;
  }
}
