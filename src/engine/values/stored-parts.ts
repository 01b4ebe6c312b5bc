/**
 * Stored values and tables within other values. What the engine makes of payloads (a collected list, the report of an
 * error) is arrays and plain objects that hold them as they travelled; what a worker gives never does.
 */
import { isTableRef } from '../../schema/names.ts';
import { itemsOf } from '../../schema/payload.ts';
import { StoredValue } from '../../schema/stored-value.ts';

/** Every stored value in it, itself included; none is the common answer. */
export function storedIn(value: unknown): StoredValue[] {
  const found: StoredValue[] = [];
  visit(value, (part) => {
    if (part instanceof StoredValue) found.push(part);
  });
  return found;
}

/** Hashes of the tables it refers to. */
export function tablesIn(value: unknown): string[] {
  const found: string[] = [];
  visit(value, (part) => {
    if (isTableRef(part)) found.push(part.$table);
  });
  return found;
}

/** The same value with the content of what is stored in it; itself, when there is nothing. */
export function withContents(value: unknown, contents: ReadonlyMap<StoredValue, unknown>): unknown {
  const made = new Map<object, unknown>();
  const replace = (part: unknown): unknown => {
    if (part instanceof StoredValue) return contents.get(part);
    if (typeof part !== 'object' || part === null) return part;
    const known = made.get(part);
    if (known !== undefined) return known;
    // A ring comes back to itself: no ring holds a stored value, so it may stay as it is.
    made.set(part, part);
    const copy = Array.isArray(part) ? replaceItems(part, replace) : replaceFields(part, replace);
    made.set(part, copy);
    return copy;
  };
  return replace(value);
}

function replaceItems(array: unknown[], replace: (part: unknown) => unknown): unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const item = replace(array[i]);
    if (item === array[i]) continue;
    copy ??= [...array];
    copy[i] = item;
  }
  return copy ?? array;
}

function replaceFields(object: object, replace: (part: unknown) => unknown): object {
  if (!isPlainObject(object)) return object;
  let copy: Record<string, unknown> | undefined;
  for (const [key, field] of Object.entries(object)) {
    const replaced = replace(field);
    if (replaced === field) continue;
    copy ??= { ...object };
    copy[key] = replaced;
  }
  return copy ?? object;
}

/** Visits a value and all that it holds, each object once, without recursion. */
function visit(value: unknown, see: (part: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const seen = new Set<object>([value]);
  // A set visits what is added while it is walked.
  for (const part of seen) {
    see(part);
    for (const child of childrenOf(part)) if (typeof child === 'object' && child !== null) seen.add(child);
  }
}

/** What an array, a plain object, a map or a set holds. */
function childrenOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return itemsOf(value);
  if (value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return isPlainObject(value) ? Object.values(value) : [];
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
