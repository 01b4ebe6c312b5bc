/**
 * Chunks of older versions of the journal in today's shape. A change that old readers or old chunks could not live
 * with raises `journalVersion` and adds the step that leads from the version before; a step that has been published
 * is never changed. Added fields that may be absent need no step.
 */
import { StoreError } from '../../errors.ts';
import { type JournalChunk, journalVersion } from './journal.ts';

export type Step = (chunk: JournalChunk) => JournalChunk;

/** By the version a step leads away from. */
const published: Readonly<Record<number, Step>> = {
  // Since version 2, payloads may stand in their entry as bytes, which the codec reads.
  1: (chunk) => chunk,
  // Since version 3, columns of numbers may be folded, which the codec reads, too.
  2: (chunk) => chunk,
};

/**
 * A chunk as this version of Handloom knows it.
 * @throws StoreError `journal_newer`
 */
export function upToDate(chunk: JournalChunk, steps = published, current = journalVersion): JournalChunk {
  refuseNewer(chunk.run, chunk.version, current);
  let migrated = chunk;
  for (let version = chunk.version; version < current; version++) {
    const step = steps[version];
    if (!step) throw new RangeError(`nothing leads on from version ${version}`);
    migrated = { ...step(migrated), version: version + 1 };
  }
  return migrated;
}

/** @throws StoreError `journal_newer` when a chunk is of a version that this Handloom does not know */
export function refuseNewer(run: string, version: number, current = journalVersion): void {
  if (version <= current) return;
  throw new StoreError(
    'journal_newer',
    `The journal of run ${run} was written by a newer version of Handloom: it has version ${version}, and this one reads version ${current}.`,
    { details: { run, version } },
  );
}
