/** A table as JSON text: an array with one record a line, or one record a line alone. */
import { DataType } from 'apache-arrow';
import type { KeptTable } from './kept-table.ts';

/** Dates are ISO 8601, integers beyond 2^53 digits in quotation marks, bytes Base64. */
export function jsonText(records: Record<string, unknown>[], kept: KeptTable, linewise: boolean): string {
  const days = new Set(
    kept.columns.filter((column) => DataType.isDate(column.type)).map((column) => column.name),
  );
  const lines = records.map((record) => {
    for (const name of days)
      if (record[name] instanceof Date) record[name] = record[name].toISOString().slice(0, 10);
    return JSON.stringify(record, plain);
  });
  if (linewise) return lines.map((line) => `${line}\n`).join('');
  return lines.length ? `[\n  ${lines.join(',\n  ')}\n]\n` : '[]\n';
}

export function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array)
    return btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(''));
  return value;
}
