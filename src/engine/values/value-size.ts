/**
 * Which values are too large to travel in the journal and the queues. Asked of every result there is, so it stops as
 * soon as it knows, and a number costs it a `typeof`.
 */
import { isTableRef } from '../../schema/names.ts';
import { StoredValue } from '../../schema/stored-value.ts';

/** Encoded bytes beyond which a value is kept as an artifact. */
export const largestInline = 32 * 1024;

/** What is found among some values. */
export interface Finds {
  /** Positions of those that may be too large; their encoding tells. */
  large: number[];
  /** Hashes of the tables that the others refer to. */
  tables: string[];
  /** What the others hold of values stored already. */
  stored: StoredValue[];
}

/** Levels of nesting that are looked into. What goes deeper, as what holds itself does, counts as large. */
const deepest = 100;

// Of the value at hand; shared by all calls, since they never interleave.
let room = 0;
let depth = 0;
let tables: string[] = [];
let stored: StoredValue[] = [];

/** Looks through values. @returns undefined when there is nothing to do for any of them, as nearly always */
export function findLarge(values: readonly unknown[]): Finds | undefined {
  let large: number[] | undefined;
  tables = [];
  stored = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'number' || !isLarge(value)) continue;
    large ??= [];
    large.push(i);
  }
  if (!large && tables.length === 0 && stored.length === 0) return undefined;
  return { large: large ?? [], tables, stored };
}

function isLarge(value: unknown): boolean {
  room = largestInline;
  depth = 0;
  const before = [tables.length, stored.length] as const;
  weigh(value);
  if (room >= 0) return false;
  // What it holds is looked for again, in all of it.
  [tables.length, stored.length] = before;
  return true;
}

/** Takes a value's size from the room left: about what the store's encoding makes of it, rather more than less. */
function weigh(value: unknown): void {
  switch (typeof value) {
    case 'string':
      room -= sizeOfText(value);
      return;
    case 'number':
      room -= (value | 0) === value ? (value < 128 && value > -33 ? 1 : 5) : 9;
      return;
    case 'bigint':
      room -= value > hugeInteger || value < -hugeInteger ? largestInline + 1 : 9;
      return;
    case 'object':
      if (value === null) room -= 1;
      else weighObject(value);
      return;
    default:
      room -= 1;
  }
}

const hugeInteger = 1n << BigInt(largestInline * 8);
const nonLatin = /[^\u0000-\u007f]/;

function sizeOfText(text: string): number {
  // A short one is not worth the look.
  return text.length > 1024 && text.length <= largestInline && nonLatin.test(text)
    ? text.length * 3
    : text.length + 2;
}

function weighObject(value: object): void {
  room -= 3;
  if (++depth > deepest) room = -1;
  else weighParts(value);
  depth--;
}

function weighParts(value: object): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && room >= 0; i++) weigh(value[i]);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return weighInstance(value);
  if (isTableRef(value)) tables.push(value.$table);
  weighProperties(value);
}

function weighProperties(value: object): void {
  for (const key in value) {
    room -= key.length;
    weigh((value as Record<string, unknown>)[key]);
    if (room < 0) return;
  }
}

function weighInstance(value: object): void {
  if (value instanceof StoredValue) {
    room -= 100;
    stored.push(value);
  } else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) room -= value.byteLength;
  else if (value instanceof Map || value instanceof Set) {
    for (const entry of value) {
      weigh(entry);
      if (room < 0) return;
    }
  } else {
    if (value instanceof Error) weigh(value.message + value.stack);
    weighProperties(value);
  }
}
