/** DuckDB as WebAssembly, in a worker of its own. */
import { type AsyncDuckDB, AsyncDuckDB as DuckDb, VoidLogger } from '@duckdb/duckdb-wasm';
import workerUrl from '@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url';
import wasmUrl from '@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url';
import { tableFromIPC } from 'apache-arrow';
import { HandloomError } from '../errors.ts';
import type { Database, Session } from './database.ts';

/** Prefix of the paths under which SQL may see files; they exist in the worker's memory only. */
const folder = 'handloom-files/';

/**
 * SQL gets no way to the network: outside access is off, so DuckDB neither fetches URLs nor its own extensions
 * (JSON, Parquet, time zones), and the configuration is locked.
 */
export async function openWasmDatabase(): Promise<Database> {
  const worker = new Worker(new URL(workerUrl, import.meta.url), { name: 'duckdb' });
  const failed = new Promise<never>((_resolve, reject) => {
    const fail = (reason: string) =>
      reject(new HandloomError('duckdb_failed', `DuckDB cannot be started: ${reason}`));
    worker.addEventListener('error', (event) => fail(event.message || 'its worker could not be loaded'));
  });
  failed.catch(() => undefined);
  const db = new DuckDb(new VoidLogger(), worker);
  try {
    await Promise.race([failed, start(db)]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  let files = 0;
  return {
    connect: async () => toSession(db, await db.connectInternal()),
    async insert(name, _kept, bytes) {
      const connection = await db.connectInternal();
      try {
        // A copy, since its memory goes over to the worker.
        await db.insertArrowFromIPCStream(connection, bytes.slice(), { name, schema: 'main', create: true });
      } finally {
        await db.disconnect(connection);
      }
    },
    async offerFile(bytes) {
      const path = `${folder}${++files}.csv`;
      await db.registerFileBuffer(path, bytes.slice());
      return { path, withdraw: async () => void (await db.dropFile(path)) };
    },
    async close() {
      await db.terminate();
    },
  };
}

async function start(db: AsyncDuckDB): Promise<void> {
  await db.instantiate(new URL(wasmUrl, import.meta.url).href);
  await db.open({ path: ':memory:' });
  const connection = await db.connectInternal();
  for (const setting of [
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    `allowed_directories = ['${folder}']`,
    'enable_external_access = false',
    'lock_configuration = true',
  ]) {
    await db.runQuery(connection, `SET ${setting}`);
  }
  await db.disconnect(connection);
}

function toSession(db: AsyncDuckDB, connection: number): Session {
  return {
    async run(sql) {
      await db.runQuery(connection, sql);
    },
    read: async (sql) => tableFromIPC(await db.runQuery(connection, sql)),
    close: () => db.disconnect(connection),
  };
}
