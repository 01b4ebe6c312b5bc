/** The parts a run and its journal are stored in, so that lists, summaries and counts never read payloads. */
import { bringsBack } from '../engine/journal/dropped-payloads.ts';
import type { ChunkSummary, JournalChunk } from '../engine/journal/journal.ts';
import { ConflictError } from '../errors.ts';
import type { Graph } from '../schema/graph.ts';
import type { RunSummary } from '../schema/run.ts';
import { decodeChunk, decodeWithLists, encodeChunk, encodeWithLists } from './journal-codec.ts';
import { journalConflict } from './paging.ts';
import type { RunRecord } from './store.ts';

/** A run's summary apart from what is needed to go on with it, which is written once. */
export interface RunParts {
  summary: RunSummary;
  document: Uint8Array;
}

/** @throws StoreError `value_not_storable` */
export function splitRun({ document, keepOpen, ...summary }: RunRecord): RunParts {
  const lists = Object.entries(document.inputs ?? {});
  // Their names stay where they were, so that nobody takes the rest for a document without inputs.
  const inputs = Object.fromEntries(lists.map(([node]) => [node, null]));
  const rest = { ...document, ...(document.inputs && { inputs }) };
  return {
    summary,
    document: encodeWithLists({ document: rest, ...(keepOpen !== undefined && { keepOpen }) }, lists),
  };
}

/** The inverse of {@link splitRun}. */
export function joinRun({ summary, document: bytes }: RunParts): RunRecord {
  const { value, lists } = decodeWithLists(bytes);
  const { document, ...rest } = value as { document: Graph; keepOpen?: boolean };
  if (lists.length > 0) Object.assign(document.inputs as object, Object.fromEntries(lists));
  return { ...summary, document, ...rest };
}

/** What a change of some fields leaves of a run. */
export function amendedParts(
  { summary, document }: RunParts,
  { document: changed, ...change }: Partial<RunRecord>,
): RunParts {
  const record = changed && joinRun({ summary, document });
  return {
    summary: { ...summary, ...change },
    document: record ? splitRun({ ...record, document: changed }).document : document,
  };
}

/** Only the summary, also when a whole record was handed in. */
export function summaryOf(run: RunSummary & Partial<RunRecord>): RunSummary {
  const { document: _document, keepOpen: _keepOpen, ...summary } = run;
  return summary;
}

/**
 * Makes sure that a chunk may stand in the place of one that begins with the same entry. So a host that was stopped
 * for a while cannot bring back what another one has let go of meanwhile.
 * @param body of the stored one
 * @throws ConflictError `journal_conflict`, StoreError `chunk_damaged`
 */
export function checkFits(chunk: JournalChunk, body: Uint8Array | undefined): void {
  const { run, first, last } = chunk;
  const stored = body && decodeChunk(body, run, first);
  const fits = stored?.last === last;
  if (fits && !bringsBack(chunk, stored)) return;
  const message = fits
    ? `The chunk from entry ${first} to entry ${last} of run ${run} lacks payloads by now that this one has.`
    : `The journal of run ${run} has no chunk from entry ${first} to entry ${last}.`;
  throw new ConflictError('journal_conflict', message, { details: { run, first, last } });
}

export interface ChunkParts {
  summary: ChunkSummary;
  body: Uint8Array;
}

/** @throws StoreError `value_not_storable` */
export function splitChunks(chunks: readonly JournalChunk[]): ChunkParts[] {
  return chunks.map((chunk) => ({ summary: chunkSummaryOf(chunk), body: encodeChunk(chunk) }));
}

/** A chunk without what it holds. */
export function chunkSummaryOf({ entries: _entries, ...summary }: JournalChunk): ChunkSummary {
  return summary;
}

/**
 * Makes sure that chunks follow each other, and the journal, without a gap. So an engine that was stopped for a
 * while, and whose run has gone on elsewhere meanwhile, cannot write into its history.
 * @param last sequence number of the last entry stored; 0 for none
 * @param after the same, as the writer knows it; absent where the chunks say so
 * @throws ConflictError `journal_conflict`
 */
export function checkFollows(
  run: string,
  last: number,
  chunks: readonly Pick<ChunkSummary, 'first' | 'last'>[],
  after = last,
): void {
  if (after !== last) throw journalConflict(run, last + 1, after + 1);
  let expected = last + 1;
  for (const chunk of chunks) {
    if (chunk.first !== expected) throw journalConflict(run, expected, chunk.first);
    expected = chunk.last + 1;
  }
}
