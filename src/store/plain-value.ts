/**
 * Which payloads MessagePack carries exactly as they are. Everything else (see {@link isPlain}) takes the longer way
 * through a heap of cells (`heap-format.ts`). The test costs one walk and no copy, and nearly every payload passes it.
 */
import { StoreError } from '../errors.ts';
import { MetObjects } from '../schema/met-objects.ts';

/** Beyond this many levels a value takes the heap, which needs no recursion. */
const maxDepth = 200;

/** Keys that mean something to JavaScript or to msgpackr, and so would not arrive as they were. */
const reservedKeys = new Set(['__proto__', 'constructor', 'toJSON', 'hasOwnProperty']);

const byteOrderMark = 0xfeff;
const loneSurrogate = /\p{Surrogate}/u;
const nonLatin = /[\u0100-\uffff]/;

/** Whether a string survives UTF-8, and a decoder that swallows a leading byte order mark. */
export function isPlainString(text: string): boolean {
  if (!nonLatin.test(text)) return true;
  return text.charCodeAt(0) !== byteOrderMark && !loneSurrogate.test(text);
}

// Objects met within the value at hand; shared by all calls, since they never interleave.
const met = new MetObjects();

/**
 * Whether MessagePack gives this value back just as it is: JSON's kinds, `undefined`, `NaN`, infinities and big
 * integers; no `-0`, no holes, no lone surrogates, no object in two places, no instances, no reserved keys.
 * @throws StoreError `value_not_storable` for functions and symbols, which no store can keep.
 */
export function isPlain(value: unknown): boolean {
  if (typeof value !== 'object') return isPlainPrimitive(value);
  met.clear();
  return isPlainAt(value, 0);
}

function isPlainAt(value: unknown, depth: number): boolean {
  if (typeof value !== 'object') return isPlainPrimitive(value);
  if (value === null) return true;
  if (depth > maxDepth || met.has(value)) return false;
  met.add(value);
  return Array.isArray(value) ? isPlainArray(value, depth) : isPlainObject(value, depth);
}

function isPlainPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return value !== 0 || !Object.is(value, -0);
    case 'string':
      return isPlainString(value);
    case 'function':
    case 'symbol':
      throw notStorable(value);
    default:
      return true;
  }
}

function isPlainArray(array: unknown[], depth: number): boolean {
  // As many keys as items: no holes, and no named properties beside them.
  if (Object.getPrototypeOf(array) !== Array.prototype || Object.keys(array).length !== array.length)
    return false;
  for (let i = 0; i < array.length; i++) {
    if (!isPlainAt(array[i], depth + 1)) return false;
  }
  return true;
}

function isPlainObject(object: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(object)) {
    if (reservedKeys.has(key) || !isPlainString(key)) return false;
    if (!isPlainAt((object as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

/** What a store says to a value that cannot be copied, such as a function. */
export function notStorable(value: unknown): StoreError {
  const kind = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
  return new StoreError('value_not_storable', `A value of kind ${kind} cannot be stored.`, {
    details: { kind },
  });
}
