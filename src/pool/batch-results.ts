/** Gathers the results of a batch, task by task in order, as the columns of a BatchResult. */
import { type BatchResult, outcome } from '../engine/executor.ts';
import { HandloomError, type WireError } from '../errors.ts';
import type { Emission } from '../nodes/define-node.ts';
import { defaultOutput } from '../schema/graph.ts';
import { payloadSize } from '../schema/payload.ts';
import { failureOf, RouteError } from './failures.ts';
import { NotCloneableError } from './uncloneable.ts';

/** What one task gave: results, all to one port. */
export interface Emitted {
  values: unknown[];
  port: string;
}

/** Results of one task beyond this are taken for a splitter that never ends. */
export const resultLimit = 5_000_000;
/** So are results that take more memory than this, in MB: they have to fit into a worker, and then some. */
export const resultLimitMb = 512;

/** One task gave more results, or larger ones, than one may give. */
export class ResultLimitError extends HandloomError {
  override name = 'ResultLimitError';
  constructor(limit: string) {
    super(
      'too_many_results',
      `One task gave more than ${limit}, which is the most it may give; perhaps it never ends.`,
    );
  }
}

/** @throws NotCloneableError naming the path to what may not travel */
export function checkPayload(value: unknown): void {
  // Most results are numbers and texts.
  const type = typeof value;
  if (type === 'number' || type === 'string' || type === 'boolean') return;
  if (payloadSize(value) === undefined) throw new NotCloneableError(value, 'result');
}

export class BatchResults {
  readonly outcomes: number[] = [];
  readonly values: unknown[] = [];
  readonly errors: WireError[] = [];
  // Absent as long as every task gives one plain value, which is nearly always.
  #counts: number[] | undefined;
  #ports: string[] | undefined;
  readonly #outputs: readonly string[];
  readonly #plain: boolean;

  constructor(outputs: readonly string[]) {
    this.#outputs = outputs;
    // A node without outputs may still return something: it is an output of the run.
    this.#plain = outputs.length === 0 || outputs.includes(defaultOutput);
  }

  /** Whether a plain value has a port to go to. @throws RouteError when it has none. */
  checkPlain(): void {
    if (!this.#plain) throw new RouteError(defaultOutput, this.#outputs);
  }

  /** @throws RouteError when the node does not have this port. */
  checkPort(port: string): void {
    if (port === defaultOutput ? !this.#plain : !this.#outputs.includes(port)) {
      throw new RouteError(port, this.#outputs);
    }
  }

  value(value: unknown): void {
    this.outcomes.push(outcome.succeeded);
    this.values.push(value);
    this.#counts?.push(1);
    this.#ports?.push(defaultOutput);
  }

  emitted({ values, port }: Emitted): void {
    if (values.length === 1 && port === defaultOutput) return this.value(values[0]);
    this.#counts ??= this.outcomes.map((each) => (each === outcome.succeeded ? 1 : 0));
    if (port !== defaultOutput) this.#ports ??= this.values.map(() => defaultOutput);
    this.outcomes.push(outcome.succeeded);
    this.#counts.push(values.length);
    // Not push(...values): a splitter's results may be more than a call takes arguments.
    for (const value of values) this.values.push(value);
    if (this.#ports) for (let i = 0; i < values.length; i++) this.#ports.push(port);
  }

  /** A task that succeeded without a result. */
  nothing(): void {
    this.#counts ??= this.outcomes.map((each) => (each === outcome.succeeded ? 1 : 0));
    this.outcomes.push(outcome.succeeded);
    this.#counts.push(0);
  }

  failed(thrown: unknown): void {
    this.outcomes.push(outcome.failed);
    this.errors.push(failureOf(thrown));
    this.#counts?.push(0);
  }

  notRun(): void {
    this.outcomes.push(outcome.notRun);
    this.#counts?.push(0);
  }

  result(rest: Pick<BatchResult, 'state' | 'logs' | 'begunAt' | 'busyMs'>): BatchResult {
    return {
      outcomes: this.outcomes,
      values: this.values,
      errors: this.errors,
      worker: '',
      busyMs: rest.busyMs,
      ...(this.#counts && { counts: this.#counts }),
      ...(this.#ports && { ports: this.#ports }),
      ...(rest.begunAt !== undefined && { begunAt: rest.begunAt }),
      ...(rest.state && { state: rest.state }),
      ...(rest.logs && { logs: rest.logs }),
    };
  }
}

/** Takes a part of what a task gives; settles when there is room for the next. */
export type SendPart = (port: string, values: unknown[]) => Promise<void>;

/** Results beyond which a task gives them in parts, and about how many bytes: the size of a chunk of the journal. */
const [partLength, partBytes] = [4096, 256 * 1024];

/**
 * The results of an emission; a promise of them where they come asynchronously, or are so many that they leave in
 * parts. Checks the port first.
 */
export function gather(
  emission: Emission,
  results: BatchResults,
  send?: SendPart,
): Emitted | Promise<Emitted> {
  const port = emission.port ?? defaultOutput;
  results.checkPort(port);
  const source: unknown = emission.values;
  const take = new Gathering(port, send);
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return gatherAsync(source as AsyncIterable<unknown>, take);
  }
  // A list tells its length before it is copied.
  if (Array.isArray(source) && source.length > resultLimit) throw tooMany();
  const iterator = (source as Iterable<unknown>)[Symbol.iterator]();
  // Most are few, and need no promise.
  return takeFrom(iterator, take) ? take.whole() : sendFrom(iterator, take);
}

/** Takes results until there are no more, or a part is full. @returns whether there are no more */
function takeFrom(iterator: Iterator<unknown>, take: Gathering): boolean {
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    try {
      take.add(next.value);
    } catch (error) {
      iterator.return?.();
      throw error;
    }
    if (take.isFull) return false;
  }
  return true;
}

async function sendFrom(iterator: Iterator<unknown>, take: Gathering): Promise<Emitted> {
  do {
    try {
      await take.send();
    } catch (error) {
      iterator.return?.();
      throw error;
    }
  } while (!takeFrom(iterator, take));
  return take.end();
}

async function gatherAsync(source: AsyncIterable<unknown>, take: Gathering): Promise<Emitted> {
  for await (const value of source) {
    take.add(value);
    if (take.isFull) await take.send();
  }
  return take.end();
}
/** The results of one task as they come. */
class Gathering {
  readonly #port: string;
  readonly #send: SendPart | undefined;
  #values: unknown[] = [];
  /** Of what has not been sent. */
  #partBytes = 0;
  #count = 0;
  #bytes = 0;

  constructor(port: string, send: SendPart | undefined) {
    this.#port = port;
    this.#send = send;
  }

  /** There is enough for a part, and a way to send it. */
  get isFull(): boolean {
    return this.#send !== undefined && (this.#values.length >= partLength || this.#partBytes >= partBytes);
  }

  /** @throws ResultLimitError, NotCloneableError */
  add(value: unknown): void {
    const size = payloadSize(value);
    if (size === undefined) throw new NotCloneableError(value, 'result');
    if (this.#count >= resultLimit) throw tooMany();
    this.#bytes += size;
    if (this.#bytes > resultLimitMb * 1024 * 1024)
      throw new ResultLimitError(`${resultLimitMb} MB of results`);
    this.#count++;
    this.#partBytes += size;
    this.#values.push(value);
  }

  async send(): Promise<void> {
    const values = this.#values;
    this.#values = [];
    this.#partBytes = 0;
    await this.#send?.(this.#port, values);
  }

  /** All of them, none having been sent. */
  whole(): Emitted {
    return { values: this.#values, port: this.#port };
  }

  /** What is left to be told with the task's end: nothing, where parts have been sent. */
  async end(): Promise<Emitted> {
    const hasSent = this.#count > this.#values.length;
    if (hasSent && this.#values.length > 0) await this.send();
    return this.whole();
  }
}

const tooMany = () => new ResultLimitError(`${resultLimit} results`);
