/** How fast a store takes a run's journal: entries of one task each, in chunks of 1,000. */
import type { JournalChunk, JournalEntry } from '../../src/engine/journal/journal.ts';
import type { RunSummary } from '../../src/schema/run.ts';
import type { Store } from '../../src/store/store.ts';

const perChunk = 1000;
const counts = { succeeded: 0, failed: 0, duplicate: 0, cancelled: 0, redelivered: 0, outputs: 0, logs: 0 };

function chunkAt(run: string, first: number): JournalChunk {
  const entries = Array.from({ length: perChunk }, (_, i): JournalEntry => {
    const payload = { id: first + i, name: `airport ${i}`, place: [47.4 + i, 8.5], open: i % 2 === 0 };
    return {
      seq: first + i,
      at: i,
      kind: 'deliver',
      node: 'n',
      port: 'in',
      first: first + i,
      payloads: [payload],
    };
  });
  const nodes = { n: { delivered: perChunk, ...counts } };
  return { version: 1, run, first, last: first + perChunk - 1, at: 0, nodes, entries };
}

/** Entries stored per second, over this many appends of one chunk each. */
export async function measureAppends(store: Store, chunks: number): Promise<number> {
  const run: RunSummary = {
    id: 'measured',
    graph: 'g',
    status: 'running',
    createdAt: '2026-01-01T00:00:00.000Z',
    nodes: {},
  };
  const document = { format: 'handloom.graph', version: 1, name: 'g', nodes: [], edges: [] } as const;
  await store.runs.create({ ...run, document: { ...document, nodes: [], edges: [] } });
  await store.runs.append(run, [chunkAt(run.id, 1)]);
  const prepared = Array.from({ length: chunks }, (_, i) => chunkAt(run.id, (i + 1) * perChunk + 1));
  const start = performance.now();
  for (const chunk of prepared) await store.runs.append(run, [chunk]);
  return Math.round((chunks * perChunk * 1000) / (performance.now() - start));
}
