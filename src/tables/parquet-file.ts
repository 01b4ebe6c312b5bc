/** Parquet through hyparquet, since DuckDB in the browser would fetch its own reader from outside. */
import { DataType, Type } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import { tableOfColumns } from './infer-columns.ts';
import { plain } from './json-text.ts';
import type { KeptTable } from './kept-table.ts';
import { converter, storedGetter } from './read-column.ts';

export async function readParquet(bytes: Uint8Array): Promise<KeptTable> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  const records = await parquetReadObjects({ file, metadata });
  const columns = parquetSchema(metadata).children.map(({ element }) => ({
    name: element.name,
    values: records.map((record) => record[element.name] as unknown),
  }));
  return tableOfColumns(columns, records.length);
}

export function writeParquet(kept: KeptTable): Uint8Array {
  const columnData = kept.columns.map(({ name, type, data }) => {
    const get = storedGetter(data);
    const convert = converter(type);
    const target = parquetType(type);
    const nested = target === 'STRING' && !DataType.isUtf8(type) && !DataType.isTime(type);
    const values = Array.from({ length: kept.rows }, (_, row): unknown => {
      const value = get(row);
      if (value === null) return null;
      if (target === 'INT64') return DataType.isTimestamp(type) ? value : BigInt(value as bigint);
      const shown = convert(value);
      return nested ? JSON.stringify(shown, plain) : shown;
    });
    return { name, data: values, type: target };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

/** Lists, structs and maps are written as JSON text, which every reader understands. */
function parquetType(type: DataType): BasicType {
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (DataType.isDecimal(type)) return 'DOUBLE';
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return 'TIMESTAMP';
  if (DataType.isBinary(type)) return 'BYTE_ARRAY';
  if (type.typeId === Type.Float) return 'DOUBLE';
  if (type.typeId === Type.Int)
    return (type as unknown as { bitWidth: number }).bitWidth < 32 ? 'INT32' : 'INT64';
  return 'STRING';
}
