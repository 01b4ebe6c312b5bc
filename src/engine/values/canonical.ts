/**
 * When two payloads count as equal, for `dedupe`. Written here since no library at hand is injective over all that
 * a payload can be: ohash's `serialize`, say, gives `{a: "1',b:'2"}` and `{a: '1', b: '2'}` one text, and a task
 * wrongly taken for a duplicate is a task lost.
 */
import { digest } from 'ohash';
import { StoredValue } from '../../schema/stored-value.ts';

/** Longer texts are replaced by 132 bits of their SHA-256, so that a set of a million keys stays small. */
const longestPlainKey = 64;
const hashLength = 22;

/**
 * A text that is the same for equal values and different for others: the order of keys (of maps and sets, too) does
 * not matter, 1 and 1.0 are one number and −0 is 0, while 1, "1" and 1n differ, and so do a hole in a list and
 * `undefined`. Dates, maps, sets, typed arrays, boxed primitives, errors (but for their stacks) and cycles are told
 * apart by their content.
 */
export function canonicalKey(value: unknown): string {
  return shorten(write(value));
}

/**
 * Long texts by their hash, parts of a value included: so a part that is stored elsewhere can stand for itself by its
 * key, and a value of many megabytes makes no text of that length.
 */
const shorten = (text: string): string => (text.length <= longestPlainKey ? text : `#${textHash(text)}`);

/** 132 bits of the text's SHA-256, in base64. */
export const textHash = (text: string): string => digest(text).slice(0, hashLength);

/** An object on its way into text: its parts, and the texts of those that are written already. */
interface Open {
  value: object;
  parts: unknown[];
  texts: string[];
  /** How deep the outermost object lies that it, or something in it, comes back to. */
  reaches: number;
  close(texts: string[]): string;
}

/**
 * Objects that have been met: how deep one lies that is on its way; the text of one that has been written and may
 * stand in further places. Without the texts, parts that are shared many levels deep would be written 2^levels times.
 */
type Met = Map<object, number | string>;

/** Without recursion: a payload may be nested more deeply than this thread's stack allows. */
function write(root: unknown): string {
  const open: Open[] = [];
  const met: Met = new Map();
  let text = begin(root, open, met);
  for (;;) {
    const last = open[open.length - 1];
    if (!last) return text as string;
    if (text !== undefined) last.texts.push(shorten(text));
    const { texts, parts, close } = last;
    if (texts.length < parts.length) {
      text = begin(parts[texts.length], open, met);
    } else {
      open.pop();
      text = shorten(close(texts));
      keepText(last, text, open, met);
    }
  }
}

/** What comes back to an object around it says so by the distance, so its text fits that one place only. */
function keepText({ value, reaches }: Open, text: string, open: Open[], met: Met): void {
  if (reaches >= open.length) met.set(value, text);
  else {
    met.delete(value);
    const around = open[open.length - 1];
    if (around) around.reaches = Math.min(around.reaches, reaches);
  }
}

/** The text of a value without parts; one that has parts is opened. */
function begin(value: unknown, open: Open[], met: Met): string | undefined {
  switch (typeof value) {
    case 'number':
      return String(value); // `String(-0)` is "0"
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : beginObject(value, open, met);
    default:
      return String(value);
  }
}

function beginObject(value: object, open: Open[], met: Met): string | undefined {
  const known = met.get(value);
  if (typeof known === 'string') return known;
  if (known !== undefined) {
    const around = open[open.length - 1] as Open;
    around.reaches = Math.min(around.reaches, known);
    return `^${open.length - known}`;
  }
  if (value instanceof StoredValue) return value.key ?? `Stored(${value.hash})`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${new Uint8Array(value).join()})`;
  // By what it is, not by its class: a Node Buffer arrives elsewhere as a Uint8Array.
  if (ArrayBuffer.isView(value)) return `${brandOf(value)}(${viewItems(value).join()})`;
  met.set(value, open.length);
  open.push({ value, texts: [], reaches: open.length, ...partsOf(value) });
  return undefined;
}

function partsOf(value: object): Pick<Open, 'parts' | 'close'> {
  if (Array.isArray(value)) {
    const keys = Object.keys(value);
    if (keys.length !== value.length || (keys.length > 0 && keys.at(-1) !== String(keys.length - 1)))
      return fieldsOf(value, keys, `Array(${value.length})`);
    return { parts: value, close: (texts) => `[${texts.join()}]` };
  }
  if (value instanceof Map)
    return { parts: [...value].flat(1), close: (texts) => `Map{${pairs(texts).sort().join()}}` };
  if (value instanceof Set) return { parts: [...value], close: (texts) => `Set{${texts.sort().join()}}` };
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const own = Object.keys(value).filter((key) => !['name', 'message', 'stack', 'cause'].includes(key));
    const { parts, close } = fieldsOf(value, own, '');
    return {
      parts: [name, message, cause, ...parts],
      close: ([name, message, cause, ...texts]) => `Error(${name},${message},${cause},${close(texts)})`,
    };
  }
  const boxed = brandOf(value);
  if (boxes.has(boxed)) {
    return { parts: [(value as { valueOf(): unknown }).valueOf()], close: ([text]) => `${boxed}(${text})` };
  }
  return fieldsOf(value, Object.keys(value), '');
}

const boxes = new Set(['Number', 'String', 'Boolean', 'BigInt']);

const brandOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

function fieldsOf(value: object, keys: string[], prefix: string): Pick<Open, 'parts' | 'close'> {
  const record = value as Record<string, unknown>;
  keys.sort();
  return {
    parts: keys.map((key) => record[key]),
    close: (texts) => `${prefix}{${texts.map((text, i) => `${JSON.stringify(keys[i])}:${text}`).join()}}`,
  };
}

/** Each key of a map with the value after it. */
const pairs = (texts: string[]): string[] =>
  texts.flatMap((text, i) => (i % 2 === 0 ? [`${text}:${texts[i + 1]}`] : []));

/** The items of a typed array; the bytes of a DataView. */
function viewItems(view: ArrayBufferView): ArrayLike<unknown> & { join(): string } {
  return view instanceof DataView
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : (view as unknown as Uint8Array);
}
