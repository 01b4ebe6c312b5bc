/** The parts a run and its journal are stored in, so that lists, summaries and counts never read payloads. */
import type { ChunkSummary, JournalChunk } from '../engine/journal.ts';
import type { Graph } from '../schema/graph.ts';
import type { RunSummary } from '../schema/run.ts';
import { decodeValue, encodeChunk, encodeValue } from './journal-codec.ts';
import { journalConflict } from './paging.ts';
import type { RunRecord } from './store.ts';

/** A run's summary apart from what is needed to go on with it, which is written once. */
export interface RunParts {
  summary: RunSummary;
  document: Uint8Array;
}

/** @throws StoreError `value_not_storable` */
export function splitRun({ document, keepOpen, ...summary }: RunRecord): RunParts {
  return { summary, document: encodeValue(keepOpen === undefined ? { document } : { document, keepOpen }) };
}

/** The inverse of {@link splitRun}. */
export function joinRun({ summary, document }: RunParts): RunRecord {
  return { ...summary, ...(decodeValue(document) as { document: Graph; keepOpen?: boolean }) };
}

/** Only the summary, also when a whole record was handed in. */
export function summaryOf(run: RunSummary & Partial<RunRecord>): RunSummary {
  const { document: _document, keepOpen: _keepOpen, ...summary } = run;
  return summary;
}

export interface ChunkParts {
  summary: ChunkSummary;
  body: Uint8Array;
}

/** @throws StoreError `value_not_storable` */
export function splitChunks(chunks: readonly JournalChunk[]): ChunkParts[] {
  return chunks.map((chunk) => {
    const { entries: _entries, ...summary } = chunk;
    return { summary, body: encodeChunk(chunk) };
  });
}

/**
 * Makes sure that chunks follow each other, and the journal, without a gap. So an engine that was stopped for a
 * while, and whose run has gone on elsewhere meanwhile, cannot write into its history.
 * @param last sequence number of the last entry stored; 0 for none
 * @throws ConflictError `journal_conflict`
 */
export function checkFollows(run: string, last: number, parts: readonly ChunkParts[]): void {
  let expected = last + 1;
  for (const { summary } of parts) {
    if (summary.first !== expected) throw journalConflict(run, expected, summary.first);
    expected = summary.last + 1;
  }
}
