/**
 * Tables on any DuckDB. Each table is immutable, named by the hash of its content and kept as an artifact; what is
 * loaded in DuckDB is a cache of those most lately used. Reading rows, making tables of records and every format
 * but CSV need no DuckDB, so none is started for them.
 */
import { Table } from 'apache-arrow';
import { HandloomError } from '../errors.ts';
import type { Files, Tables } from '../nodes/define-node.ts';
import { contentHash } from '../schema/content-hash.ts';
import { readSelect } from '../schema/sql-text.ts';
import type { TableRef } from '../schema/table.ts';
import { readCsv } from './csv-file.ts';
import type { Database, Session } from './database.ts';
import { type FileFormat, formatOf, isNoFile, readColumns, writeColumns } from './file-formats.ts';
import { tableOfRecords } from './infer-columns.ts';
import { fromArrow, fromBytes, type KeptTable, recordsOf, refOf, toBytes } from './kept-table.ts';
import { sqlError } from './sql-error.ts';
import { keptType, quoteName } from './sql-types.ts';

/** Large values by content hash; the part of a store that tables need. */
export interface Artifacts {
  put(hash: string, bytes: Uint8Array): Promise<void>;
  get(hash: string): Promise<Uint8Array | undefined>;
}

export interface TablesOptions {
  artifacts: Artifacts;
  files: Files;
  /** Bytes of tables to keep loaded in DuckDB when none is in use. @default 256 MB */
  loadedBytes?: number;
  /** Bytes of tables to keep decoded for reading rows. @default 64 MB */
  decodedBytes?: number;
}

interface Loaded {
  name: string;
  bytes: number;
  uses: number;
  /** Settles when the table is there. */
  ready: Promise<void>;
}

interface Decoded {
  kept: KeptTable;
  bytes: Uint8Array;
}

/** How many files are remembered by the hash of their bytes, so that reading one again costs its hash only. */
const rememberedFiles = 200;

/** Names in DuckDB are never used twice, also where several share one. */
let names = 0;
const newName = (): string => `t${++names}`;

export class ArrowTables implements Tables {
  private readonly open: () => Promise<Database>;
  private readonly options: Required<TablesOptions>;
  private database: Promise<Database> | undefined;
  /** By content hash, least lately used first. */
  private readonly loaded = new Map<string, Loaded>();
  private readonly decoded = new Map<string, Decoded>();
  private readonly filesRead = new Map<string, TableRef>();

  /** @param open starts DuckDB; called when it is first needed, and again should it fail. */
  constructor(open: () => Promise<Database>, options: TablesOptions) {
    this.open = open;
    this.options = { loadedBytes: 256e6, decodedBytes: 64e6, ...options };
  }

  async readFile(path: string, options: { format?: FileFormat } = {}): Promise<TableRef> {
    const format = formatOf(path, options.format);
    const bytes = await this.options.files.read(path);
    const key = `${format} ${await contentHash(bytes)}`;
    const known = this.filesRead.get(key);
    if (known) return known;
    const ref =
      format === 'csv'
        ? await this.loadCsv(path, bytes)
        : await this.keep(await readColumns(path, bytes, format));
    this.filesRead.set(key, ref);
    for (const oldest of this.filesRead.keys()) {
      if (this.filesRead.size <= rememberedFiles) break;
      this.filesRead.delete(oldest);
    }
    return ref;
  }

  async fromRows(rows: Record<string, unknown>[]): Promise<TableRef> {
    return this.keep(tableOfRecords(rows));
  }

  async query(sql: string, tables: Record<string, TableRef> = {}): Promise<TableRef> {
    const select = readSelect(sql);
    const sources = new Map<string, TableRef>();
    for (const [name, ref] of Object.entries(tables)) {
      if (select.names.has(name.toLowerCase())) sources.set(name, ref);
    }
    for (const { path, required } of select.files) {
      if (sources.has(path)) continue;
      const ref = await this.readFile(path).catch((error: unknown) => {
        if (required || !isNoFile(error)) throw error;
      });
      if (ref) sources.set(path, ref);
    }
    const release = await this.acquire([...sources.values()]);
    try {
      return await this.withSession(async (session) => {
        for (const [name, ref] of sources) {
          const table = this.loaded.get(ref.$table)?.name ?? '';
          await session.run(`CREATE TEMP VIEW ${quoteName(name)} AS FROM memory.main.${table}`);
        }
        try {
          return await this.capture(session, `(\n${select.sql}\n)`);
        } catch (error) {
          throw sqlError(error);
        }
      });
    } finally {
      release();
      await this.evict();
    }
  }

  async rows(
    table: TableRef,
    range: { offset?: number; limit?: number } = {},
  ): Promise<Record<string, unknown>[]> {
    const { kept } = await this.decode(table.$table);
    const start = Math.max(0, range.offset ?? 0);
    return recordsOf(kept, start, range.limit === undefined ? kept.rows : start + Math.max(0, range.limit));
  }

  async writeFile(table: TableRef, path: string, options: { format?: FileFormat } = {}): Promise<void> {
    const format = formatOf(path, options.format);
    const { kept, bytes } = await this.decode(table.$table);
    await this.options.files.write(path, await writeColumns(kept, bytes, path, format));
  }

  /** Ends DuckDB; the next query starts it anew. */
  async close(): Promise<void> {
    const database = await this.database?.catch(() => undefined);
    this.forgetDatabase();
    await database?.close();
  }

  private async loadCsv(path: string, bytes: Uint8Array): Promise<TableRef> {
    const file = await (await this.started()).offerFile(bytes);
    try {
      return await this.withSession((session) =>
        readCsv(file.path, path, bytes, (from) => this.capture(session, from)),
      );
    } finally {
      await file.withdraw();
      await this.evict();
    }
  }

  /** Makes a kept table, loaded already, of what SQL gives after FROM. */
  private async capture(session: Session, from: string): Promise<TableRef> {
    const name = newName();
    await session.run(`CREATE TABLE memory.main.${name} AS SELECT * FROM ${from}`);
    try {
      const described = await recordsIn(session, `DESCRIBE memory.main.${name}`);
      const types = described.map((column) => keptType(String(column.column_type)));
      for (const [index, type] of types.entries()) {
        if (!type.cast) continue;
        const column = quoteName(String(described[index]?.column_name));
        await session.run(`ALTER TABLE memory.main.${name} ALTER COLUMN ${column} TYPE ${type.sql}`);
      }
      const result = await session.read(`FROM memory.main.${name}`);
      const kept =
        result instanceof Table
          ? fromArrow(
              result,
              types.map((type) => type.arrow),
            )
          : result;
      const bytes = toBytes(kept);
      const ref = await this.keep(kept, bytes);
      if (this.loaded.has(ref.$table)) await session.run(`DROP TABLE memory.main.${name}`);
      else this.loaded.set(ref.$table, { name, bytes: bytes.length, uses: 0, ready: Promise.resolve() });
      return ref;
    } catch (error) {
      await session.run(`DROP TABLE IF EXISTS memory.main.${name}`).catch(() => undefined);
      throw error;
    }
  }

  private async keep(kept: KeptTable, bytes = toBytes(kept)): Promise<TableRef> {
    const ref = await refOf(kept, bytes);
    await this.options.artifacts.put(ref.$table, bytes);
    this.remember(ref.$table, { kept, bytes });
    return ref;
  }

  private async decode(hash: string): Promise<Decoded> {
    const known = this.decoded.get(hash);
    if (known) {
      this.remember(hash, known);
      return known;
    }
    const bytes = await this.options.artifacts.get(hash);
    if (!bytes) {
      throw new HandloomError(
        'table_not_found',
        `The table ${hash.slice(0, 12)}… is not kept here any more.`,
        {
          details: { table: hash },
        },
      );
    }
    const decoded = { kept: fromBytes(bytes), bytes };
    this.remember(hash, decoded);
    return decoded;
  }

  private remember(hash: string, decoded: Decoded): void {
    this.decoded.delete(hash);
    this.decoded.set(hash, decoded);
    let total = 0;
    for (const { bytes } of this.decoded.values()) total += bytes.length;
    for (const [oldest, { bytes }] of this.decoded) {
      if (total <= this.options.decodedBytes) break;
      this.decoded.delete(oldest);
      total -= bytes.length;
    }
  }

  /** Loads tables into DuckDB and holds them there until the returned function is called. */
  private async acquire(refs: TableRef[]): Promise<() => void> {
    const held: Loaded[] = [];
    const release = () => {
      for (const table of held) table.uses--;
    };
    try {
      for (const ref of refs) {
        const table = this.loaded.get(ref.$table) ?? this.load(ref.$table);
        this.loaded.delete(ref.$table);
        this.loaded.set(ref.$table, table);
        table.uses++;
        held.push(table);
      }
      await Promise.all(held.map((table) => table.ready));
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  private load(hash: string): Loaded {
    const table: Loaded = { name: newName(), bytes: 0, uses: 0, ready: Promise.resolve() };
    table.ready = (async () => {
      const { kept, bytes } = await this.decode(hash);
      if (kept.columns.length === 0) {
        throw new HandloomError(
          'table_without_columns',
          'The table has no columns, so there is nothing to query.',
        );
      }
      table.bytes = bytes.length;
      await (await this.started()).insert(table.name, kept, bytes);
    })();
    table.ready.catch(() => {
      if (this.loaded.get(hash) === table) this.loaded.delete(hash);
    });
    return table;
  }

  /** Drops the tables least lately used from DuckDB until the rest is within its bounds. */
  private async evict(): Promise<void> {
    let total = 0;
    for (const { bytes } of this.loaded.values()) total += bytes;
    const idle: Loaded[] = [];
    for (const [hash, table] of this.loaded) {
      if (total <= this.options.loadedBytes) break;
      if (table.uses > 0) continue;
      this.loaded.delete(hash);
      total -= table.bytes;
      idle.push(table);
    }
    if (idle.length === 0) return;
    await this.withSession(async (session) => {
      for (const table of idle) await session.run(`DROP TABLE IF EXISTS memory.main.${table.name}`);
    });
  }

  private started(): Promise<Database> {
    const database = (this.database ??= this.open());
    database.catch(() => {
      if (this.database === database) this.forgetDatabase();
    });
    return database;
  }

  private forgetDatabase(): void {
    this.database = undefined;
    this.loaded.clear();
  }

  private async withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await (await this.started()).connect();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}

async function recordsIn(session: Session, sql: string): Promise<Record<string, unknown>[]> {
  const result = await session.read(sql);
  const kept = result instanceof Table ? fromArrow(result, []) : result;
  return recordsOf(kept, 0, kept.rows);
}
