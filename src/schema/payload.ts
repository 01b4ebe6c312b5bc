/**
 * What a payload may be: any value that structured cloning copies **and** that a journal can keep, which is less.
 *
 * | value                                             | as a payload                                            |
 * |---------------------------------------------------|---------------------------------------------------------|
 * | JSON's kinds, `undefined`, `NaN`, `±Infinity`, `-0`, big integers | as they are                             |
 * | dates (invalid ones too), maps, sets, `RegExp`, boxed primitives | as they are                              |
 * | `ArrayBuffer`, typed arrays, `DataView`           | as they are; a Node `Buffer` arrives as a `Uint8Array`  |
 * | lists with holes, lone surrogates, any key        | as they are; lists of more than 50 million items are refused |
 * | objects in two places, cycles                     | as they are, within one payload                         |
 * | errors                                            | name (a built-in one), message, stack and cause; structured cloning drops other fields |
 * | instances of classes                              | their own fields; structured cloning drops the class    |
 * | an error that stands within its own cause         | refused: V8 writes it, and then cannot read it          |
 * | what lies more than 1,000 levels deep             | refused: it would overflow the stack of whoever reads it |
 * | functions, symbols, promises, weak references     | refused                                                 |
 * | `SharedArrayBuffer`, views of one                 | refused: a payload is a copy, and this would not be one |
 * | `Blob`, `File` and what else a platform offers    | refused, on every host: give their bytes instead        |
 *
 * Refused means that the task which gives such a value fails with `not_cloneable`, and with the path to it.
 */

/** Objects looked at before the walk begins to remember which; most payloads have fewer. */
const fewObjects = 200;
/** Longer lists are walked by their keys, since they may be nothing but holes. */
const longList = 1_000_000;
/** Items of the longest list, holes included: beyond it no host could show one as JSON. */
export const longestList = 50_000_000;

/** What an object or list takes beside its contents, in bytes; roughly what V8 needs. */
const overhead = 32;
const slot = 8;

/** Objects within objects, at most: the longest way down that copying a value would take. */
export const deepestLevel = 1000;

/** Whether a value may travel as a payload. */
export const isPayload = (value: unknown): boolean => payloadSize(value) !== undefined;

/**
 * About how many bytes a value takes in memory; undefined when it may not travel as a payload. Costs one walk; what
 * stands in two places counts once, unless the value is small.
 */
export function payloadSize(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return primitiveSize(value);
  const size = sizeOfSmall(value) ?? sizeOfLarge(value);
  return typeof size === 'number' ? size : undefined;
}

/** Whether that is all that keeps a value from travelling. */
export const isTooDeep = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && sizeOfLarge(value) === 'too deep';

function primitiveSize(value: unknown): number | undefined {
  switch (typeof value) {
    case 'string':
      return slot + value.length;
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return slot;
  }
}

/** @returns undefined when it holds many objects, or itself */
function sizeOfSmall(root: object): number | 'refused' | undefined {
  const open: object[] = [root];
  let size = 0;
  let objects = 0;
  for (let object = open.pop(); object; object = open.pop()) {
    if (++objects > fewObjects) return undefined;
    const own = ownSize(object);
    if (own === undefined) return 'refused';
    size += own;
    for (const child of childrenOf(object)) {
      if (typeof child === 'object' && child !== null) open.push(child);
      else {
        const bytes = primitiveSize(child);
        if (bytes === undefined) return 'refused';
        size += bytes;
      }
    }
  }
  return size;
}

/** Goes the way that copying goes, which visits each object once, but with a stack of its own. */
function sizeOfLarge(root: object): number | 'refused' | 'too deep' {
  const known = new Set<object>([root]);
  let size = ownSize(root);
  if (size === undefined) return 'refused';
  const way = [childrenOf(root)[Symbol.iterator]()];
  for (let at = way.at(-1); at; at = way.at(-1)) {
    const { done, value: child } = at.next();
    if (done) {
      way.pop();
      continue;
    }
    const isObject = typeof child === 'object' && child !== null;
    if (isObject && known.has(child)) continue;
    const own = isObject ? ownSize(child) : primitiveSize(child);
    if (own === undefined) return 'refused';
    size += own;
    if (!isObject) continue;
    if (way.length >= deepestLevel) return 'too deep';
    known.add(child);
    way.push(childrenOf(child)[Symbol.iterator]());
  }
  return size;
}

/** Bytes of an object without its children; undefined for what may not travel. */
function ownSize(object: object): number | undefined {
  if (Array.isArray(object)) return object.length > longestList ? undefined : overhead;
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return overhead;
  if (ArrayBuffer.isView(object))
    return object.buffer instanceof ArrayBuffer ? overhead + object.byteLength : undefined;
  if (object instanceof ArrayBuffer) return overhead + object.byteLength;
  if (object instanceof Error)
    return leadsBack(object) ? undefined : overhead + String(object.stack ?? '').length;
  return isOfPlatform(object) ? undefined : overhead;
}

/** Whether an error stands within its own cause. */
function leadsBack(error: Error): boolean {
  if (typeof error.cause !== 'object' || error.cause === null) return false;
  const known = new Set<unknown>([error.cause]);
  // A set tells the items that are added while it is walked, too.
  for (const object of known) {
    if (object === error) return true;
    for (const child of childrenOf(object as object))
      if (typeof child === 'object' && child !== null) known.add(child);
  }
  return false;
}

/** Kinds of the language that travel whole. */
const travelling = new Set([
  'Object',
  'Map',
  'Set',
  'Date',
  'RegExp',
  'Number',
  'String',
  'Boolean',
  'BigInt',
]);

/** Whether it is something of the platform's (a Blob, a Promise), rather than an instance of a class of somebody's. */
function isOfPlatform(object: object): boolean {
  const kind = Object.prototype.toString.call(object).slice(8, -1);
  if (travelling.has(kind)) return false;
  const known: unknown = (globalThis as Record<string, unknown>)[kind];
  return typeof known === 'function' && object instanceof known;
}

/** The items of a list, of a long one without its holes. */
export const itemsOf = (list: readonly unknown[]): Iterable<unknown> =>
  list.length < longList ? list : ownValues(list);

/** Everything an object holds, keys that are objects included. */
function childrenOf(object: object): Iterable<unknown> {
  if (Array.isArray(object)) return itemsOf(object);
  if (object instanceof Map) return entriesOf(object);
  if (object instanceof Set) return object;
  if (object instanceof Error) return [object.cause];
  if (ArrayBuffer.isView(object)) return [];
  return ownValues(object);
}

function entriesOf(map: Map<unknown, unknown>): unknown[] {
  const list: unknown[] = [];
  for (const [key, value] of map) list.push(key, value);
  return list;
}

const ownValues = (object: object): unknown[] =>
  Object.keys(object).map((key) => (object as Record<string, unknown>)[key]);
