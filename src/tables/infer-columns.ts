/** Columns of records: which type each gets, and its values as that type stores them. */
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Float64,
  Int64,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import { buildColumn, type Stored } from './build-column.ts';
import type { KeptTable } from './kept-table.ts';
import { decimalOf, listOf, structOf } from './sql-types.ts';

/** Nesting beyond this is kept as JSON text. */
const maxDepth = 16;

interface Shape {
  type: DataType;
  store: (value: unknown) => Stored;
}

export interface InferOptions {
  /** Text that is an ISO 8601 date or time throughout a column becomes DATE or TIMESTAMP, as in JSON files. */
  dates?: boolean;
}

/** The columns are the union of the records' keys, in order of first appearance. */
export function tableOfRecords(records: Record<string, unknown>[], options: InferOptions = {}): KeptTable {
  const keys = new Set<string>();
  for (const record of records) for (const key of Object.keys(record)) keys.add(key);
  const columns = [...keys].map((key) => ({
    name: key,
    values: records.map((record) => (Object.hasOwn(record, key) ? record[key] : null)),
  }));
  return tableOfColumns(columns, records.length, options);
}

/** @param columns JavaScript values, of any kind, in equal number. */
export function tableOfColumns(
  columns: { name: string; values: ArrayLike<unknown> }[],
  rows: number,
  options: InferOptions = {},
): KeptTable {
  const names = distinctNames(columns.map((column) => column.name));
  return {
    rows,
    columns: columns.map((column, index) => {
      const values = Array.from(column.values);
      const { type, store } = shapeOf(values, options, 0);
      return { name: names[index] as string, type, data: buildColumn(type, values.map(store)) };
    }),
  };
}

/** SQL does not tell `a` from `A`, nor has it a column without a name. */
function distinctNames(names: string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const base = name === '' ? 'column' : name;
    let candidate = base;
    for (let n = 1; taken.has(candidate.toLowerCase()); n++) candidate = `${base}_${n}`;
    taken.add(candidate.toLowerCase());
    return candidate;
  });
}

type Kind =
  | 'boolean'
  | 'integer'
  | 'float'
  | 'bigint'
  | 'text'
  | 'time'
  | 'bytes'
  | 'list'
  | 'record'
  | 'other';

function shapeOf(values: unknown[], options: InferOptions, depth: number): Shape {
  const kinds = new Set<Kind>();
  for (const value of values) {
    const kind = kindOf(value);
    if (kind) kinds.add(kind);
  }
  const only = kinds.size === 1 ? [...kinds][0] : undefined;
  if (only === 'boolean') return { type: new Bool(), store: asIs };
  if (only === 'time')
    return { type: new TimestampMicrosecond(), store: orNull((value) => micros(value as Date)) };
  if (only === 'bytes') return { type: new Binary(), store: orNull(bytesOf) };
  if (only === 'list' && depth < maxDepth) return listShape(values, options, depth);
  if (only === 'record' && depth < maxDepth) return recordShape(values, options, depth);
  if (only === 'text') return (options.dates && dateShape(values)) || { type: new Utf8(), store: asIs };
  if (kinds.size && [...kinds].every((kind) => kind === 'integer' || kind === 'float' || kind === 'bigint')) {
    return numberShape(values, kinds);
  }
  return { type: new Utf8(), store: orNull(textOf) };
}

function kindOf(value: unknown): Kind | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'float';
  if (typeof value === 'bigint') return 'bigint';
  if (typeof value === 'string') return 'text';
  if (typeof value !== 'object') return 'other';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : 'time';
  if (value instanceof ArrayBuffer || value instanceof Uint8Array) return 'bytes';
  if (
    Array.isArray(value) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView)) ||
    value instanceof Set
  )
    return 'list';
  if (value instanceof Map) return 'record';
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.keys(value).length
    ? 'record'
    : 'other';
}

const asIs = (value: unknown): Stored => (value === undefined ? null : (value as Stored));
const orNull =
  (store: (value: unknown) => Stored) =>
  (value: unknown): Stored =>
    kindOf(value) === undefined ? null : store(value);
const micros = (date: Date): bigint => BigInt(date.getTime()) * 1000n;
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(value as ArrayBuffer);

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    if (inner instanceof Map) return Object.fromEntries(inner);
    return inner instanceof Set || ArrayBuffer.isView(inner) ? Array.from(inner as Iterable<unknown>) : inner;
  });
}

function numberShape(values: unknown[], kinds: Set<Kind>): Shape {
  if (!kinds.has('bigint')) {
    return kinds.has('float') ? { type: new Float64(), store: asIs } : { type: new Int64(), store: asIs };
  }
  if (kinds.has('float')) return { type: new Float64(), store: orNull(Number) };
  const wide = values.some((value) => typeof value === 'bigint' && BigInt.asIntN(64, value) !== value);
  if (!wide) return { type: new Int64(), store: asIs };
  const limit = 10n ** 38n;
  const fits = values.every((value) => typeof value !== 'bigint' || (value < limit && value > -limit));
  return fits
    ? { type: decimalOf(38, 0), store: orNull((value) => BigInt(value as bigint)) }
    : { type: new Utf8(), store: orNull(String) };
}

const itemsOf = (value: unknown): unknown[] =>
  kindOf(value) === 'list' ? Array.from(value as Iterable<unknown>) : [];

function listShape(values: unknown[], options: InferOptions, depth: number): Shape {
  const item = shapeOf(values.flatMap(itemsOf), options, depth + 1);
  return { type: listOf(item.type), store: orNull((value) => itemsOf(value).map(item.store)) };
}

const fieldsOf = (value: unknown): Map<string, unknown> =>
  value instanceof Map
    ? new Map([...value].map(([key, inner]) => [String(key), inner]))
    : new Map(Object.entries(value as object));

function recordShape(values: unknown[], options: InferOptions, depth: number): Shape {
  const records = values.map((value) => (kindOf(value) ? fieldsOf(value) : undefined));
  const keys = [...new Set(records.flatMap((record) => [...(record?.keys() ?? [])]))];
  const names = distinctNames(keys);
  const shapes = keys.map((key) =>
    shapeOf(
      records.map((record) => record?.get(key)),
      options,
      depth + 1,
    ),
  );
  const fields = keys.map((key, index) => ({
    key,
    name: names[index] as string,
    shape: shapes[index] as Shape,
  }));
  return {
    type: structOf(fields.map(({ name, shape }) => ({ name, type: shape.type }))),
    store: orNull((value) => {
      const record = fieldsOf(value);
      return new Map(fields.map(({ key, name, shape }) => [name, shape.store(record.get(key))]));
    }),
  };
}

const dateText = /^\d{4}-\d\d-\d\d$/;
const timeText = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?$/;

function dateShape(values: unknown[]): Shape | undefined {
  const texts = values.filter((value): value is string => typeof value === 'string');
  const instant = (text: string): number =>
    Date.parse(dateText.test(text) ? text : text.replace(' ', 'T').replace(/(:\d\d(?:\.\d+)?)$/, '$1Z'));
  if (texts.every((text) => dateText.test(text) && !Number.isNaN(instant(text)))) {
    return { type: new DateDay(), store: orNull((value) => instant(value as string) / 86_400_000) };
  }
  if (texts.every((text) => timeText.test(text) && !Number.isNaN(instant(text)))) {
    return {
      type: new TimestampMicrosecond(),
      store: orNull((value) => BigInt(instant(value as string)) * 1000n),
    };
  }
  return undefined;
}
