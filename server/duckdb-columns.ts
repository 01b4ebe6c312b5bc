/** Between DuckDB's data chunks and kept columns, both ways. */
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { DataType, type Field } from 'apache-arrow';
import { buildColumn, isWide, type Stored } from '../src/tables/build-column.ts';
import type { KeptTable } from '../src/tables/kept-table.ts';
import { storedGetter } from '../src/tables/read-column.ts';
import { keptType, quoteName, sqlTypeOf } from '../src/tables/sql-types.ts';

/** Reads all rows of a statement, a chunk at a time, so that the event loop gets its turns. */
export async function readTable(connection: DuckDBConnection, sql: string): Promise<KeptTable> {
  const result = await connection.stream(sql);
  const names = result.columnNames();
  const types = result.columnTypes().map((type) => keptType(String(type)).arrow);
  const columns: Stored[][] = names.map(() => []);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    for (const [index, values] of columns.entries()) {
      const store = storer(types[index] as DataType);
      chunk.visitColumnValues(index, (value) => values.push(value === null ? null : store(value)));
    }
  }
  return {
    rows,
    columns: names.map((name, index) => {
      const type = types[index] as DataType;
      return { name, type, data: buildColumn(type, columns[index] as Stored[]) };
    }),
  };
}

/** From DuckDB's values to stored ones. */
function storer(type: DataType): (value: DuckDBValue) => Stored {
  if (DataType.isDate(type)) return (value) => (value as DuckDBDateValue).days;
  if (DataType.isTimestamp(type)) return (value) => (value as DuckDBTimestampValue).micros;
  if (DataType.isTime(type)) return (value) => (value as DuckDBTimeValue).micros;
  if (DataType.isDecimal(type)) return (value) => (value as DuckDBDecimalValue).value;
  // A copy: the bytes belong to the chunk.
  if (DataType.isBinary(type)) return (value) => (value as DuckDBBlobValue).bytes.slice();
  if (DataType.isList(type)) {
    const item = nullable(storer((type.children[0] as Field).type));
    return (value) => (value as DuckDBListValue).items.map(item);
  }
  if (DataType.isStruct(type)) {
    const fields = (type.children as Field[]).map(
      (field) => [field.name, nullable(storer(field.type))] as const,
    );
    return (value) => {
      const { entries } = value as DuckDBStructValue;
      return new Map(fields.map(([name, store]) => [name, store(entries[name] ?? null)]));
    };
  }
  if (DataType.isMap(type)) {
    const [key, item] = ((type.children[0] as Field).type.children as Field[]).map((field) =>
      nullable(storer(field.type)),
    );
    return (value) =>
      (value as DuckDBMapValue).entries.map((entry): [Stored, Stored] => [
        key?.(entry.key) ?? null,
        item?.(entry.value) ?? null,
      ]);
  }
  return (value) => value as Stored;
}

const nullable =
  (store: (value: DuckDBValue) => Stored) =>
  (value: DuckDBValue): Stored =>
    value === null ? null : store(value);

/** DuckDB takes this many rows at a time. */
const chunkRows = 2048;

/** Makes a table of this name and fills it. */
export async function appendTable(
  connection: DuckDBConnection,
  name: string,
  kept: KeptTable,
): Promise<void> {
  const columns = kept.columns.map((column) => `${quoteName(column.name)} ${sqlTypeOf(column.type)}`);
  await connection.run(`CREATE TABLE memory.main.${name} (${columns.join(', ')})`);
  const appender = await connection.createAppender(name, 'main', 'memory');
  try {
    const types = kept.columns.map((_, index) => appender.columnType(index));
    const sources = kept.columns.map(({ type, data }) => ({
      get: storedGetter(data),
      restore: restorer(type),
    }));
    for (let start = 0; start < kept.rows; start += chunkRows) {
      const count = Math.min(chunkRows, kept.rows - start);
      const chunk = DuckDBDataChunk.create(types, count);
      for (const [index, { get, restore }] of sources.entries()) {
        const values: DuckDBValue[] = [];
        for (let row = start; row < start + count; row++) {
          const value = get(row);
          values.push(value === null ? null : restore(value));
        }
        chunk.setColumnValues(index, values);
      }
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}

/** From stored values to DuckDB's. */
function restorer(type: DataType): (value: Stored) => DuckDBValue {
  if (DataType.isDate(type)) return (value) => new DuckDBDateValue(value as number);
  if (DataType.isTimestamp(type)) return (value) => new DuckDBTimestampValue(value as bigint);
  if (DataType.isTime(type)) return (value) => new DuckDBTimeValue(value as bigint);
  if (DataType.isDecimal(type))
    return (value) => new DuckDBDecimalValue(value as bigint, type.precision, type.scale);
  if (DataType.isBinary(type)) return (value) => new DuckDBBlobValue(value as Uint8Array);
  if (DataType.isList(type)) {
    const item = restorable((type.children[0] as Field).type);
    return (value) => new DuckDBListValue((value as Stored[]).map(item));
  }
  if (DataType.isStruct(type)) {
    const fields = (type.children as Field[]).map((field) => [field.name, restorable(field.type)] as const);
    return (value) =>
      new DuckDBStructValue(
        Object.fromEntries(
          fields.map(([name, restore]) => [name, restore((value as Map<string, Stored>).get(name) ?? null)]),
        ),
      );
  }
  if (DataType.isMap(type)) {
    const [key, item] = ((type.children[0] as Field).type.children as Field[]).map((field) =>
      restorable(field.type),
    );
    return (value) =>
      new DuckDBMapValue(
        (value as [Stored, Stored][]).map(([k, v]) => ({ key: key?.(k) ?? null, value: item?.(v) ?? null })),
      );
  }
  if (isWide(type)) return (value) => BigInt(value as bigint);
  return (value) => value as DuckDBValue;
}

function restorable(type: DataType): (value: Stored) => DuckDBValue {
  const restore = restorer(type);
  return (value) => (value === null ? null : restore(value));
}
