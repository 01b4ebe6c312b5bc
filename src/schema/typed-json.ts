/**
 * JSON that says the type of what JSON lacks, so that a payload comes back from it just as it was. Plain values look
 * as they always do; anything else is an object with the key `$type`:
 *
 * | value                                    | written as                                                        |
 * |------------------------------------------|-------------------------------------------------------------------|
 * | `undefined`                              | `{"$type": "undefined"}`                                          |
 * | `NaN`, `Infinity`, `-Infinity`, `-0`     | `{"$type": "number", "value": "NaN"}`                             |
 * | big integer                              | `{"$type": "bigint", "value": "123"}`                             |
 * | `Date`                                   | `{"$type": "Date", "value": "2026-01-31T12:00:00.000Z"}`; null when invalid |
 * | `RegExp`                                 | `{"$type": "RegExp", "value": "a+", "flags": "gi"}`               |
 * | `Map`                                    | `{"$type": "Map", "value": [[key, value], …]}`                    |
 * | `Set`                                    | `{"$type": "Set", "value": [item, …]}`                            |
 * | `ArrayBuffer`                            | `{"$type": "ArrayBuffer", "value": base64}`                       |
 * | typed array, `DataView`                  | `{"$type": "Float64Array", "value": base64}`, little-endian       |
 * | – that shares its buffer with others     | `{"$type": "Uint8Array", "buffer": …, "offset": 8, "length": 4}`  |
 * | `Error`                                  | `{"$type": "Error", "name", "message", "stack", "cause", "fields": [[key, value], …]}`, what there is of it |
 * | boxed primitive                          | `{"$type": "Number", "value": 1}`; `String`, `Boolean`, `BigInt`  |
 * | list with holes or named properties      | `{"$type": "Array", "length": 3, "value": [["0", item], …]}`      |
 * | object with a key `$type`, `__proto__` or `constructor` | `{"$type": "Object", "value": [[key, value], …]}`  |
 * | object that stands in several places     | at the first `{"$type": "shared", "id": 1, "value": …}`, at the others `{"$type": "ref", "id": 1}` |
 *
 * The last but one is the rule of escape: an object with a key `$type` always says a type. Libraries were compared
 * and lose some of this: superjson typed arrays, buffers and holes, devalue errors and the key `__proto__` (and its
 * text is a flat list that nobody can read), EJSON maps and cycles, typeson maps that hold themselves.
 */
import { HandloomError } from '../errors.ts';
import { toBase64 } from './base64.ts';
import { MetObjects } from './met-objects.ts';

/** Media type of typed JSON, in `Accept` and `Content-Type`. */
export const valuesMediaType = 'application/vnd.handloom.values+json';

export const typeKey = '$type';
/** Keys by which an object takes the form of a list of entries. */
const entryKeys = [typeKey, '__proto__', 'constructor'];

/** The typed JSON text of a payload, or of anything that holds payloads. @throws HandloomError `too_deep` */
export function toTypedText(value: unknown, indent?: number): string {
  return new TypedWriter().text(value, indent);
}

/**
 * The typed JSON text of a list of payloads. Each is written by itself, as it travels: what two of them share comes
 * back as two. So a list of a million that JSON can say costs no more than its JSON.
 * @throws HandloomError `too_deep`
 */
export function toTypedListText(payloads: readonly unknown[]): string {
  if (Object.keys(payloads).length === payloads.length && payloads.every(isPlainJson))
    return JSON.stringify(payloads);
  const writer = new TypedWriter();
  return `[${Array.from(payloads, (payload) => writer.text(payload)).join(',')}]`;
}

/** Writes several values into one text, whose ids of shared objects do not repeat. */
export class TypedWriter {
  #lastId = 0;
  #ids = new Map<object, number>();
  #shared: ReadonlySet<object> = new Set();

  /** @throws HandloomError `too_deep` when it is nested too deeply for this machine to write */
  text(value: unknown, indent?: number): string {
    if (isPlainJson(value)) return JSON.stringify(value, null, indent);
    try {
      this.#shared = inSeveralPlaces(value);
      return JSON.stringify(this.#tree(value), null, indent);
    } catch (error) {
      if (error instanceof RangeError)
        throw new HandloomError('too_deep', 'The value is nested too deeply to be written as JSON.');
      throw error;
    } finally {
      this.#ids.clear();
    }
  }

  #tree(value: unknown): unknown {
    switch (typeof value) {
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { [typeKey]: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
      case 'bigint':
        return { [typeKey]: 'bigint', value: String(value) };
      case 'string':
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        return { [typeKey]: 'undefined' };
    }
  }

  #object(object: object): unknown {
    if (!this.#shared.has(object)) return this.#content(object);
    const known = this.#ids.get(object);
    if (known !== undefined) return { [typeKey]: 'ref', id: known };
    const id = ++this.#lastId;
    this.#ids.set(object, id);
    return { [typeKey]: 'shared', id, value: this.#content(object) };
  }

  #content(object: object): unknown {
    if (Array.isArray(object)) return this.#list(object);
    if (object instanceof Map)
      return tagged(
        'Map',
        [...object].map((pair) => pair.map((each) => this.#tree(each))),
      );
    if (object instanceof Set)
      return tagged(
        'Set',
        [...object].map((item) => this.#tree(item)),
      );
    if (object instanceof Date)
      return tagged('Date', Number.isNaN(object.getTime()) ? null : object.toISOString());
    if (object instanceof RegExp) return { ...tagged('RegExp', object.source), flags: object.flags };
    if (object instanceof Error) return this.#error(object);
    if (object instanceof ArrayBuffer) return tagged('ArrayBuffer', toBase64(new Uint8Array(object)));
    if (ArrayBuffer.isView(object)) return this.#view(object);
    const brand = brandOf(object);
    if (boxes.has(brand)) return tagged(brand, this.#tree(object.valueOf()));
    const keys = Object.keys(object);
    if (entryKeys.some((key) => Object.hasOwn(object, key)))
      return tagged('Object', this.#entries(object, keys));
    return Object.fromEntries(this.#entries(object, keys));
  }

  #list(list: unknown[]): unknown {
    const keys = Object.keys(list);
    const isWhole = keys.length === list.length && (keys.at(-1) ?? '-1') === String(list.length - 1);
    if (isWhole) return list.map((item) => this.#tree(item));
    return { [typeKey]: 'Array', length: list.length, value: this.#entries(list, keys) };
  }

  #error(error: Error): unknown {
    const own = (key: 'message' | 'stack' | 'cause') =>
      Object.hasOwn(error, key) && error[key] !== undefined && { [key]: this.#tree(error[key]) };
    const fields = fieldsOf(error);
    return {
      [typeKey]: 'Error',
      name: String(error.name),
      ...own('message'),
      ...own('stack'),
      ...own('cause'),
      ...(fields.length > 0 && { fields: this.#entries(error, fields) }),
    };
  }

  #view(view: ArrayBufferView): unknown {
    const kind = brandOf(view);
    if (!this.#shared.has(view.buffer))
      return tagged(kind, toBase64(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)));
    const length = view instanceof DataView ? view.byteLength : (view as Uint8Array).length;
    return { [typeKey]: kind, buffer: this.#object(view.buffer), offset: view.byteOffset, length };
  }

  #entries(object: object, keys: string[]): [string, unknown][] {
    return keys.map((key) => [key, this.#tree((object as Record<string, unknown>)[key])]);
  }
}

const tagged = (kind: string, value: unknown) => ({ [typeKey]: kind, value });

export const boxes: ReadonlySet<string> = new Set(['Number', 'String', 'Boolean', 'BigInt']);

const brandOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

/** Names of an error's own fields beside those that every error has. */
function fieldsOf(error: Error): string[] {
  return Object.keys(error).filter((key) => !['name', 'message', 'stack', 'cause'].includes(key));
}

/** Objects, and levels of them, that are looked at before a value is taken to be none that JSON says. */
const [mostPlain, deepestPlain] = [1000, 100];

// Of the value at hand; shared by all calls, since they never interleave.
const plainMet = new MetObjects();

/** Whether JSON says a value just as it is: of its kinds throughout, each object in one place. Not of large ones. */
function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isPlainAt(value, 0);
  const isPlain = isPlainAt(value, 0);
  plainMet.clear();
  return isPlain;
}

function isPlainAt(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'string':
    case 'boolean':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth > deepestPlain || plainMet.size >= mostPlain || plainMet.has(value)) return false;
  plainMet.add(value);
  if (Array.isArray(value))
    // As many keys as items: no holes, and no named properties beside them.
    return Object.keys(value).length === value.length && value.every((item) => isPlainAt(item, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(([key, item]) => !entryKeys.includes(key) && isPlainAt(item, depth + 1));
}

/** Objects that a value holds more than once, or that hold themselves. */
function inSeveralPlaces(root: unknown): ReadonlySet<object> {
  const met = new Set<object>();
  const again = new Set<object>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (met.has(value)) {
      again.add(value);
      continue;
    }
    met.add(value);
    for (const child of childrenOf(value)) if (typeof child === 'object') open.push(child);
  }
  return again;
}

function childrenOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat(1);
  if (object instanceof Set) return [...object];
  if (ArrayBuffer.isView(object)) return [object.buffer];
  if (object instanceof Error)
    return [
      object.cause,
      ...fieldsOf(object).map((key) => (object as unknown as Record<string, unknown>)[key]),
    ];
  return Object.values(object);
}
