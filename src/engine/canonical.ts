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
  const text = write(value);
  return text.length <= longestPlainKey ? text : `#${digest(text)}`;
}

/** An object on its way into text: its parts, and the texts of those that are written already. */
interface Open {
  value: object;
  parts: unknown[];
  texts: string[];
  close(texts: string[]): string;
}

/** Without recursion: a payload may be nested more deeply than this thread's stack allows. */
function write(root: unknown): string {
  const open: Open[] = [];
  let text = begin(root, open);
  for (;;) {
    const last = open[open.length - 1];
    if (!last) return text as string;
    if (text !== undefined) last.texts.push(text);
    const { texts, parts, close } = last;
    if (texts.length < parts.length) {
      text = begin(parts[texts.length], open);
    } else {
      open.pop();
      text = close(texts);
    }
  }
}

/** The text of a value without parts; one that has parts is opened. */
function begin(value: unknown, open: Open[]): string | undefined {
  switch (typeof value) {
    case 'number':
      return String(value); // `String(-0)` is "0"
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : beginObject(value, open);
    default:
      return String(value);
  }
}

function beginObject(value: object, open: Open[]): string | undefined {
  for (let i = open.length - 1; i >= 0; i--) if (open[i]?.value === value) return `^${open.length - i}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${new Uint8Array(value).join()})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${viewItems(value).join()})`;
  if (value instanceof Error) return `Error(${JSON.stringify([value.name, value.message])})`;
  open.push({ value, texts: [], ...partsOf(value) });
  return undefined;
}

function partsOf(value: object): Pick<Open, 'parts' | 'close'> {
  if (Array.isArray(value)) return { parts: value, close: (texts) => `[${texts.join()}]` };
  if (value instanceof Map)
    return { parts: [...value].flat(1), close: (texts) => `Map{${pairs(texts).sort().join()}}` };
  if (value instanceof Set) return { parts: [...value], close: (texts) => `Set{${texts.sort().join()}}` };
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort();
  return {
    parts: keys.map((key) => record[key]),
    close: (texts) => `{${texts.map((text, i) => `${JSON.stringify(keys[i])}:${text}`).join()}}`,
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
