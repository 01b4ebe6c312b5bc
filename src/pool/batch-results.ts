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

  result(rest: Pick<BatchResult, 'state' | 'logs' | 'busyMs'>): BatchResult {
    return {
      outcomes: this.outcomes,
      values: this.values,
      errors: this.errors,
      worker: '',
      busyMs: rest.busyMs,
      ...(this.#counts && { counts: this.#counts }),
      ...(this.#ports && { ports: this.#ports }),
      ...(rest.state && { state: rest.state }),
      ...(rest.logs && { logs: rest.logs }),
    };
  }
}

/** The results of an emission; a promise of them where they come asynchronously. Checks the port first. */
export function gather(emission: Emission, results: BatchResults): Emitted | Promise<Emitted> {
  const port = emission.port ?? defaultOutput;
  results.checkPort(port);
  const source: unknown = emission.values;
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return gatherAsync(source as AsyncIterable<unknown>, port);
  }
  // A list tells its length before it is copied.
  if (Array.isArray(source) && source.length > resultLimit) throw tooMany();
  const take = new Gathering();
  for (const value of source as Iterable<unknown>) take.add(value);
  return { values: take.values, port };
}

async function gatherAsync(source: AsyncIterable<unknown>, port: string): Promise<Emitted> {
  const take = new Gathering();
  for await (const value of source) take.add(value);
  return { values: take.values, port };
}

/** The results of one task as they come. */
class Gathering {
  readonly values: unknown[] = [];
  #bytes = 0;

  /** @throws ResultLimitError, NotCloneableError */
  add(value: unknown): void {
    const size = payloadSize(value);
    if (size === undefined) throw new NotCloneableError(value, 'result');
    if (this.values.length >= resultLimit) throw tooMany();
    this.#bytes += size;
    if (this.#bytes > resultLimitMb * 1024 * 1024)
      throw new ResultLimitError(`${resultLimitMb} MB of results`);
    this.values.push(value);
  }
}

const tooMany = () => new ResultLimitError(`${resultLimit} results`);
