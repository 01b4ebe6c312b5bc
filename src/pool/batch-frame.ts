/**
 * A batch while it runs: the clock over each task, the way to abort it, and what its handlers log. Everything here is
 * made when it is first needed, since most batches need none of it.
 */
import type { Batch, BatchResult } from '../engine/executor.ts';
import { TimeoutError } from '../errors.ts';
import { isPayload } from '../schema/payload.ts';
import type { SendPart } from './batch-results.ts';
import type { Access, ContextSource } from './task-context.ts';

export interface FrameHooks {
  access(batch: Batch): Access;
  /** Told of each task before its handler is called; given only where somebody watches. */
  started?(index: number): void;
  /** The handler has given a promise. */
  yielded?(index: number): void;
  progressed?(index: number, fraction: number): void;
  /** Takes in a part of what a task gives, before it has ended; absent where results travel whole. */
  part?(index: number, port: string, values: unknown[]): Promise<void>;
}

/** Logs of one batch beyond this many are dropped, with a last line that says so. */
const logLimit = 10_000;
/** Progress is told at most this often, in milliseconds. */
const progressEveryMs = 100;

export class BatchFrame implements ContextSource {
  readonly batch: Batch;
  readonly timeoutMs: number | undefined;
  readonly hooks: FrameHooks;
  logs: NonNullable<BatchResult['logs']> | undefined;
  /** The task whose handler was called last. */
  current = 0;
  aborted: Error | undefined;
  /** Some of its tasks have given parts, so the results at hand are not all. */
  hasParts = false;
  /** Promises of tasks that were given up and have not settled. */
  unsettled = 0;

  #access: Access | undefined;
  readonly #controllers = new Map<number, AbortController>();
  readonly #waiting = new Set<(reason: Error) => void>();
  #lastProgress = Number.NEGATIVE_INFINITY;

  constructor(batch: Batch, timeoutMs: number | undefined, hooks: FrameHooks) {
    this.batch = batch;
    this.timeoutMs = timeoutMs;
    this.hooks = hooks;
  }

  access(): Access {
    this.#access ??= this.hooks.access(this.batch);
    return this.#access;
  }

  signal(index: number): AbortSignal {
    let controller = this.#controllers.get(index);
    if (!controller) {
      controller = new AbortController();
      if (this.aborted) controller.abort(this.aborted);
      this.#controllers.set(index, controller);
    }
    return controller.signal;
  }

  log(index: number, message: string, data: unknown): void {
    this.logs ??= [];
    const count = this.logs.length;
    if (count > logLimit) return;
    if (count === logLimit) {
      this.logs.push({ index, message: `More than ${logLimit} lines were logged; the rest is left out.` });
      return;
    }
    // What cannot be copied is left out.
    this.logs.push(
      data === undefined || !isPayload(data)
        ? { index, message: String(message) }
        : { index, message: String(message), data },
    );
  }

  progress(index: number, fraction: number): void {
    const now = performance.now();
    if (!this.hooks.progressed || (fraction < 1 && now - this.#lastProgress < progressEveryMs)) return;
    this.#lastProgress = now;
    this.hooks.progressed(index, Math.min(1, Math.max(0, Number(fraction) || 0)));
  }

  /** Gives up every task of the batch. */
  abort(reason: Error): void {
    this.aborted ??= reason;
    for (const controller of this.#controllers.values()) controller.abort(reason);
    for (const reject of this.#waiting) reject(reason);
  }

  /** What the handler's promise gives; rejects when the task exceeds its limit or the batch is aborted. */
  settle(thenable: PromiseLike<unknown>, index: number, startedAt: number): Promise<unknown> {
    this.hooks.yielded?.(index);
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let over = false;
      const finish = () => {
        if (over) this.unsettled--;
        over = true;
        clearTimeout(timer);
        this.#waiting.delete(giveUp);
      };
      const giveUp = (reason: Error) => {
        if (over) return;
        finish();
        this.unsettled++;
        reject(reason);
      };
      const watch = (limit: number) => {
        const left = startedAt + limit - performance.now();
        // Timers may fire a fraction early; a task gets its time in full.
        if (left > 0) timer = setTimeout(watch, Math.ceil(left), limit);
        else {
          const error = new TimeoutError(limit);
          giveUp(error);
          this.#controllers.get(index)?.abort(error);
        }
      };
      this.#waiting.add(giveUp);
      if (this.timeoutMs !== undefined) watch(this.timeoutMs);
      if (this.aborted) giveUp(this.aborted);
      thenable.then(
        (value) => {
          finish();
          resolve(value);
        },
        (error) => {
          finish();
          reject(error);
        },
      );
    });
  }

  /** The way out for parts of what a task gives, if there is one. */
  partsOf(index: number, startedAt: number): SendPart | undefined {
    const { part } = this.hooks;
    if (!part) return undefined;
    return async (port, values) => {
      this.hasParts = true;
      await part(index, port, values);
      // A task that has been given up meanwhile need not go on for ever.
      if (this.aborted) throw this.aborted;
      this.checkLimit(startedAt);
    };
  }

  /** @throws TimeoutError when a task begun at `startedAt` has had more than its time. */
  checkLimit(startedAt: number): void {
    if (this.timeoutMs !== undefined && performance.now() - startedAt > this.timeoutMs) {
      throw new TimeoutError(this.timeoutMs);
    }
  }
}
