/** Columns for values of any shape, and the text of their cells. */

import { toJsonText } from '../../schema/json.ts';
import { isTableRef } from '../../schema/names.ts';
import type { TableRef } from '../../schema/table.ts';
import { m } from '../paraglide/messages.js';
import { briefText, kindOf } from './value-view.ts';

export interface Column {
  key: string;
  title: string;
  numeric: boolean;
  type?: string;
}

/** Beyond this many columns a table cannot be read; the rest are in the row's detail. */
const mostColumns = 60;

/** Dates, maps, errors and their like are values, not records. */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !isTableRef(value);

const numericTypes =
  /^(tinyint|smallint|integer|bigint|hugeint|u\w*int\w*|float|double|decimal|real|int\d*)/i;

/** The columns of a table, from its reference. */
export function tableColumns(table: TableRef): Column[] {
  return table.columns.slice(0, mostColumns).map(({ name, type }) => {
    const numeric = numericTypes.test(type);
    return { key: name, title: name, numeric, type: type.toLowerCase() };
  });
}

/** The columns that show these values: their fields when all are records, else one for the value. */
export function columnsOf(values: readonly unknown[]): Column[] {
  if (!values.length || !values.every(isRecord)) {
    const numeric = values.length > 0 && values.every((value) => typeof value === 'number');
    return [{ key: 'value', title: m.value(), numeric }];
  }
  const keys = new Set<string>();
  for (const value of values)
    for (const key of Object.keys(value)) if (keys.size < mostColumns) keys.add(key);
  return [...keys].map((key) => {
    const numeric = values.every(
      (value) => value[key] === undefined || value[key] === null || typeof value[key] === 'number',
    );
    return { key, title: key, numeric };
  });
}

/** A value as a row of those columns. */
export const rowOf = (value: unknown, columns: readonly Column[]): Record<string, unknown> =>
  isRecord(value) && !(columns.length === 1 && columns[0]?.key === 'value' && !('value' in value))
    ? value
    : { value };

export function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value.length > 300 ? `${value.slice(0, 299)}…` : value;
  if (typeof value !== 'object' || value instanceof Date) return plainText(value);
  const kind = isTableRef(value) ? undefined : kindOf(value);
  return `${kind ? `${kind} ` : ''}${briefText(value, 300)}`;
}

/** A value without parts, or a date, as people write it. */
function plainText(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  return String(value);
}

/** Rows as comma-separated values, after RFC 4180; formulas are defused for spreadsheets. */
export function toCsv(rows: readonly Record<string, unknown>[], columns: readonly string[]): string {
  const cell = (value: unknown): string => {
    const text =
      value === undefined || value === null
        ? ''
        : typeof value === 'object' && !(value instanceof Date)
          ? toJsonText(value)
          : plainText(value);
    const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => line.map(cell).join(','))
    .join('\r\n');
}
