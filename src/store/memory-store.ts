/** A store that lives as long as its process: for tests, for private windows, for runs nobody wants to keep. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { ChunkSummary } from '../engine/journal/journal.ts';
import { NotFoundError, StoreError } from '../errors.ts';
import { toHex } from '../schema/content-hash.ts';
import { limitOf } from '../schema/page.ts';
import type { RunSummary } from '../schema/run.ts';
import { decodeChunk } from './journal-codec.ts';
import { MemoryArtifacts } from './memory-artifacts.ts';
import { type CachedResult, createMemoryCache } from './memory-cache.ts';
import { byNewest, fromCursor, matches, noCounts, type Position, pageOf, runExists } from './paging.ts';
import {
  amendedParts,
  checkFits,
  checkFollows,
  joinRun,
  splitChunks,
  splitRun,
  summaryOf,
} from './run-parts.ts';
import type {
  ArtifactStore,
  GraphRecord,
  GraphStore,
  Page,
  PageQuery,
  RunStore,
  SettingsStore,
  Store,
} from './store.ts';
import { valueCodec } from './value-codec.ts';

interface StoredRun {
  summary: string;
  document: Uint8Array;
  /** Sequence number of the last entry; 0 for none. */
  last: number;
  /** By sequence number of the first entry, in order of writing. */
  chunks: Map<number, { summary: string; body: Uint8Array }>;
}

export interface MemoryStoreOptions {
  /** Shown each chunk's bytes as they are kept; what it gives back is kept instead. A test damages them so. */
  onBody?: (run: string, first: number, body: Uint8Array) => Uint8Array;
}

/** Makes an empty store in memory. Values are kept as bytes and JSON, so no caller can change them afterwards. */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  let closed = false;
  /** Wraps a method so that it refuses once the store is closed, and gives what it throws as a rejection. */
  const open = async <T>(work: () => T): Promise<T> => {
    if (closed) throw new StoreError('store_closed', 'The store is closed.');
    return work();
  };
  const runs = new Map<string, StoredRun>();
  const kept = new MemoryArtifacts();
  const results = new Map<string, CachedResult>();
  return {
    graphs: createGraphs(open),
    runs: createRuns(open, runs, kept, options),
    artifacts: createArtifacts(open, runs, kept, results),
    cache: createMemoryCache(open, results, kept),
    settings: createSettings(open),
    // Hashed at once, so that simulated time stands still meanwhile.
    values: { ...valueCodec, hash: async (bytes) => toHex(sha256(bytes)) },
    close: async () => {
      closed = true;
    },
  };
}

type Open = <T>(work: () => T) => Promise<T>;

function createGraphs(open: Open): GraphStore {
  const graphs = new Map<string, { record: string; updates: Uint8Array[] }>();
  return {
    list: (query) =>
      open(() => {
        const records = [...graphs.values()].map((graph) => JSON.parse(graph.record) as GraphRecord);
        return select(records, query, (record) => [record.updatedAt, record.id]);
      }),
    get: (id) => open(() => parse<GraphRecord>(graphs.get(id)?.record)),
    load: (id) => open(() => graphs.get(id)?.updates.map((update) => update.slice())),
    append: (record, update) =>
      open(() => {
        const updates = graphs.get(record.id)?.updates ?? [];
        graphs.set(record.id, { record: JSON.stringify(record), updates: [...updates, update.slice()] });
      }),
    compact: (id, snapshot) =>
      open(() => {
        const graph = graphs.get(id);
        if (!graph) throw new NotFoundError('graph', id);
        graph.updates = [snapshot.slice()];
      }),
    delete: (id) => open(() => graphs.delete(id)),
  };
}

function createRuns(
  open: Open,
  runs: Map<string, StoredRun>,
  kept: MemoryArtifacts,
  { onBody = (_run, _first, body) => body }: MemoryStoreOptions,
): RunStore {
  const summaries = () => [...runs.values()].map((run) => JSON.parse(run.summary) as RunSummary);
  return {
    create: (run) =>
      open(() => {
        if (runs.has(run.id)) throw runExists(run.id);
        const { summary, document } = splitRun(run);
        runs.set(run.id, { summary: JSON.stringify(summary), document, last: 0, chunks: new Map() });
      }),
    get: (id) =>
      open(() => {
        const run = runs.get(id);
        return run && joinRun({ summary: JSON.parse(run.summary) as RunSummary, document: run.document });
      }),
    summary: (id) => open(() => parse<RunSummary>(runs.get(id)?.summary)),
    list: (query = {}) =>
      open(() => {
        const found = summaries().filter((run) => matches(run, query));
        return select(found, query, (run) => [run.createdAt, run.id]);
      }),
    append: (run, chunks, after) =>
      open(() => {
        const stored = runs.get(run.id);
        if (!stored) throw new NotFoundError('run', run.id);
        // All that can go wrong does so before anything is changed.
        const added = new Map<number, { summary: string; body: Uint8Array }>();
        const parts = splitChunks(chunks);
        checkFollows(run.id, stored.last, chunks, after);
        for (const { summary, body } of parts) {
          const { first } = summary;
          added.set(first, { summary: JSON.stringify(summary), body: onBody(run.id, first, body) });
        }
        stored.last = parts.at(-1)?.summary.last ?? stored.last;
        stored.summary = JSON.stringify(summaryOf(run));
        for (const [first, chunk] of added) stored.chunks.set(first, chunk);
      }),
    summaries: (id, after = 0) =>
      open(() =>
        [...(runs.get(id)?.chunks.values() ?? [])]
          .map((chunk) => JSON.parse(chunk.summary) as ChunkSummary)
          .filter((summary) => summary.last > after)
          .sort((a, b) => a.first - b.first),
      ),
    chunk: (id, first) =>
      open(() => {
        const chunk = runs.get(id)?.chunks.get(first);
        return chunk && decodeChunk(chunk.body, id, first);
      }),
    replace: (chunk) =>
      open(() => {
        const { run, first } = chunk;
        const chunks = runs.get(run)?.chunks;
        checkFits(chunk, chunks?.get(first)?.body);
        for (const { summary, body } of splitChunks([chunk]))
          chunks?.set(first, { summary: JSON.stringify(summary), body: onBody(run, first, body) });
      }),
    amend: (id, change) =>
      open(() => {
        const run = runs.get(id);
        if (!run) return false;
        const stored = { summary: JSON.parse(run.summary) as RunSummary, document: run.document };
        const { summary, document } = amendedParts(stored, change);
        Object.assign(run, { summary: JSON.stringify(summary), document });
        return true;
      }),
    delete: (id) =>
      open(() => {
        kept.release(id);
        return runs.delete(id);
      }),
    sizes: (ids) =>
      open(() => {
        const bytes = ({ id, chunks }: { id: string; chunks: StoredRun['chunks'] }) =>
          [...chunks.values()].reduce((sum, { body }) => sum + body.length, kept.bytesOf(id));
        const wanted = ids && new Set(ids);
        const found = [...runs].filter(([id]) => wanted?.has(id) ?? true);
        return new Map(found.map(([id, { chunks }]) => [id, bytes({ id, chunks })]));
      }),
    counts: () =>
      open(() => {
        const counts = noCounts();
        for (const run of summaries()) counts[run.status]++;
        return counts;
      }),
  };
}

function createArtifacts(
  open: Open,
  runs: ReadonlyMap<string, StoredRun>,
  kept: MemoryArtifacts,
  results: ReadonlyMap<string, CachedResult>,
): ArtifactStore {
  return {
    put: (hash, bytes) => open(() => kept.put(hash, bytes)),
    claim: (run, claims) => open(() => kept.claim(run, claims)),
    release: (run, hashes) => open(() => kept.release(run, new Set(hashes))),
    get: (hash) => open(() => kept.get(hash)),
    has: (hash) => open(() => kept.has(hash)),
    delete: (hash) => open(() => kept.delete(hash)),
    sweep: () => open(() => kept.sweep(new Set([...runs.keys(), ...results.keys()]))),
  };
}

function createSettings(open: Open): SettingsStore {
  const settings = new Map<string, string>();
  return {
    get: (key) => open(() => parse<unknown>(settings.get(key))),
    set: (key, value) =>
      open(() => {
        if (value === undefined) settings.delete(key);
        else settings.set(key, JSON.stringify(value));
      }),
  };
}

function select<T>(items: T[], query: PageQuery | undefined, position: (item: T) => Position): Page<T> {
  const limit = limitOf(query);
  const after = fromCursor(query?.cursor);
  const rest = after ? items.filter((item) => byNewest(position(item), after) > 0) : items;
  return pageOf(rest.sort((a, b) => byNewest(position(a), position(b))).slice(0, limit + 1), limit, position);
}

const parse = <T>(text: string | undefined): T | undefined =>
  text === undefined ? undefined : JSON.parse(text);
