/**
 * Reads payloads of waiting tasks back from a run's journal. It knows which chunk holds which tasks from the chunks'
 * summaries, so a question costs the chunks that hold the answer.
 */
import { StoreError } from '../../errors.ts';
import type { RunStore } from '../../store/store.ts';
import { chunkAt } from './chunk-reader.ts';
import type { ChunkSummary, JournalChunk } from './journal.ts';

/** A chunk that brought a node tasks: where it begins, and between which numbers they are. */
interface Delivery {
  chunk: number;
  lowest: number;
  highest: number;
}

export class SpillReader {
  readonly #runs: Pick<RunStore, 'chunk'>;
  readonly #run: string;
  readonly #deliveries = new Map<string, Delivery[]>();
  #last: JournalChunk | undefined;

  constructor(runs: Pick<RunStore, 'chunk'>, run: string) {
    this.#runs = runs;
    this.#run = run;
  }

  /** Hears of a chunk that has been committed, in the order of the journal. */
  committed({ first, nodes }: ChunkSummary): void {
    for (const [node, { created }] of Object.entries(nodes)) {
      if (!created) continue;
      const delivery = { chunk: first, lowest: created[0], highest: created[1] };
      const deliveries = this.#deliveries.get(node);
      if (deliveries) deliveries.push(delivery);
      else this.#deliveries.set(node, [delivery]);
    }
  }

  /**
   * Payloads of these tasks of a node, in their order. All must have been committed.
   * @throws StoreError `chunk_damaged`, `store_failed` when the journal does not hold them
   */
  async read(node: string, tasks: readonly number[]): Promise<unknown[]> {
    const positions = new Map(tasks.map((task, i) => [task, i]));
    const payloads = new Array<unknown>(tasks.length);
    const ascending = Float64Array.from(tasks).sort();
    for (const { chunk, lowest, highest } of this.#deliveries.get(node) ?? []) {
      if (positions.size === 0) break;
      // Numbers set aside for chains come late, so ranges overlap and a chunk may hold none of those in its range.
      const next = ascending[lowerBound(ascending, lowest)];
      if (next === undefined || next > highest) continue;
      for (const entry of (await this.#chunk(chunk)).entries) {
        if (entry.kind !== 'deliver' || entry.node !== node) continue;
        entry.payloads.forEach((payload, i) => {
          const task = entry.first + i;
          const position = positions.get(task);
          if (position === undefined) return;
          payloads[position] = payload;
          positions.delete(task);
        });
      }
    }
    if (positions.size > 0) throw this.#missing(node, [...positions.keys()][0] as number);
    return payloads;
  }

  /** The chunk read last is kept: a node reads on where it stopped. */
  async #chunk(first: number): Promise<JournalChunk> {
    if (this.#last?.first === first) return this.#last;
    this.#last = await chunkAt(this.#runs, this.#run, first);
    return this.#last;
  }

  #missing(node: string, task: number): StoreError {
    return new StoreError(
      'store_failed',
      `The journal of run ${this.#run} does not hold task ${task} of node ${JSON.stringify(node)}.`,
    );
  }
}

/** Position of the first number that is not below `least`. By halving. */
function lowerBound(ascending: Float64Array, least: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
