/** The parts a run and its journal are stored in, so that lists, summaries and counts never read payloads. */
import type { ChunkSummary, JournalChunk } from '../engine/journal.ts';
import type { Graph } from '../schema/graph.ts';
import type { RunSummary } from '../schema/run.ts';
import { decodeValue, encodeChunk, encodeValue } from './journal-codec.ts';
import { chunkExists } from './paging.ts';
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

/** @throws StoreError `value_not_storable`, ConflictError `chunk_exists` when two begin with the same entry */
export function splitChunks(run: string, chunks: readonly JournalChunk[]): ChunkParts[] {
  const firsts = new Set<number>();
  return chunks.map((chunk) => {
    if (firsts.has(chunk.first)) throw chunkExists(run, chunk.first);
    firsts.add(chunk.first);
    const { entries: _entries, ...summary } = chunk;
    return { summary, body: encodeChunk(chunk) };
  });
}
