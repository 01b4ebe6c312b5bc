/** What the cases of the store contract are made of. They use nothing of a test runner, and so run anywhere. */
import { stringify } from 'fast-check';
import { type JournalChunk, type JournalEntry, journalVersion } from '../../src/engine/journal/journal.ts';
import type { Graph } from '../../src/schema/graph.ts';
import type { GraphRecord, Page, RunRecord, Store } from '../../src/store/store.ts';

/** One store under test, and the ways to mistreat it. */
export interface StoreHarness {
  store: Store;
  /** Closes the store and opens it again on the same data, where it keeps any. */
  reopen?(): Promise<Store>;
  /** Changes a byte of the stored chunk behind the store's back. */
  damage(run: string, first: number): Promise<void>;
  /** Makes the medium refuse further chunk bodies as full, until the returned function is called. */
  fill?(): Promise<() => Promise<void>>;
  dispose(): Promise<void>;
}

export interface StoreCase {
  name: string;
  /** Rejects when the store does not do what the name says. */
  run(harness: StoreHarness): Promise<void>;
}

export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, e] = [stringify(actual), stringify(expected)];
  if (a !== e) throw new Error(`${what}: expected ${e.slice(0, 500)}, got ${a.slice(0, 500)}`);
}

export async function rejects(code: string, work: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await work();
  } catch (error) {
    equal((error as { code?: string }).code, code, `code of "${(error as Error).message}"`);
    return (error as { details: Record<string, unknown> }).details;
  }
  throw new Error(`expected ${code}, but nothing was thrown`);
}

export const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
export const document: Graph = { format: 'handloom.graph', version: 1, name: 'g', nodes: [], edges: [] };
export const run = (id: string, more: Partial<RunRecord> = {}): RunRecord => ({
  id,
  graph: 'g',
  status: 'running',
  createdAt: time(0),
  nodes: {},
  document,
  ...more,
});
export const summary = (record: RunRecord) => {
  const { document: _document, keepOpen: _keepOpen, ...rest } = record;
  return rest;
};
export const chunk = (id: string, first: number, payloads: unknown[]): JournalChunk => {
  const entries = payloads.map(
    (payload, i): JournalEntry => ({
      seq: first + i,
      at: 5,
      kind: 'deliver',
      node: 'n',
      port: 'in',
      first: first + i,
      payloads: [payload],
    }),
  );
  const counts = { succeeded: 0, failed: 0, duplicate: 0, cancelled: 0, redelivered: 0, outputs: 0, logs: 0 };
  const nodes = {
    n: { delivered: payloads.length, ...counts, created: [0, payloads.length - 1] as [number, number] },
  };
  return {
    version: journalVersion,
    run: id,
    first,
    last: first + payloads.length - 1,
    at: 5,
    nodes,
    entries,
  };
};
export const graph = (id: string, updated = 0, more: Partial<GraphRecord> = {}): GraphRecord => ({
  id,
  name: `graph ${id}`,
  nodes: 1,
  edges: 0,
  createdAt: time(0),
  updatedAt: time(updated),
  ...more,
});
export const bytes = (...values: number[]) => Uint8Array.from(values);

export async function readAll<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page(cursor);
    pages.push(items);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}
