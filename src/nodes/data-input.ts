/** What the `data` nodes take for a table, besides a table. */
import type { TableRef } from '../schema/table.ts';
import { isTableRef } from '../schema/table.ts';
import type { Tables } from './define-node.ts';
import { describeValue } from './describe-value.ts';

/** A table of a payload: itself, a record, a list of records, or plain values as a column `value`. */
export function tableOf(payload: unknown, tables: Tables): Promise<TableRef> | TableRef {
  if (isTableRef(payload)) return payload;
  if (payload === undefined || payload === null)
    throw new TypeError(`There is no table in ${describeValue(payload)}.`);
  if (isRecord(payload) && '$table' in payload)
    throw new TypeError(
      'A table is {$table, columns, rows}, but something of it is missing, or of another kind.',
    );
  const items = Array.isArray(payload) ? payload : [payload];
  if (items.some(isTableRef)) {
    throw new TypeError('A list of tables is not a table; give each a name in an object, {a: …, b: …}.');
  }
  return tables.fromRows(items.map((item) => (isRecord(item) ? item : { value: item })));
}

/** The tables SQL sees for a payload: `input`, and each table or list in an object by its own name. */
export async function namedTables(payload: unknown, tables: Tables): Promise<Record<string, TableRef>> {
  if (payload === undefined || payload === null) return {};
  if (isRecord(payload) && !isTableRef(payload)) {
    const parts = Object.entries(payload).filter(([, part]) => isTableRef(part) || isRecordList(part));
    if (parts.some(([, part]) => isTableRef(part))) {
      const named = parts.map(async ([name, part]) => [name, await tableOf(part, tables)] as const);
      return Object.fromEntries(await Promise.all(named));
    }
  }
  return { input: await tableOf(payload, tables) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const isRecordList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isRecord);
