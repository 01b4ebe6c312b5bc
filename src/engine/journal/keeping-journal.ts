/**
 * A journal that keeps large values apart which did not come from the executor: what folds and collections gave out,
 * and the states of folds.
 */

import type { KeptValues } from '../values/kept-values.ts';
import type { DeliverEntry, JournalChunk, JournalEntry, OutputEntry } from './journal.ts';
import type { JournalSink } from './journal-writer.ts';

/** Puts references in the place of large values before they come into this journal. */
export function keepingJournal(journal: JournalSink, values: KeptValues): JournalSink {
  return {
    async append(run, chunks, after) {
      const kept: JournalChunk[] = [];
      for (const chunk of chunks) kept.push(await keepChunk(chunk, values));
      await journal.append(run, kept, after);
    },
    summaries: (run, after) => journal.summaries(run, after),
  };
}

async function keepChunk(chunk: JournalChunk, values: KeptValues): Promise<JournalChunk> {
  let entries: JournalEntry[] | undefined;
  const put = (at: number, entry: JournalEntry) => {
    entries ??= [...chunk.entries];
    entries[at] = entry;
  };
  /** Nodes with a later state in this chunk: of theirs, only that one can ever count. */
  const stated = new Set<string>();
  for (let at = chunk.entries.length - 1; at >= 0; at--) {
    const entry = chunk.entries[at] as JournalEntry;
    if (entry.kind === 'state') {
      if (stated.has(entry.node)) put(at, { ...entry, value: undefined });
      else {
        const [value] = await values.keep(chunk.run, [entry.value]);
        if (value !== entry.value) put(at, { ...entry, value });
      }
      stated.add(entry.node);
    } else if (entry.kind === 'deliver' && isGivenOut(entry)) {
      const payloads = await values.keep(chunk.run, entry.payloads);
      if (payloads !== entry.payloads) put(at, { ...entry, payloads });
    } else if (entry.kind === 'output' && isGivenOut(entry)) {
      const outputs = await values.keep(chunk.run, entry.values);
      if (outputs !== entry.values) put(at, { ...entry, values: outputs });
    }
  }
  return entries ? { ...chunk, entries } : chunk;
}

/** A fold or a collection gave it, and its parent is a flush; or a join, and it has two parents. */
const isGivenOut = ({ parents, partners }: DeliverEntry | OutputEntry): boolean =>
  partners !== undefined || (parents?.[0] ?? 0) < 0;
