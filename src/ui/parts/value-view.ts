/** How values are shown: a name for what JSON does not know, one line for each value, and what it unfolds to. */
import { isTableRef } from '../../schema/names.ts';
import { m } from '../paraglide/messages.js';
import { whole } from './format.ts';

/** Items looked at for one line of text. */
const fewItems = 20;

/** What kind of value it is, in words, where it is more than JSON; undefined for JSON's own kinds. */
export function kindOf(value: unknown): string | undefined {
  if (typeof value === 'bigint') return m.kind_big();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? m.kind_invalid_date() : m.kind_date();
  if (value instanceof Map) return m.kind_map({ count: whole(value.size) });
  if (value instanceof Set) return m.kind_set({ count: whole(value.size) });
  if (value instanceof RegExp) return m.kind_pattern();
  if (value instanceof ArrayBuffer || value instanceof DataView)
    return m.kind_bytes({ count: whole(value.byteLength) });
  if (ArrayBuffer.isView(value))
    return m.kind_typed({ kind: brandOf(value), count: whole((value as Uint8Array).length) });
  if (value instanceof Error) return m.kind_error();
  return boxes.has(brandOf(value)) ? m.kind_boxed() : undefined;
}

/** A value in one line, not much longer than `longest`. */
export function briefText(value: unknown, longest = 120): string {
  if (isTableRef(value)) return m.table_brief({ rows: whole(value.rows), columns: value.columns.length });
  const text = write(value, longest, []);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Whether a value has parts to unfold. */
export const hasParts = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && text(value) === undefined;

/** Up to `most` parts of a value, each with its name, and how many there are. */
export function partsOf(
  value: object,
  most: number,
): { parts: [name: string, part: unknown][]; count: number } {
  if (value instanceof Map) {
    const parts = first(value, most).map(([key, part]): [string, unknown] => [briefText(key, 40), part]);
    return { parts, count: value.size };
  }
  const list = value instanceof Set ? value : listOf(value);
  if (list) {
    const parts = first(list, most).map((part, i): [string, unknown] => [String(i), part]);
    return { parts, count: value instanceof Set ? value.size : (list as ArrayLike<unknown>).length };
  }
  const entries: [string, unknown][] = [...errorParts(value), ...Object.entries(value)];
  return { parts: entries.slice(0, most), count: entries.length };
}

/** Items in order, where a value is a list of any kind. */
function listOf(value: object): (Iterable<unknown> & ArrayLike<unknown>) | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return ArrayBuffer.isView(value) ? (value as Uint8Array) : undefined;
}

function errorParts(value: object): [string, unknown][] {
  if (!(value instanceof Error)) return [];
  const parts: [string, unknown][] = [
    ['name', value.name],
    ['message', value.message],
  ];
  if (value.cause !== undefined) parts.push(['cause', value.cause]);
  return parts;
}

/** The text of what has no parts. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? m.kind_invalid_date() : value.toISOString();
  if (value instanceof RegExp) return String(value);
  return boxes.has(brandOf(value)) ? text(value.valueOf()) : undefined;
}

/** As JSON looks, or nearly; stops soon after `room` letters. */
function write(value: unknown, room: number, within: readonly unknown[]): string {
  const known = text(value);
  if (known !== undefined) return known;
  if (within.includes(value)) return '↺';
  if (room <= 0) return '…';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const { parts, count } = partsOf(value as object, fewItems);
  const named = !listOf(value as object) && !(value instanceof Set);
  let line = '';
  for (const [name, part] of parts) {
    if (line.length > room) break;
    const key = named ? `${value instanceof Map ? name : JSON.stringify(name)}:` : '';
    line += `${line && ','}${key}${write(part, room - line.length, [...within, value])}`;
  }
  if (count > parts.length) line += ',…';
  return named ? `{${line}}` : `[${line}]`;
}

function first<T>(items: Iterable<T>, most: number): T[] {
  const found: T[] = [];
  for (const item of items) {
    if (found.length === most) break;
    found.push(item);
  }
  return found;
}

const boxes = new Set(['Number', 'String', 'Boolean', 'BigInt']);
const brandOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);
