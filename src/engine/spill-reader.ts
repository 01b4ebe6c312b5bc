/**
 * Reads payloads of waiting tasks back from a run's journal. It knows which chunk holds which tasks from the chunks'
 * summaries, so a question costs the chunks that hold the answer.
 */
import { StoreError } from '../errors.ts';
import type { RunStore } from '../store/store.ts';
import type { ChunkSummary, JournalChunk } from './journal.ts';

/** Chunks that brought a node tasks, in order; position `i` of each column belongs to the same chunk. */
interface Deliveries {
  /** Highest task number delivered to the node in the chunk. */
  highest: number[];
  /** Sequence number of the chunk's first entry. */
  chunk: number[];
}

export class SpillReader {
  readonly #runs: Pick<RunStore, 'chunk'>;
  readonly #run: string;
  readonly #deliveries = new Map<string, Deliveries>();
  #last: JournalChunk | undefined;

  constructor(runs: Pick<RunStore, 'chunk'>, run: string) {
    this.#runs = runs;
    this.#run = run;
  }

  /** Hears of a chunk that has been committed, in the order of the journal. */
  committed({ first, nodes }: ChunkSummary): void {
    for (const [node, { created }] of Object.entries(nodes)) {
      if (!created) continue;
      let deliveries = this.#deliveries.get(node);
      if (!deliveries) this.#deliveries.set(node, (deliveries = { highest: [], chunk: [] }));
      deliveries.highest.push(created[1]);
      deliveries.chunk.push(first);
    }
  }

  /**
   * Payloads of these tasks of a node, in their order. All must have been committed.
   * @throws StoreError `chunk_damaged`, `store_failed` when the journal does not hold them
   */
  async read(node: string, tasks: readonly number[]): Promise<unknown[]> {
    const positions = new Map<number, number>();
    const chunks = new Set<number>();
    tasks.forEach((task, i) => {
      positions.set(task, i);
      chunks.add(this.#chunkOf(node, task));
    });
    const payloads = new Array<unknown>(tasks.length);
    for (const first of chunks) {
      for (const entry of (await this.#chunk(first)).entries) {
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

  /** By halving: numbers grow from chunk to chunk. */
  #chunkOf(node: string, task: number): number {
    const { highest = [], chunk = [] } = this.#deliveries.get(node) ?? {};
    let low = 0;
    let high = highest.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((highest[middle] as number) < task) low = middle + 1;
      else high = middle;
    }
    const found = chunk[low];
    if (found === undefined) throw this.#missing(node, task);
    return found;
  }

  /** The chunk read last is kept: a node reads on where it stopped. */
  async #chunk(first: number): Promise<JournalChunk> {
    if (this.#last?.first === first) return this.#last;
    const chunk = await this.#runs.chunk(this.#run, first);
    if (!chunk)
      throw new StoreError('store_failed', `The journal of run ${this.#run} lacks its chunk ${first}.`);
    this.#last = chunk;
    return chunk;
  }

  #missing(node: string, task: number): StoreError {
    return new StoreError(
      'store_failed',
      `The journal of run ${this.#run} does not hold task ${task} of node ${JSON.stringify(node)}.`,
    );
  }
}
