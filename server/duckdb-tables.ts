/** Tables on Node, computed on by DuckDB's own binary. */
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { ArrowTables, type TablesOptions } from '../src/tables/arrow-tables.ts';
import type { Database, Session } from '../src/tables/database.ts';
import { quoteText } from '../src/tables/sql-types.ts';
import { appendTable, readTable } from './duckdb-columns.ts';

/** Loads DuckDB's binary when SQL or CSV first asks for it. */
export function createDuckDbTables(options: TablesOptions): ArrowTables {
  return new ArrowTables(openDatabase, options);
}

/**
 * SQL gets no way to the disk or the network but one folder of our own, in which a file lies only while it is
 * read; extensions are neither fetched nor loaded, and none of this can be set otherwise afterwards.
 */
async function openDatabase(): Promise<Database> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = mkdtempSync(join(tmpdir(), 'handloom-tables-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: folder,
  });
  const setup = await instance.connect();
  await setup.run(`SET GLOBAL TimeZone = 'UTC'`);
  await setup.run(`SET allowed_directories = [${quoteText(`${folder}/`)}]`);
  await setup.run('SET enable_external_access = false');
  await setup.run('SET lock_configuration = true');
  setup.closeSync();
  let files = 0;
  return {
    connect: async () => toSession(await instance.connect()),
    async insert(name, kept) {
      const connection = await instance.connect();
      try {
        await appendTable(connection, name, kept);
      } finally {
        connection.closeSync();
      }
    },
    async offerFile(bytes) {
      const path = join(folder, `${++files}.csv`);
      await writeFile(path, bytes, { mode: 0o600 });
      return { path, withdraw: () => rm(path, { force: true }) };
    },
    async close() {
      instance.closeSync();
      process.off('exit', removeFolder);
      removeFolder();
    },
  };
}

function toSession(connection: DuckDBConnection): Session {
  return {
    async run(sql) {
      await connection.run(sql);
    },
    read: (sql) => readTable(connection, sql),
    async close() {
      connection.closeSync();
    },
  };
}
