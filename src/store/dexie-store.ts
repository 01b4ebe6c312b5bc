/**
 * The browser's store: IndexedDB through Dexie. A journal chunk is one row of bytes, with its summary in a table of
 * its own. Runs are created and ended with strict durability, everything between is relaxed: a power cut may cost
 * the last moments of a run, never the run.
 */
import Dexie, { type DexieOptions, type Table } from 'dexie';
import type { ChunkSummary } from '../engine/journal/journal.ts';
import { NotFoundError, StoreError } from '../errors.ts';
import { limitOf } from '../schema/page.ts';
import { hasEnded, type RunStatus, type RunSummary, runStatuses } from '../schema/run.ts';
import {
  type ArtifactUse,
  addSize,
  createArtifacts,
  type RunSize,
  releaseArtifacts,
} from './dexie-artifacts.ts';
import { type CacheRow, createCache } from './dexie-cache.ts';
import { toStoreError } from './dexie-errors.ts';
import { decodeChunk } from './journal-codec.ts';
import { fromCursor, matches, noCounts, pageOf, runExists } from './paging.ts';
import {
  amendedParts,
  type ChunkParts,
  checkFits,
  checkFollows,
  joinRun,
  splitChunks,
  splitRun,
  summaryOf,
} from './run-parts.ts';
import type { GraphRecord, GraphStore, RunStore, SettingsStore, Store } from './store.ts';
import { valueCodec } from './value-codec.ts';

interface BytesRow {
  bytes: Uint8Array;
}

const schemaVersion = 4;

/** The tables. A change of shape is a further `version()`, never a change of one that has been published. */
class Tables extends Dexie {
  declare graphs: Table<GraphRecord, string>;
  declare graphUpdates: Table<BytesRow & { graph: string; position?: number }, number>;
  declare runs: Table<RunSummary, string>;
  declare runDocuments: Table<BytesRow & { id: string }, string>;
  declare chunks: Table<ChunkSummary, [string, number]>;
  declare chunkBodies: Table<BytesRow & { run: string; first: number }, [string, number]>;
  declare artifacts: Table<BytesRow & { hash: string }, string>;
  declare artifactUses: Table<ArtifactUse, [string, string]>;
  declare cache: Table<CacheRow, string>;
  /** Bytes of runs, as far as they were written by this version. */
  declare runSizes: Table<RunSize, string>;
  declare settings: Table<{ key: string; value: string }, string>;

  constructor(name: string, options: DexieOptions) {
    super(name, options);
    this.version(1).stores({
      graphs: 'id, [updatedAt+id]',
      graphUpdates: '++position, graph',
      runs: 'id, [createdAt+id], [status+createdAt+id]',
      runDocuments: 'id',
      chunks: '[run+first], [run+last]',
      chunkBodies: '[run+first]',
      artifacts: 'hash',
    });
    // Who uses what was stored before, nobody knows: it stays as long as any run of that time.
    this.version(2)
      .stores({ artifactUses: '[run+hash], hash' })
      .upgrade(async () => {
        const [runs, hashes] = [this.runs.toCollection(), this.artifacts.toCollection()];
        const all = [await runs.primaryKeys(), await hashes.primaryKeys()] as const;
        const uses = all[0].flatMap((run) => all[1].map((hash) => ({ run, hash })));
        await this.artifactUses.bulkAdd(uses);
      });
    this.version(3).stores({ cache: 'key, at, size', runSizes: 'run' });
    this.version(schemaVersion).stores({ cache: 'key, [at+size+key], at, size', settings: 'key' });
  }
}

export interface DexieStoreOptions {
  /** Where it is not the page's own: `indexedDB` and `IDBKeyRange` of an implementation for Node. */
  indexedDB?: IDBFactory;
  IDBKeyRange?: typeof IDBKeyRange;
  /**
   * The store has closed by itself. `newer_version`: a page of a newer version wants to migrate it; nothing can be
   * written here any more, so say so and reload. `lost`: the browser took it away; the next use tries to open it again.
   */
  onClosed?: (reason: 'newer_version' | 'lost') => void;
}

interface Connections {
  relaxed: Tables;
  strict: Tables;
}

/**
 * Opens the database of this name, made or migrated as need be.
 * @throws StoreError when the browser does not let us (private mode, no room, a newer version's data).
 */
export async function createDexieStore(name: string, options: DexieStoreOptions = {}): Promise<Store> {
  const { onClosed, ...own } = options;
  // IndexedDB fixes durability per transaction, Dexie per database: so there are two connections.
  const relaxed = new Tables(name, { ...own, chromeTransactionDurability: 'relaxed' });
  const strict = new Tables(name, { ...own, chromeTransactionDurability: 'strict' });
  const both = [relaxed, strict];
  let closing = false;
  const close = () => {
    closing = true;
    for (const db of both) db.close({ disableAutoOpen: true });
  };
  for (const db of both) {
    db.on('versionchange', () => {
      if (!closing) onClosed?.('newer_version');
      closing = true;
      db.close({ disableAutoOpen: true });
      // Keeps Dexie from its own answer, which would open again at the next write and go on in the old shape.
      return false;
    });
  }
  relaxed.on('close', () => {
    if (!closing) onClosed?.('lost');
  });
  await guard(async () => {
    for (const db of both) await db.open();
    // Dexie opens data of a newer version without a word. Its versions are ten times ours.
    if (relaxed.backendDB().version <= schemaVersion * 10) return;
    close();
    throw new StoreError('store_newer', 'The stored data was written by a newer version.');
  });
  const connections = { relaxed, strict };
  return {
    graphs: createGraphs(connections),
    runs: createRuns(connections),
    artifacts: createArtifacts(relaxed, guard),
    values: valueCodec,
    cache: createCache(relaxed, guard),
    settings: createSettings(connections),
    close: async () => close(),
  };
}

function createGraphs({ relaxed: db }: Connections): GraphStore {
  const tables = [db.graphs, db.graphUpdates];
  const updatesOf = (id: string) => db.graphUpdates.where('graph').equals(id);
  return {
    list: (query) =>
      guard(async () => {
        const limit = limitOf(query);
        const after = fromCursor(query?.cursor);
        const index = after
          ? db.graphs.where('[updatedAt+id]').below(after)
          : db.graphs.orderBy('[updatedAt+id]');
        const found = await index
          .reverse()
          .limit(limit + 1)
          .toArray();
        return pageOf(found, limit, (record) => [record.updatedAt, record.id]);
      }),
    get: (id) => guard(() => db.graphs.get(id)),
    load: (id) =>
      guard(() =>
        db.transaction('r', tables, async () => {
          const [record, updates] = await Promise.all([db.graphs.get(id), updatesOf(id).sortBy('position')]);
          return record && updates.map((row) => row.bytes);
        }),
      ),
    append: (record, update) =>
      guard(() =>
        db.transaction('rw', tables, async () => {
          await db.graphs.put(record);
          await db.graphUpdates.add({ graph: record.id, bytes: update.slice() });
        }),
      ),
    compact: (id, snapshot) =>
      guard(() =>
        db.transaction('rw', tables, async () => {
          if (!(await db.graphs.get(id))) throw new NotFoundError('graph', id);
          await updatesOf(id).delete();
          await db.graphUpdates.add({ graph: id, bytes: snapshot.slice() });
        }),
      ),
    delete: (id) =>
      guard(() =>
        db.transaction('rw', tables, async () => {
          const there = (await db.graphs.where('id').equals(id).delete()) > 0;
          await updatesOf(id).delete();
          return there;
        }),
      ),
  };
}

function createRuns({ relaxed: db, strict }: Connections): RunStore {
  const allOf = (of: Tables) => [
    of.runs,
    of.runDocuments,
    of.chunks,
    of.chunkBodies,
    of.artifacts,
    of.artifactUses,
    of.runSizes,
  ];
  const chunkKeys = (run: string): [[string, number], [string, number]] => [
    [run, -Infinity],
    [run, Infinity],
  ];
  return {
    create: (run) =>
      guard(async () => {
        const { summary, document } = splitRun(run);
        await strict.transaction('rw', [strict.runs, strict.runDocuments], async () => {
          if (await strict.runs.get(run.id)) throw runExists(run.id);
          await strict.runs.add(summary);
          await strict.runDocuments.add({ id: run.id, bytes: document });
        });
      }),
    get: (id) =>
      guard(() =>
        db.transaction('r', [db.runs, db.runDocuments], async () => {
          const [summary, document] = await Promise.all([db.runs.get(id), db.runDocuments.get(id)]);
          return summary && document && joinRun({ summary, document: document.bytes });
        }),
      ),
    summary: (id) => guard(() => db.runs.get(id)),
    list: (query = {}) =>
      guard(async () => {
        const limit = limitOf(query);
        const after = fromCursor(query.cursor) ?? ['\uffff', '\uffff'];
        const index =
          query.status === undefined
            ? db.runs.where('[createdAt+id]').below(after)
            : db.runs
                .where('[status+createdAt+id]')
                .between([query.status, '', ''], [query.status, ...after], true, false);
        const found = await index
          .reverse()
          .filter((run) => matches(run, query))
          .limit(limit + 1)
          .toArray();
        return pageOf(found, limit, (run) => [run.createdAt, run.id]);
      }),
    append: (run, chunks, after) =>
      guard(async () => {
        // Encoded before the transaction, which would end by itself while we compute.
        const parts = splitChunks(chunks);
        const of = hasEnded(run.status) ? strict : db;
        await of.transaction('rw', [of.runs, of.chunks, of.chunkBodies, of.runSizes], async () => {
          if ((await of.runs.where('id').equals(run.id).count()) === 0)
            throw new NotFoundError('run', run.id);
          const ends = of.chunks.where('[run+last]').between([run.id, -Infinity], [run.id, Infinity]);
          const [end] = await ends.reverse().limit(1).keys();
          checkFollows(run.id, (end as unknown as [string, number] | undefined)?.[1] ?? 0, chunks, after);
          await of.chunks.bulkAdd(parts.map(({ summary }) => summary));
          await of.chunkBodies.bulkAdd(
            parts.map(({ summary, body }) => ({ run: run.id, first: summary.first, bytes: body })),
          );
          const written = parts.reduce((sum, { body }) => sum + body.length, 0);
          await addSize(of.runSizes, run.id, written);
          await of.runs.put(summaryOf(run));
        });
      }),
    summaries: (id, after = 0) =>
      guard(() => db.chunks.where('[run+last]').between([id, after], [id, Infinity], false, true).toArray()),
    chunk: (id, first) =>
      guard(async () => {
        const row = await db.chunkBodies.get([id, first]);
        return row && decodeChunk(row.bytes, id, first);
      }),
    replace: (chunk) =>
      guard(async () => {
        const { run, first } = chunk;
        // Encoded before the transaction, which would end by itself while we compute.
        const { summary, body } = splitChunks([chunk])[0] as ChunkParts;
        await db.transaction('rw', [db.chunks, db.chunkBodies, db.runSizes], async () => {
          const stored = (await db.chunkBodies.get([run, first]))?.bytes;
          checkFits(chunk, stored);
          const before = stored?.length ?? 0;
          await db.chunks.put(summary);
          await db.chunkBodies.put({ run, first, bytes: body });
          await addSize(db.runSizes, run, body.length - before);
        });
      }),
    amend: (id, change) =>
      guard(() =>
        db.transaction('rw', [db.runs, db.runDocuments], async () => {
          const [summary, row] = [await db.runs.get(id), await db.runDocuments.get(id)];
          if (!summary || !row) return false;
          const { document, ...parts } = amendedParts({ summary, document: row.bytes }, change);
          await db.runs.put(parts.summary);
          if (change.document) await db.runDocuments.put({ id, bytes: document });
          return true;
        }),
      ),
    delete: (id) =>
      guard(() =>
        db.transaction('rw', allOf(db), async () => {
          const there = (await db.runs.where('id').equals(id).delete()) > 0;
          await db.runDocuments.delete(id);
          for (const table of [db.chunks, db.chunkBodies]) {
            await table
              .where('[run+first]')
              .between(...chunkKeys(id), true, true)
              .delete();
          }
          await releaseArtifacts(db, id);
          await db.runSizes.delete(id);
          return there;
        }),
      ),
    sizes: (ids) =>
      guard(async () => {
        const sizes = await (ids ? db.runSizes.bulkGet([...ids]) : db.runSizes.toArray());
        return new Map(sizes.flatMap((size) => (size ? [[size.run, size.bytes]] : [])));
      }),
    counts: () =>
      guard(async () => {
        const counts = noCounts();
        const count = async (status: RunStatus) => {
          const all = db.runs
            .where('[status+createdAt+id]')
            .between([status, '', ''], [status, '\uffff', '\uffff']);
          counts[status] = await all.count();
        };
        await db.transaction('r', db.runs, () => Promise.all(runStatuses.map(count)));
        return counts;
      }),
  };
}

function createSettings({ strict: db }: Connections): SettingsStore {
  return {
    get: (key) =>
      guard(async () => {
        const row = await db.settings.get(key);
        return row && JSON.parse(row.value);
      }),
    set: (key, value) =>
      guard(async () => {
        if (value === undefined) await db.settings.delete(key);
        else await db.settings.put({ key, value: JSON.stringify(value) });
      }),
  };
}

/** Gives every failure the store's own words. */
async function guard<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}
