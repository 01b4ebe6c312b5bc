/**
 * Keeps large values out of the engine: between the engine and the executor it fetches what payloads refer to and
 * puts references in the place of large results. An executor like any other, so that neither side knows.
 */
import { toWireError, type WireError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import {
  type Batch,
  type BatchOutcome,
  type BatchResult,
  type Executor,
  type ExecutorRun,
  outcome,
} from '../executor.ts';
import { Patience } from '../journal/store-patience.ts';
import type { KeptValues } from '../values/kept-values.ts';
import type { Pack } from '../values/packed.ts';
import { partOf, wholeOutcome } from './batch-parts.ts';

/** Bytes of stored payloads in one batch, unless a single one is larger: they are all in memory at once. */
const largestBatch = 16e6;

/** Told when the store does not give what a batch needs for now, and why; and, without an error, that it does again. */
type OnWait = (batch: Pick<Batch, 'run' | 'id'>, error?: unknown) => void;

/** An executor that takes and gives references to large values, in front of one that takes and gives the values. */
export class PayloadKeeper implements Executor {
  readonly #inner: Executor;
  readonly #values: KeptValues;
  readonly #clock: Clock;
  readonly #onWait: OnWait;
  /** Batches that have been told to wait. */
  readonly #waiting = new Set<Batch>();
  /** Runs whose payloads are wanted, as they were opened: one that is cancelled may be opened anew. */
  readonly #open = new Map<string, ExecutorRun>();

  constructor(inner: Executor, values: KeptValues, clock: Clock, onWait: OnWait) {
    this.#inner = inner;
    this.#values = values;
    this.#clock = clock;
    this.#onWait = onWait;
  }

  get parallelism(): number {
    return this.#inner.parallelism;
  }

  open(run: ExecutorRun): void {
    this.#open.set(run.id, run);
    this.#inner.open(run);
  }

  cancel(runId: string): void {
    this.#open.delete(runId);
    this.#inner.cancel(runId);
  }

  close(runId: string): void {
    this.#open.delete(runId);
    this.#inner.close(runId);
  }

  async execute(batch: Batch): Promise<BatchOutcome> {
    const done = this.#values.holds(batch.run)
      ? await this.#executeStored(batch)
      : await this.#inner.execute(batch, this.#packFor(batch));
    if (done.kind !== 'done') return done;
    return { kind: 'done', result: await this.#keepResult(batch.run, done.result) };
  }

  /** Those of the nodes that its worker has gone on to included. */
  async #keepResult(run: string, result: BatchResult): Promise<BatchResult> {
    const values = await this.#keep(run, result.values);
    const chained: BatchResult[] = [];
    for (const next of result.chained ?? []) chained.push(await this.#keepResult(run, next));
    return { ...result, values, ...(chained.length > 0 && { chained }) };
  }

  /** A batch whose payloads, or whose state, may be references. */
  async #executeStored(batch: Batch): Promise<BatchOutcome> {
    const count = this.#fitting(batch);
    const opened = this.#open.get(batch.run);
    const isWanted = () => this.#open.get(batch.run) === opened;
    const restore = (value: unknown) => this.#restore(batch, value, isWanted);
    const { payloads, broken } = await this.#fetch(batch.payloads.slice(0, count), restore);
    let whole: Batch;
    try {
      const state = batch.state && { value: await restore(batch.state.value) };
      whole = { ...batch, payloads: payloads.concat(batch.payloads.slice(count)), ...(state && { state }) };
    } catch (error) {
      return { kind: 'done', result: failAll(batch, toWireError(error)) };
    } finally {
      if (this.#waiting.delete(batch) && isWanted()) this.#onWait(batch);
    }
    if (!isWanted()) return { kind: 'cancelled' };
    if (count === batch.tasks.length && broken.size === 0)
      return this.#inner.execute(whole, this.#packFor(batch));

    const positions = payloads.flatMap((_, i) => (broken.has(i) ? [] : [i]));
    const known = (position: number) => {
      const error = broken.get(position);
      // What does not fit goes back to the head of the queue, and comes with the next batch.
      return error ? { outcome: outcome.failed, error } : { outcome: outcome.notRun };
    };
    const part: BatchOutcome =
      positions.length === 0
        ? { kind: 'done', result: nothing(batch) }
        : await this.#inner.execute(partOf(whole, positions), this.#packFor(batch));
    return wholeOutcome(batch, positions, part, known);
  }

  #packFor({ run }: Batch): Pack {
    return async (values) => this.#values.pack(await this.#keep(run, values));
  }

  /** How many of its tasks, from the first on, fit into memory together. */
  #fitting({ payloads }: Batch): number {
    let sum = 0;
    for (let i = 0; i < payloads.length; i++) {
      sum += this.#values.storedBytes(payloads[i]);
      if (sum > largestBatch && i > 0) return i;
    }
    return payloads.length;
  }

  async #fetch(
    references: unknown[],
    restore: (reference: unknown) => Promise<unknown>,
  ): Promise<{ payloads: unknown[]; broken: Map<number, WireError> }> {
    const broken = new Map<number, WireError>();
    const fetched = references.map(async (payload, i) => {
      try {
        return await restore(payload);
      } catch (error) {
        broken.set(i, toWireError(error));
        return payload;
      }
    });
    return { payloads: await Promise.all(fetched), broken };
  }

  /** A store that cannot read now is no fault of the task: it is asked again. */
  async #restore(batch: Batch, value: unknown, isWanted: () => boolean): Promise<unknown> {
    for (const refusals = new Patience(); ; ) {
      try {
        return await this.#values.restore(value);
      } catch (error) {
        const wait = isWanted() ? refusals.refused(error) : undefined;
        if (wait === undefined) throw error;
        this.#waiting.add(batch);
        this.#onWait(batch, error);
        await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
      }
    }
  }

  /** A store that cannot take them now may take them with the journal, which waits for it. */
  async #keep(run: string, values: unknown[]): Promise<unknown[]> {
    try {
      return await this.#values.keep(run, values);
    } catch {
      return values;
    }
  }
}

const nothing = ({ state }: Batch) => ({
  outcomes: [],
  values: [],
  errors: [],
  busyMs: 0,
  worker: 'engine',
  ...(state && { state }),
});

const failAll = (batch: Batch, error: WireError) => ({
  ...nothing(batch),
  outcomes: batch.tasks.map(() => outcome.failed),
  errors: batch.tasks.map(() => error),
});
