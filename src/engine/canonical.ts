/**
 * When two payloads count as equal, for `dedupe`. Written here since no library at hand is injective over all that
 * a payload can be: ohash's `serialize`, say, gives `{a: "1',b:'2"}` and `{a: '1', b: '2'}` one text, and a task
 * wrongly taken for a duplicate is a task lost.
 */
import { digest } from 'ohash';

/** Longer texts are replaced by their SHA-256, so that a set of a million keys stays small. */
const longestPlainKey = 64;

/**
 * A text that is the same for equal values and different for others: the order of keys (of maps and sets, too) does
 * not matter, 1 and 1.0 are one number and −0 is 0, while 1, "1" and 1n differ. Dates, maps, sets, typed arrays,
 * errors and cycles are told apart by their content.
 */
export function canonicalKey(value: unknown): string {
  const text = write(value, []);
  return text.length <= longestPlainKey ? text : `#${digest(text)}`;
}

function write(value: unknown, ancestors: object[]): string {
  switch (typeof value) {
    case 'number':
      return String(value); // `String(-0)` is "0"
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : writeObject(value, ancestors);
    default:
      return String(value);
  }
}

function writeObject(value: object, ancestors: object[]): string {
  const depth = ancestors.lastIndexOf(value);
  if (depth >= 0) return `^${ancestors.length - depth}`;
  const inner = [...ancestors, value];

  if (Array.isArray(value)) return `[${value.map((item) => write(item, inner)).join()}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value})`;
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${write(key, inner)}:${write(item, inner)}`);
    return `Map{${entries.sort().join()}}`;
  }
  if (value instanceof Set)
    return `Set{${[...value]
      .map((item) => write(item, inner))
      .sort()
      .join()}}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${new Uint8Array(value).join()})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${viewItems(value).join()})`;
  if (value instanceof Error) return `Error(${JSON.stringify([value.name, value.message])})`;

  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(record[key], inner)}`).join()}}`;
}

/** The items of a typed array; the bytes of a DataView. */
function viewItems(view: ArrayBufferView): ArrayLike<unknown> & { join(): string } {
  return view instanceof DataView
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : (view as unknown as Uint8Array);
}
