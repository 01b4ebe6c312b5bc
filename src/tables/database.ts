/** What the tables need of a DuckDB, in whatever process or worker it lives. */
import type { Table } from 'apache-arrow';
import type { KeptTable } from './kept-table.ts';

/** A connection: temporary names made in one are not seen by another. */
export interface Session {
  /** Runs one statement. @throws whatever DuckDB says, as the error's message. */
  run(sql: string): Promise<void>;
  /** Runs one statement and gives all its rows; their columns are stored as {@link KeptTable} stores them. */
  read(sql: string): Promise<Table | KeptTable>;
  close(): Promise<void>;
}

export interface Database {
  connect(): Promise<Session>;
  /** Makes a table of this name; `bytes` and `kept` are two views of the same one. */
  insert(name: string, kept: KeptTable, bytes: Uint8Array): Promise<void>;
  /** Shows SQL a file with these bytes until it is withdrawn, under the path it gives. */
  offerFile(bytes: Uint8Array): Promise<{ path: string; withdraw(): Promise<void> }>;
  close(): Promise<void>;
}
