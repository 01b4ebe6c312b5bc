/** Formats that need no DuckDB: JSON, Parquet and Arrow both ways, and CSV on the way out. */
import { DataType, tableFromIPC } from 'apache-arrow';
import { HandloomError } from '../errors.ts';
import { fileError } from '../nodes/file-error.ts';
import { csvText } from './csv-text.ts';
import { tableOfColumns, tableOfRecords } from './infer-columns.ts';
import { readJsonRecords } from './json-records.ts';
import { jsonText } from './json-text.ts';
import { fromArrow, type KeptTable, recordsOf } from './kept-table.ts';
import { isKept, keptType, sqlTypeOf } from './sql-types.ts';

export type FileFormat = 'csv' | 'json' | 'parquet';
type AnyFormat = FileFormat | 'arrow';

const extensions: Record<string, AnyFormat> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
  parquet: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
};

const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';

/** @throws FileError `format_unknown` when neither the override nor the extension says it. */
export function formatOf(path: string, override?: FileFormat): AnyFormat {
  const format = override ?? extensions[extensionOf(path)];
  if (format) return format;
  throw fileError(
    'format_unknown',
    `${path}: its name does not tell a format; choose CSV, JSON or Parquet.`,
    path,
  );
}

/** Whether a text that looked like a path is none. */
export const isNoFile = (error: unknown): boolean =>
  error instanceof HandloomError && (error.code === 'file_not_found' || error.code === 'path_refused');

/** @throws FileError `file_broken` naming the file. */
export async function readColumns(
  path: string,
  bytes: Uint8Array,
  format: Exclude<AnyFormat, 'csv'>,
): Promise<KeptTable> {
  try {
    if (format === 'json') return tableOfRecords(readJsonRecords(bytes), { dates: true });
    if (format === 'arrow') return readArrow(bytes);
    const { readParquet } = await import('./parquet-file.ts');
    return await readParquet(bytes);
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    throw fileError('file_broken', `${path}: ${told}`, path, error);
  }
}

function readArrow(bytes: Uint8Array): KeptTable {
  const table = tableFromIPC(bytes);
  const types = table.schema.fields.map((field) => field.type as DataType);
  if (types.every(isKept))
    return fromArrow(
      table,
      types.map((type) => keptType(sqlTypeOf(type)).arrow),
    );
  const columns = table.schema.fields.map((field, index) => ({
    name: field.name,
    values: Array.from({ length: table.numRows }, (_, row) =>
      plainValue(table.getChildAt(index)?.get(row), field.type),
    ),
  }));
  return tableOfColumns(columns, table.numRows);
}

/** Arrow's own row and list objects as plain ones, and its instants as dates. */
function plainValue(value: unknown, type: DataType): unknown {
  if (typeof value === 'number' && (DataType.isDate(type) || DataType.isTimestamp(type)))
    return new Date(value);
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value))
    return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON() as unknown;
  return value;
}

/** A table as the bytes of a file; `bytes` are its own, in Arrow. */
export async function writeColumns(
  kept: KeptTable,
  bytes: Uint8Array,
  path: string,
  format: AnyFormat,
): Promise<Uint8Array> {
  if (format === 'arrow') return bytes;
  if (format === 'parquet') {
    const { writeParquet } = await import('./parquet-file.ts');
    return writeParquet(kept);
  }
  const extension = extensionOf(path);
  if (format === 'csv') return new TextEncoder().encode(csvText(kept, extension === 'tsv' ? '\t' : ','));
  const linewise = extension === 'ndjson' || extension === 'jsonl';
  return new TextEncoder().encode(jsonText(recordsOf(kept, 0, kept.rows), kept, linewise));
}
