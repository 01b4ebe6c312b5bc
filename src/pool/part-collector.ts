/** Keeps what the tasks of one batch give in parts, until the batch ends: then only what succeeded counts. */
import { type BatchResult, outcome } from '../engine/executor.ts';
import type { Pack, ResultPart } from '../engine/values/packed.ts';
import { HandloomError } from '../errors.ts';
import { ResultLimitError, resultLimit, resultLimitMb } from './batch-results.ts';

export class PartCollector {
  readonly #tasks: number;
  readonly #pack: Pack;
  readonly #parts: ResultPart[] = [];
  #count = 0;
  #bytes = 0;
  #isOver = false;

  /** @param tasks how many the batch has */
  constructor(tasks: number, pack: Pack) {
    this.#tasks = tasks;
    this.#pack = pack;
  }

  /**
   * A worker's own limits are checked there; code in it may post what it likes, so a batch as a whole has some here.
   * @throws HandloomError `context_closed` when the batch has ended
   */
  async take(index: number, port: string, values: unknown[]): Promise<void> {
    if (this.#isOver || !Number.isInteger(index) || index < 0 || index >= this.#tasks)
      throw new HandloomError('context_closed', 'The task has ended; it can give nothing more.');
    if (typeof port !== 'string' || !Array.isArray(values))
      throw new TypeError('This is no part of a result.');
    this.#count += values.length;
    if (this.#count > resultLimit * this.#tasks) throw new ResultLimitError(`${resultLimit} results`);
    // Its place is kept while it is packed, so that parts stay in order.
    const place = this.#parts.length++;
    const packed = await this.#pack(values);
    this.#parts[place] = { index, port, packed };
    this.#bytes += packed.bytes.length;
    if (this.#bytes > resultLimitMb * this.#tasks * 2 ** 20)
      throw new ResultLimitError(`${resultLimitMb} MB of results`);
  }

  /** The batch's result with the parts of its tasks that succeeded. */
  end(result: BatchResult): BatchResult {
    this.#isOver = true;
    const parts = this.#parts.filter((part) => part && result.outcomes[part.index] === outcome.succeeded);
    this.#parts.length = 0;
    return parts.length === 0 ? result : { ...result, parts };
  }
}
