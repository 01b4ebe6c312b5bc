/** Reads the chunks of a run's journal for questions about it, up to the first that is damaged. */
import { StoreError } from '../../errors.ts';
import type { ReadProblem } from '../../schema/run.ts';
import type { RunStore } from '../../store/store.ts';
import type { ChunkSummary, JournalChunk, JournalEntry } from './journal.ts';

/** Decoded chunks kept for the next question. */
const keptChunks = 16;

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

export class ChunkReader {
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

  /** Summaries of the chunks that can be read, as far as that is known. */
  async summaries(after = 0): Promise<ChunkSummary[]> {
    const summaries = await this.#runs.summaries(this.#run, after);
    const end = this.#damage?.first;
    return end === undefined ? summaries : summaries.filter(({ first }) => first < end);
  }

  /** The entries of a chunk; none where it is damaged, or comes after one that is. */
  async entries(first: number): Promise<JournalEntry[]> {
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

  /** Visits every entry of the chunks that may speak of these tasks. */
  async eachEntry(
    numbers: number[],
    range: 'created' | 'touched',
    visit: (entry: JournalEntry) => void,
  ): Promise<void> {
    if (numbers.length === 0) return;
    const low = numbers.reduce((a, b) => Math.min(a, b));
    const high = numbers.reduce((a, b) => Math.max(a, b));
    for (const summary of await this.summaries()) {
      const within = Object.values(summary.nodes).some(
        ({ [range]: span }) => span && span[0] <= high && span[1] >= low,
      );
      if (!within) continue;
      for (const entry of await this.entries(summary.first)) visit(entry);
    }
  }
}
