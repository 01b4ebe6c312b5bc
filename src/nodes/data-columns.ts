/** SQL about the columns of a table, as the `data` nodes write it. */
import { HandloomError } from '../errors.ts';
import type { TableRef } from '../schema/table.ts';

export type Column = TableRef['columns'][number];

/** An identifier in double quotes. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A string literal. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** @throws HandloomError `unknown_column`, named ColumnError, that lists the columns there are. */
export function columnOf(table: TableRef, name: string): Column {
  const found =
    table.columns.find((column) => column.name === name) ??
    // As in SQL, case makes no difference.
    table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const columns = table.columns.map((column) => column.name);
  const shown = columns.slice(0, 20).join(', ') + (columns.length > 20 ? ', …' : '');
  throw columnError('unknown_column', `There is no column ${JSON.stringify(name)}; there are ${shown}.`, {
    column: name,
    columns,
  });
}

export function columnError(code: string, message: string, details: Record<string, unknown>): HandloomError {
  const error = new HandloomError(code, message, { details });
  error.name = 'ColumnError';
  return error;
}

/** A name no column has, for what a query needs on its way. */
export function freeName(base: string, taken: readonly string[]): string {
  const lower = new Set(taken.map((name) => name.toLowerCase()));
  let name = base;
  for (let n = 1; lower.has(name.toLowerCase()); n++) name = `${base}_${n}`;
  return name;
}

const integers = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/;
export const isFloat = (type: string): boolean => type === 'DOUBLE' || type === 'FLOAT';
export const isNumeric = (type: string): boolean =>
  integers.test(type) || isFloat(type) || /^DECIMAL\(\d+,\d+\)$/.test(type);
export const isTemporal = (type: string): boolean => type === 'DATE' || type === 'TIMESTAMP';
