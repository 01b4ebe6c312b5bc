/**
 * Any structured-cloneable value as a flat list that MessagePack carries exactly: every value is a cell, containers
 * name their contents by cell number, so cycles and shared references are kept and depth costs no stack. After the
 * flat form of devalue (https://github.com/sveltejs/devalue), with binary data kept binary.
 *
 * A cell is a number, big integer or string as it is, or an array whose first item is a {@link tag}. Negative cell
 * numbers are the constants below.
 */
/** Cell numbers that stand for values of their own. */
export const constant = { undefined: -1, null: -2, true: -3, false: -4, minusZero: -5, hole: -6 } as const;

/** First item of a cell that is a list. */
export const tag = {
  utf16: 0,
  array: 1,
  sparseArray: 2,
  object: 3,
  map: 4,
  set: 5,
  date: 6,
  regexp: 7,
  error: 8,
  buffer: 9,
  view: 10,
  boxed: 11,
  /** A value kept as an artifact: hash, bytes, cell of the key, nested (0 or 1). */
  stored: 12,
} as const;

export type HeapCell = number | bigint | string | unknown[];

/** Views by number; only ever added to. */
export const viewTypes = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  // Where the platform has it: Chromium does, Node 20 does not.
  ...('Float16Array' in globalThis
    ? [(globalThis as unknown as { Float16Array: Float32ArrayConstructor }).Float16Array]
    : []),
] as const;
