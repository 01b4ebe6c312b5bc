/** How `data.clean` repairs the values of one column, as SQL. */
import { type Column, isFloat, quoteName, quoteText } from './data-columns.ts';

export const valueTypes = ['text', 'integer', 'number', 'boolean', 'date', 'time'] as const;
export type ValueType = (typeof valueTypes)[number];

const sqlTypes: Record<ValueType, string> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'TIMESTAMP',
};

/** All that Unicode counts as space; DuckDB's own trim knows the plain one only. */
const edges = quoteText('^[\\s\\p{Z}\\x{FEFF}]+|[\\s\\p{Z}\\x{FEFF}]+$');
const trimmed = (sql: string): string => `regexp_replace(${sql}, ${edges}, '', 'g')`;

export interface CleanedColumn {
  name: string;
  /** The repaired value. */
  sql: string;
  type: string;
  /** True for values that cannot be converted, where the column is converted. */
  refused?: string;
}

export interface ValueRepairs {
  trim: boolean;
  emptyAsMissing: boolean;
  to?: ValueType | undefined;
}

export function cleanColumn(
  { name, type }: Column,
  { trim, emptyAsMissing, to }: ValueRepairs,
): CleanedColumn {
  let sql = quoteName(name);
  const isText = type === 'VARCHAR';
  if (isText && trim) sql = trimmed(sql);
  if (isText && emptyAsMissing) sql = `CASE WHEN ${trimmed(sql)} <> '' THEN ${sql} END`;
  if (isFloat(type) && emptyAsMissing) sql = `CASE WHEN NOT isnan(${sql}) THEN ${sql} END`;
  const target = to && sqlTypes[to];
  if (!target || target === type) return { name, sql, type };
  // An empty text is no value of any other type; it is missing rather than wrong.
  const given = isText ? `nullif(${trimmed(sql)}, '')` : sql;
  const converted = convert(given, type, target);
  return { name, sql: converted, type: target, refused: `${given} IS NOT NULL AND ${converted} IS NULL` };
}

function convert(sql: string, from: string, to: string): string {
  const mayBeFraction = from === 'VARCHAR' || isFloat(from) || from.startsWith('DECIMAL');
  if (to !== 'BIGINT' || !mayBeFraction) return `TRY_CAST(${sql} AS ${to})`;
  // The cast alone would round.
  const number = `TRY_CAST(${sql} AS DOUBLE)`;
  return `CASE WHEN ${number} = floor(${number}) THEN TRY_CAST(${sql} AS BIGINT) END`;
}

/** A constant of JSON as a value of a column's type. */
export function constantSql(value: string | number | boolean, type: string): string {
  const literal = typeof value === 'string' ? quoteText(value) : String(value);
  return `CAST(${literal} AS ${type})`;
}

/** Names as programs like them: `Unit Price (€)` becomes `unit_price`; two that come out alike are numbered. */
export function snakeCaseNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const base =
      name
        .normalize('NFKC')
        .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
        .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
        .toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
        .replace(/^_+|_+$/g, '') || 'column';
    let candidate = base;
    for (let n = 2; taken.has(candidate); n++) candidate = `${base}_${n}`;
    taken.add(candidate);
    return candidate;
  });
}
