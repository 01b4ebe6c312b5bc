/** Opens a SQLite file for the store: settings, tables, and SQLite's failures in the store's words. */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type ColumnType,
  Kysely,
  Migrator,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
  sql,
} from 'kysely';
import Database from 'libsql';
import { HandloomError, StoreError } from '../../src/errors.ts';
import { createMigrations } from './migrations.ts';

/** A blob goes in as bytes and comes out as libsql gives it. */
type Bytes = ColumnType<ArrayBuffer, Uint8Array, Uint8Array>;

export interface SqlTables {
  graphs: { id: string; updated_at: string; record: string };
  graph_updates: { graph: string; position: number; bytes: Bytes };
  runs: {
    id: string;
    created_at: string;
    status: string;
    graph: string;
    graph_id: string | null;
    summary: string;
  };
  run_documents: { id: string; bytes: Bytes };
  chunks: { run: string; first: number; last: number; summary: string };
  chunk_bodies: { run: string; first: number; bytes: Bytes };
  artifacts: { hash: string; bytes: Bytes };
  /** `run`: a run, or the key of a cached result. */
  artifact_uses: { run: string; hash: string };
  /** `size`: with its artifacts; null for those put before that was kept. */
  cache: { key: string; at: number; bytes: Bytes; size: number | null };
  settings: { key: string; value: string };
}

/** libsql gives an ArrayBuffer for a blob. */
export const toBytes = (blob: ArrayBuffer): Uint8Array => new Uint8Array(blob);

/** Files by what Kysely made of them. */
const handles = new WeakMap<Kysely<SqlTables>, Database.Database>();

/** Runs a statement to its end. Kysely takes but one step of those that give no rows, such as `incremental_vacuum`. */
export const runWhole = (db: Kysely<SqlTables>, statement: string): void => {
  handles.get(db)?.exec(statement);
};

/** How long, in ms, a write waits for another process's before it fails as `store_busy`. */
const busyTimeoutMs = 5000;

/**
 * Opens the file, made with its folder if need be, and brings its tables up to date.
 * @throws StoreError `store_newer` when a newer version wrote it, `store_failed` when it is no database.
 */
export async function openSqlite(file: string): Promise<Kysely<SqlTables>> {
  if (file !== ':memory:') mkdirSync(dirname(resolve(file)), { recursive: true });
  let db: Kysely<SqlTables> | undefined;
  try {
    const database = new Database(file, { timeout: busyTimeoutMs } as Database.Options);
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    shrinkable(database);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    db = new Kysely<SqlTables>({
      dialect: new SqliteDialect({
        database: preparingOnce(database as unknown as SqliteDatabase & { inTransaction: boolean }),
      }),
    });
    handles.set(db, database);
    await migrate(db);
    return db;
  } catch (error) {
    await db?.destroy();
    throw toStoreError(error);
  }
}

/**
 * How transactions begin, which are all for writing: with the lock, for which they wait. One that began with a read
 * would be refused at once where another process has written since.
 */
const begin = 'begin immediate';

/** A statement that does nothing. */
const nothingToDo: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  *iterate() {},
};

/** Most statements that are kept for the next time. */
const keptStatements = 64;

/**
 * Prepares each statement once. libsql lets go of one, and of the chunk that was bound to it, only with the garbage
 * collection of an object that looks small: prepared anew for each chunk they pile up to a hundred MB and more.
 */
function preparingOnce(database: SqliteDatabase & { inTransaction: boolean }): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    prepare(text) {
      // Where the disk is full, SQLite has rolled back by itself, and its word of that must not get lost.
      if (text === 'rollback' && !database.inTransaction) return nothingToDo;
      const statement = kept.get(text) ?? database.prepare(text === 'begin' ? begin : text);
      kept.delete(text);
      kept.set(text, statement);
      for (const oldest of kept.keys()) {
        if (kept.size <= keptStatements) break;
        kept.delete(oldest);
      }
      return statement;
    },
    close() {
      kept.clear();
      database.close();
    },
  };
}

/**
 * Lets the file get smaller when something is deleted. It has to be so from the first table on: a file made before
 * is written anew, once, unless another process is using it.
 */
function shrinkable(database: Database.Database): void {
  const incremental = 2;
  const mode = database.prepare('PRAGMA auto_vacuum').get() as { auto_vacuum: number };
  if (mode.auto_vacuum === incremental) return;
  database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  const { page_count } = database.prepare('PRAGMA page_count').get() as { page_count: number };
  if (page_count === 0) return;
  try {
    database.exec('VACUUM');
  } catch {
    // The next start tries it again.
  }
}

async function migrate(db: Kysely<SqlTables>): Promise<void> {
  await db.connection().execute(async (connection) => {
    // One transaction around all, taken at once: neither half a migration, nor two processes migrating together.
    await sql`begin immediate`.execute(connection);
    try {
      const provider = { getMigrations: async () => createMigrations('sqlite') };
      const { error } = await new Migrator({ db: connection, provider }).migrateToLatest();
      if (error) throw error;
      await sql`commit`.execute(connection);
    } catch (error) {
      await sql`rollback`.execute(connection);
      throw error;
    }
  });
}

const codes: [pattern: RegExp, code: string, message: string][] = [
  [/^SQLITE_FULL|ENOSPC|disk is full/, 'store_full', 'There is no room left on the disk.'],
  [/^SQLITE_(BUSY|LOCKED)|database is locked/, 'store_busy', 'Another process is writing to the store.'],
  [
    /not open|driver has already been destroyed|connection is not open/i,
    'store_closed',
    'The store is closed.',
  ],
  [/^corrupted migrations/, 'store_newer', 'The stored data was written by a newer version.'],
];

/** Our own errors pass as they are. */
export function toStoreError(error: unknown): HandloomError {
  if (error instanceof HandloomError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const texts = [String((error as { code?: unknown } | null)?.code ?? ''), message];
  const known = codes.find(([pattern]) => texts.some((text) => pattern.test(text)));
  if (known) return new StoreError(known[1], known[2], { cause: error });
  return new StoreError('store_failed', `The store failed: ${message}`, { cause: error });
}
