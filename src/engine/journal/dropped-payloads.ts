/** Payloads that are no longer kept, in the entries of a journal. */
import { BitSet } from '../bit-set.ts';
import type { DeliverEntry, JournalChunk } from './journal.ts';

/** Positions in an entry whose payloads are no longer kept; undefined when all are there, which is the common case. */
export function droppedOf({ dropped }: DeliverEntry): BitSet | undefined {
  if (!dropped) return undefined;
  const positions = new BitSet();
  for (let at = 0; at < dropped.length; at += 2) {
    for (let i = dropped[at] as number; i <= (dropped[at + 1] as number); i++) positions.add(i);
  }
  return positions;
}

/** Whether a chunk has payloads that another one, with the same entries, no longer has. */
export function bringsBack(chunk: JournalChunk, other: JournalChunk): boolean {
  return other.entries.some((entry, i) => {
    const before = entry.kind === 'deliver' ? droppedOf(entry) : undefined;
    if (!before) return false;
    const here = chunk.entries[i];
    const after = here?.kind === 'deliver' ? droppedOf(here) : undefined;
    return (entry as DeliverEntry).payloads.some((_, at) => before.has(at) && !after?.has(at));
  });
}

/**
 * The entry without the payloads at the positions that `isDone` says, beside those it lacks already; itself, when
 * there is nothing to drop.
 * @param keyOf by what a payload is known where duplicates are told
 */
export function dropFrom(
  entry: DeliverEntry,
  isDone: (position: number) => boolean,
  keyOf?: (payload: unknown) => string,
): DeliverEntry {
  const before = droppedOf(entry);
  const keys = [...(entry.droppedKeys ?? [])];
  const payloads = [...entry.payloads];
  const dropped: number[] = [];
  const droppedKeys: string[] = [];
  let isChanged = false;
  payloads.forEach((payload, i) => {
    const wasDropped = before?.has(i) ?? false;
    if (!wasDropped && !isDone(i)) return;
    isChanged ||= !wasDropped;
    payloads[i] = null;
    if (dropped.at(-1) === i - 1) dropped[dropped.length - 1] = i;
    else dropped.push(i, i);
    if (keyOf) droppedKeys.push(wasDropped ? (keys.shift() as string) : keyOf(payload));
  });
  return isChanged ? { ...entry, payloads, dropped, ...(keyOf && { droppedKeys }) } : entry;
}
