/**
 * A server's store: one SQLite file. Writes go through a write-ahead log; runs are created and ended with a full
 * sync to the disk, everything between with SQLite's normal one: a power cut may cost the last moments of a run,
 * never the run, and a killed process costs nothing.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChunkSummary } from '../../src/engine/journal/journal.ts';
import { NotFoundError, StoreError } from '../../src/errors.ts';
import { limitOf } from '../../src/schema/page.ts';
import { hasEnded, type RunStatus, type RunSummary } from '../../src/schema/run.ts';
import { decodeChunk, encodeChunk } from '../../src/store/journal-codec.ts';
import { fromCursor, noCounts, pageOf, runExists } from '../../src/store/paging.ts';
import {
  amendedParts,
  type ChunkParts,
  checkFits,
  checkFollows,
  chunkSummaryOf,
  joinRun,
  splitChunks,
  splitRun,
  summaryOf,
} from '../../src/store/run-parts.ts';
import type { GraphRecord, GraphStore, RunStore, SettingsStore, Store } from '../../src/store/store.ts';
import { valueCodec } from '../../src/store/value-codec.ts';
import { createArtifacts, releaseArtifacts } from './sqlite-artifacts.ts';
import { createCache } from './sqlite-cache.ts';
import { openSqlite, type SqlTables, toBytes, toStoreError } from './sqlite-database.ts';
import { giveBackSpace, sizesOfRuns } from './sqlite-space.ts';

type Guard = <T>(work: (db: Kysely<SqlTables>) => Promise<T>) => Promise<T>;

/**
 * Opens the store in this file, made if need be.
 * @throws StoreError `store_newer`, `store_failed`
 */
export async function createSqliteStore(file: string): Promise<Store> {
  const db = await openSqlite(file);
  let closed = false;
  const guard: Guard = async (work) => {
    if (closed) throw new StoreError('store_closed', 'The store is closed.');
    try {
      return await work(db);
    } catch (error) {
      throw toStoreError(error);
    }
  };
  return {
    graphs: createGraphs(guard),
    runs: createRuns(guard),
    artifacts: createArtifacts(guard),
    values: valueCodec,
    cache: createCache(guard),
    settings: createSettings(guard),
    close: async () => {
      if (closed) return;
      closed = true;
      await db.destroy();
    },
  };
}

function createGraphs(guard: Guard): GraphStore {
  return {
    list: (query) =>
      guard(async (db) => {
        const limit = limitOf(query);
        const after = fromCursor(query?.cursor);
        let select = db.selectFrom('graphs').select('record');
        if (after) select = select.where(sql<boolean>`(updated_at, id) < (${after[0]}, ${after[1]})`);
        const rows = await select
          .orderBy('updated_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
        const found = rows.map((row) => JSON.parse(row.record) as GraphRecord);
        return pageOf(found, limit, (record) => [record.updatedAt, record.id]);
      }),
    get: (id) =>
      guard(async (db) => {
        const row = await db.selectFrom('graphs').select('record').where('id', '=', id).executeTakeFirst();
        return row && (JSON.parse(row.record) as GraphRecord);
      }),
    load: (id) =>
      guard(async (db) => {
        const rows = await db
          .selectFrom('graph_updates')
          .select('bytes')
          .where('graph', '=', id)
          .orderBy('position')
          .execute();
        return rows.length ? rows.map((row) => toBytes(row.bytes)) : undefined;
      }),
    append: (record, update) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          const row = { id: record.id, updated_at: record.updatedAt, record: JSON.stringify(record) };
          const changed = await tx
            .updateTable('graphs')
            .set(row)
            .where('id', '=', record.id)
            .executeTakeFirst();
          if (changed.numUpdatedRows === 0n) await tx.insertInto('graphs').values(row).execute();
          await addUpdate(tx, record.id, update);
        }),
      ),
    compact: (id, snapshot) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          const gone = await tx.deleteFrom('graph_updates').where('graph', '=', id).executeTakeFirst();
          if (gone.numDeletedRows === 0n) throw new NotFoundError('graph', id);
          await addUpdate(tx, id, snapshot);
        }),
      ),
    delete: (id) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          const gone = await tx.deleteFrom('graphs').where('id', '=', id).executeTakeFirst();
          await tx.deleteFrom('graph_updates').where('graph', '=', id).execute();
          return gone.numDeletedRows > 0n;
        }),
      ),
  };
}

async function addUpdate(tx: Transaction<SqlTables>, graph: string, bytes: Uint8Array): Promise<void> {
  const { max } = tx.fn;
  const last = await tx
    .selectFrom('graph_updates')
    .select(max('position').as('position'))
    .where('graph', '=', graph)
    .executeTakeFirst();
  await tx
    .insertInto('graph_updates')
    .values({ graph, position: Number(last?.position ?? 0) + 1, bytes: bytes.slice() })
    .execute();
}

function createRuns(guard: Guard): RunStore {
  return {
    create: (run) =>
      guard(async (db) => {
        const { summary, document } = splitRun(run);
        await writeDurably(db, async (tx) => {
          const there = await tx.selectFrom('runs').select('id').where('id', '=', run.id).executeTakeFirst();
          if (there) throw runExists(run.id);
          await tx.insertInto('runs').values(toRow(summary)).execute();
          await tx.insertInto('run_documents').values({ id: run.id, bytes: document }).execute();
        });
      }),
    get: (id) =>
      guard(async (db) => {
        const row = await db
          .selectFrom('runs')
          .innerJoin('run_documents', 'run_documents.id', 'runs.id')
          .select(['runs.summary', 'run_documents.bytes'])
          .where('runs.id', '=', id)
          .executeTakeFirst();
        return (
          row && joinRun({ summary: JSON.parse(row.summary) as RunSummary, document: toBytes(row.bytes) })
        );
      }),
    summary: (id) =>
      guard(async (db) => {
        const row = await db.selectFrom('runs').select('summary').where('id', '=', id).executeTakeFirst();
        return row && (JSON.parse(row.summary) as RunSummary);
      }),
    list: (query = {}) =>
      guard(async (db) => {
        const limit = limitOf(query);
        const after = fromCursor(query.cursor);
        const { status, graph } = query;
        let select = db.selectFrom('runs').select('summary');
        if (status !== undefined) select = select.where('status', '=', status);
        if (graph !== undefined) {
          select = select.where(({ or, eb }) => or([eb('graph', '=', graph), eb('graph_id', '=', graph)]));
        }
        if (after) select = select.where(sql<boolean>`(created_at, id) < (${after[0]}, ${after[1]})`);
        const rows = await select
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
        const found = rows.map((row) => JSON.parse(row.summary) as RunSummary);
        return pageOf(found, limit, (run) => [run.createdAt, run.id]);
      }),
    append: (run, chunks, after) =>
      guard(async (db) => {
        const write = async (tx: Transaction<SqlTables>) => {
          const row = toRow(summaryOf(run));
          const changed = await tx.updateTable('runs').set(row).where('id', '=', run.id).executeTakeFirst();
          if (changed.numUpdatedRows === 0n) throw new NotFoundError('run', run.id);
          const end = await tx
            .selectFrom('chunks')
            .select('last')
            .where('run', '=', run.id)
            .orderBy('first', 'desc')
            .limit(1)
            .executeTakeFirst();
          checkFollows(run.id, Number(end?.last ?? 0), chunks, after);
          // One after the other: a splitter's results are hundreds of chunks in one commit.
          for (const chunk of chunks) {
            const summary = chunkSummaryOf(chunk);
            const body = encodeChunk(chunk);
            const { first, last } = summary;
            await tx
              .insertInto('chunks')
              .values({ run: run.id, first, last, summary: JSON.stringify(summary) })
              .execute();
            await tx.insertInto('chunk_bodies').values({ run: run.id, first, bytes: body }).execute();
          }
        };
        await (hasEnded(run.status) ? writeDurably(db, write) : db.transaction().execute(write));
      }),
    summaries: (id, after = 0) =>
      guard(async (db) => {
        const rows = await db
          .selectFrom('chunks')
          .select('summary')
          .where('run', '=', id)
          .where('last', '>', after)
          .orderBy('first')
          .execute();
        return rows.map((row) => JSON.parse(row.summary) as ChunkSummary);
      }),
    chunk: (id, first) =>
      guard(async (db) => {
        const row = await db
          .selectFrom('chunk_bodies')
          .select('bytes')
          .where('run', '=', id)
          .where('first', '=', first)
          .executeTakeFirst();
        return row && decodeChunk(toBytes(row.bytes), id, first);
      }),
    replace: (chunk) =>
      guard(async (db) => {
        const { run, first } = chunk;
        const [parts] = splitChunks([chunk]);
        await db.transaction().execute(async (tx) => {
          const stored = await tx
            .selectFrom('chunk_bodies')
            .select('bytes')
            .where('run', '=', run)
            .where('first', '=', first)
            .executeTakeFirst();
          checkFits(chunk, stored && toBytes(stored.bytes));
          const { summary, body } = parts as ChunkParts;
          await tx
            .updateTable('chunks')
            .set({ summary: JSON.stringify(summary) })
            .where('run', '=', run)
            .where('first', '=', first)
            .execute();
          await tx
            .updateTable('chunk_bodies')
            .set({ bytes: body })
            .where('run', '=', run)
            .where('first', '=', first)
            .execute();
        });
      }),
    amend: (id, change) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          const row = await tx
            .selectFrom('runs')
            .innerJoin('run_documents', 'run_documents.id', 'runs.id')
            .select(['runs.summary', 'run_documents.bytes'])
            .where('runs.id', '=', id)
            .executeTakeFirst();
          if (!row) return false;
          const stored = { summary: JSON.parse(row.summary) as RunSummary, document: toBytes(row.bytes) };
          const { summary, document } = amendedParts(stored, change);
          await tx.updateTable('runs').set(toRow(summary)).where('id', '=', id).execute();
          if (change.document)
            await tx.updateTable('run_documents').set({ bytes: document }).where('id', '=', id).execute();
          return true;
        }),
      ),
    delete: (id) =>
      guard(async (db) => {
        const gone = await db.transaction().execute(async (tx) => {
          const gone = await tx.deleteFrom('runs').where('id', '=', id).executeTakeFirst();
          await tx.deleteFrom('run_documents').where('id', '=', id).execute();
          await tx.deleteFrom('chunks').where('run', '=', id).execute();
          await tx.deleteFrom('chunk_bodies').where('run', '=', id).execute();
          await releaseArtifacts(tx, id);
          return gone.numDeletedRows > 0n;
        });
        await giveBackSpace(db);
        return gone;
      }),
    sizes: (ids) => guard((db) => sizesOfRuns(db, ids)),
    counts: () =>
      guard(async (db) => {
        const rows = await db
          .selectFrom('runs')
          .select(['status', (eb) => eb.fn.countAll<number>().as('count')])
          .groupBy('status')
          .execute();
        const counts = noCounts();
        for (const row of rows) counts[row.status as RunStatus] = Number(row.count);
        return counts;
      }),
  };
}

function createSettings(guard: Guard): SettingsStore {
  return {
    get: (key) =>
      guard(async (db) => {
        const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
        return row && JSON.parse(row.value);
      }),
    set: (key, value) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          await tx.deleteFrom('settings').where('key', '=', key).execute();
          if (value === undefined) return;
          await tx
            .insertInto('settings')
            .values({ key, value: JSON.stringify(value) })
            .execute();
        }),
      ),
  };
}

/** A transaction that is on the disk itself when it is done. */
async function writeDurably(
  db: Kysely<SqlTables>,
  write: (tx: Transaction<SqlTables>) => Promise<void>,
): Promise<void> {
  // The setting belongs to the connection, and cannot change within a transaction.
  await db.connection().execute(async (connection) => {
    await sql`pragma synchronous = full`.execute(connection);
    try {
      await connection.transaction().execute(write);
    } finally {
      await sql`pragma synchronous = normal`.execute(connection);
    }
  });
}

function toRow(run: RunSummary) {
  return {
    id: run.id,
    created_at: run.createdAt,
    status: run.status,
    graph: run.graph,
    graph_id: run.graphId ?? null,
    summary: JSON.stringify(run),
  };
}
