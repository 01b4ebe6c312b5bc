/**
 * A table as it is kept: one Arrow record batch in canonical form, written as an Arrow IPC stream. The hash of
 * those bytes is the table's name, so equal tables have one name on every host.
 */
import {
  type Data,
  type DataType,
  Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow';
import { contentHash } from '../schema/content-hash.ts';
import type { TableRef } from '../schema/table.ts';
import { buildColumn, type Stored } from './build-column.ts';
import { converter, setField, storedGetter } from './read-column.ts';
import { sqlTypeOf } from './sql-types.ts';

export interface KeptColumn {
  name: string;
  type: DataType;
  data: Data;
}

/** Columns of equal length. */
export interface KeptTable {
  columns: KeptColumn[];
  rows: number;
}

export function toBytes(table: KeptTable): Uint8Array {
  const schema = new Schema(table.columns.map((column) => new Field(column.name, column.type, true)));
  const data = makeData({
    type: new Struct(schema.fields),
    length: table.rows,
    nullCount: 0,
    children: table.columns.map((column) => column.data),
  });
  return tableToIPC(new Table([new RecordBatch(schema, data as never)]), 'stream');
}

/** Reads what {@link toBytes} wrote. */
export function fromBytes(bytes: Uint8Array): KeptTable {
  const table = tableFromIPC(bytes);
  const batch = table.batches[0];
  const columns = table.schema.fields.map((field, index) => ({
    name: field.name,
    type: field.type as DataType,
    data: (batch?.data.children[index] ?? buildColumn(field.type, [])) as Data,
  }));
  return { columns, rows: table.numRows };
}

/** Makes the canonical table of any Arrow table whose columns store what the kept types store. */
export function fromArrow(table: Table, types: DataType[]): KeptTable {
  const columns = table.schema.fields.map((field, index) => {
    const type = types[index] ?? (field.type as DataType);
    const values: Stored[] = [];
    for (const batch of table.batches) {
      const get = storedGetter(batch.data.children[index] as Data);
      for (let row = 0; row < batch.numRows; row++) values.push(get(row));
    }
    return { name: field.name, type, data: buildColumn(type, values) };
  });
  return { columns, rows: table.numRows };
}

/** The reference to a table with these bytes. */
export async function refOf(table: KeptTable, bytes: Uint8Array): Promise<TableRef> {
  return {
    $table: await contentHash(bytes),
    columns: table.columns.map((column) => ({ name: column.name, type: sqlTypeOf(column.type) })),
    rows: table.rows,
  };
}

/** Records from row `start` to row `end`. */
export function recordsOf(table: KeptTable, start: number, end: number): Record<string, unknown>[] {
  const columns = table.columns.map(({ name, type, data }) => {
    return { name, get: storedGetter(data), convert: converter(type) };
  });
  const records: Record<string, unknown>[] = [];
  for (let row = start; row < Math.min(end, table.rows); row++) {
    const record: Record<string, unknown> = {};
    for (const { name, get, convert } of columns) setField(record, name, convert(get(row)));
    records.push(record);
  }
  return records;
}
