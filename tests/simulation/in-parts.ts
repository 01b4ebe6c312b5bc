/** What splitters give, as it leaves a worker where it is much: part by part, before the end of their tasks. */
import { type Batch, type BatchResult, outcome } from '../../src/engine/executor.ts';
import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import type { Pack } from '../../src/engine/values/packed.ts';
import { PartCollector } from '../../src/pool/part-collector.ts';
import { defaultOutput } from '../../src/schema/names.ts';
import type { Chance } from './chance.ts';

export interface PartsOptions {
  pack: Pack;
  chance: Chance;
  /** The worker dies halfway: its tasks give some of their parts, and no result. */
  isCutShort: boolean;
}

/** The result of a batch at a splitter, with parts in the place of what some of its tasks gave. */
export async function inParts(
  batch: Batch,
  result: BatchResult,
  { pack, chance, isCutShort }: PartsOptions,
): Promise<BatchResult> {
  const collector = new PartCollector(batch.tasks.length, pack);
  const given = byTask(result);
  const isParted = given.map(({ values }) => values.length > 0 && chance.happens(0.7));
  // Tasks come to their ends side by side, each giving one part after the other.
  const sends = given.map(async ({ values, port }, index) => {
    // What a task had given before it failed counts for nothing.
    if (result.outcomes[index] === outcome.failed)
      return collector.take(index, port, [batch.payloads[index]]);
    if (!isParted[index]) return;
    for (const part of cut(values, chance)) {
      if (isCutShort && chance.happens(0.3)) return;
      await collector.take(index, port, part);
    }
  });
  await Promise.all(sends);
  const rest = given.map((each, index) => (isParted[index] ? [] : each.values));
  const { ports, ...columns } = result;
  return collector.end({
    ...columns,
    counts: rest.map((values) => values.length),
    values: rest.flat(),
    ...(ports && { ports: rest.flatMap((values, i) => values.map(() => given[i]?.port ?? defaultOutput)) }),
  });
}

function byTask({ outcomes, counts, values, ports }: BatchResult): { values: unknown[]; port: string }[] {
  let at = 0;
  return outcomes.map((end, i) => {
    const from = at;
    at += counts?.[i] ?? (end === outcome.succeeded ? 1 : 0);
    return { values: values.slice(from, at), port: ports?.[from] ?? defaultOutput };
  });
}

function cut(values: unknown[], chance: Chance): unknown[][] {
  const parts: unknown[][] = [];
  const most = chance.pick([1, 3, 50]);
  for (let at = 0; at < values.length; ) {
    const end = at + chance.int(1, most);
    parts.push(values.slice(at, end));
    at = end;
  }
  return parts;
}

/** An entry as a store gives it back. */
export function unpacked(entry: JournalEntry): JournalEntry {
  if (!('packed' in entry) || !entry.packed) return entry;
  const { packed, ...rest } = entry;
  return rest.kind === 'deliver'
    ? { ...rest, payloads: packed.unpack() }
    : { ...rest, values: packed.unpack() };
}
