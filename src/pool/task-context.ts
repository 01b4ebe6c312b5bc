/**
 * `ctx` as a handler sees it. One small object a task, whose parts come into being when they are asked for, so that
 * a handler that ignores it pays next to nothing. Its functions are bound: `({ fetch, log }) => …` works.
 */
import type { Batch } from '../engine/executor.ts';
import type { Files, NodeContext, Tables } from '../nodes/define-node.ts';
import { textOf } from './console-capture.ts';
import { seededRandom } from './seeded-random.ts';

/** What a task may reach outside; the broker decides what of it is permitted. */
export interface Access {
  fetch(url: string, init: RequestInit | undefined, signal: AbortSignal): Promise<Response>;
  files: Files;
  tables: Tables;
}

/** What the contexts of one batch share. */
export interface ContextSource {
  readonly batch: Batch;
  access(): Access;
  signal(index: number): AbortSignal;
  log(index: number, message: string, data: unknown): void;
  progress(index: number, fraction: number): void;
}

export class TaskContext implements NodeContext {
  readonly #source: ContextSource;
  readonly #index: number;
  #random: (() => number) | undefined;

  constructor(source: ContextSource, index: number) {
    this.#source = source;
    this.#index = index;
  }

  get run(): string {
    return this.#source.batch.run;
  }
  get node(): string {
    return this.#source.batch.node;
  }
  get task(): string {
    return String(this.#source.batch.tasks[this.#index]);
  }
  get attempt(): number {
    return this.#source.batch.attempts[this.#index] ?? 1;
  }
  get idempotencyKey(): string {
    return `${this.run}:${this.node}:${this.task}`;
  }
  get signal(): AbortSignal {
    return this.#source.signal(this.#index);
  }
  get now(): () => number {
    return Date.now;
  }
  get random(): () => number {
    this.#random ??= seededRandom(this.run, this.task);
    return this.#random;
  }
  get log(): NodeContext['log'] {
    return (message, ...data) =>
      this.#source.log(this.#index, textOf(message), data.length > 1 ? data : data[0]);
  }
  get progress(): NodeContext['progress'] {
    return (fraction) => this.#source.progress(this.#index, fraction);
  }
  get fetch(): NodeContext['fetch'] {
    return (url, init) => this.#source.access().fetch(String(url), init, this.signal);
  }
  get files(): Files {
    return this.#source.access().files;
  }
  get tables(): Tables {
    return this.#source.access().tables;
  }
}
