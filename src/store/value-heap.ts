/**
 * Any structured-cloneable value as a flat list that MessagePack carries exactly: every value is a cell, containers
 * name their contents by cell number, so cycles and shared references are kept and depth costs no stack. After the
 * flat form of devalue (https://github.com/sveltejs/devalue), with binary data kept binary.
 *
 * A cell is a number, big integer or string as it is, or an array whose first item is a {@link tag}. Negative cell
 * numbers are the constants below.
 */
import { isPlainString, notStorable } from './plain-value.ts';

const constant = { undefined: -1, null: -2, true: -3, false: -4, minusZero: -5, hole: -6 } as const;

const tag = {
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
} as const;

export type HeapCell = number | bigint | string | unknown[];

const viewTypes = [
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
] as const;

const errorTypes: Record<string, new (message?: string) => Error> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

interface UsedBuffer {
  buffer: ArrayBuffer;
  /** The part that is seen: stored alone, since a small view may sit in a large shared pool. */
  start: number;
  end: number;
  cell: unknown[];
  number: number;
  views: unknown[][];
}

/** Collects values into one list of cells. */
export class HeapWriter {
  readonly cells: HeapCell[] = [];
  readonly #known = new Map<unknown, number>();
  readonly #buffers = new Map<ArrayBuffer, UsedBuffer>();
  readonly #open: { value: object; cell: unknown[] }[] = [];

  /**
   * Adds a value with all it holds, and gives its cell number.
   * @throws StoreError `value_not_storable` for functions, symbols and host objects (a Blob, a WeakMap).
   */
  add(value: unknown): number {
    const number = this.#number(value);
    for (let next = this.#open.pop(); next; next = this.#open.pop()) this.#fill(next.value, next.cell);
    return number;
  }

  /** The finished list; nothing may be added after. */
  finish(): HeapCell[] {
    for (const { buffer, start, end, cell, views } of this.#buffers.values()) {
      cell.push(new Uint8Array(buffer, start, end - start));
      for (const view of views) view[3] = (view[3] as number) - start;
    }
    return this.cells;
  }

  #number(value: unknown): number {
    if (value === undefined) return constant.undefined;
    if (value === null) return constant.null;
    if (value === true) return constant.true;
    if (value === false) return constant.false;
    if (Object.is(value, -0)) return constant.minusZero;
    if (value instanceof ArrayBuffer) return this.#use(value, 0, value.byteLength).number;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const number = this.cells.length;
    this.#known.set(value, number);
    this.cells.push(this.#cell(value));
    return number;
  }

  #cell(value: unknown): HeapCell {
    switch (typeof value) {
      case 'number':
      case 'bigint':
        return value;
      case 'string':
        return isPlainString(value) ? value : [tag.utf16, toCodeUnits(value)];
      case 'object': {
        // Filled later, from a list of our own instead of the call stack.
        const cell: unknown[] = [];
        this.#open.push({ value: value as object, cell });
        return cell;
      }
      default:
        throw notStorable(value);
    }
  }

  #fill(value: object, cell: unknown[]): void {
    if (Array.isArray(value)) this.#fillArray(value, cell);
    else if (value instanceof Map) {
      cell.push(tag.map);
      for (const [key, item] of value) cell.push(this.#number(key), this.#number(item));
    } else if (value instanceof Set) {
      cell.push(tag.set);
      for (const item of value) cell.push(this.#number(item));
    } else if (value instanceof Date) cell.push(tag.date, value.getTime());
    else if (value instanceof RegExp) cell.push(tag.regexp, this.#number(value.source), value.flags);
    else if (value instanceof Error) this.#fillError(value, cell);
    else if (ArrayBuffer.isView(value)) this.#fillView(value, cell);
    else if (
      value instanceof Number ||
      value instanceof String ||
      value instanceof Boolean ||
      value instanceof BigInt
    ) {
      cell.push(tag.boxed, this.#number(value.valueOf()));
    } else if (isHostObject(value)) throw notStorable(value);
    else {
      cell.push(tag.object);
      this.#fillProperties(value, Object.keys(value), cell);
    }
  }

  #fillArray(array: unknown[], cell: unknown[]): void {
    const keys = Object.keys(array);
    if (keys.length === array.length && keys.every((key, i) => key === String(i))) {
      cell.push(tag.array);
      for (const item of array) cell.push(this.#number(item));
    } else {
      cell.push(tag.sparseArray, array.length);
      this.#fillProperties(array, keys, cell);
    }
  }

  #fillError(error: Error, cell: unknown[]): void {
    const own = (key: string) =>
      Object.hasOwn(error, key) ? this.#number(error[key as keyof Error]) : constant.hole;
    const name = this.#number(String(error.name));
    cell.push(tag.error, name, own('message'), own('stack'), own('cause'));
    const listed = ['name', 'message', 'stack', 'cause'];
    const others = Object.keys(error).filter((key) => !listed.includes(key));
    // The errors of an AggregateError are its own but not enumerable.
    if (Object.hasOwn(error, 'errors') && !others.includes('errors')) others.push('errors');
    this.#fillProperties(error, others, cell);
  }

  #fillView(view: ArrayBufferView, cell: unknown[]): void {
    const type = viewTypes.findIndex((View) => view instanceof View);
    if (type < 0 || !(view.buffer instanceof ArrayBuffer)) throw notStorable(view);
    const length = view instanceof DataView ? view.byteLength : (view as Uint8Array).length;
    const used = this.#use(view.buffer, view.byteOffset, view.byteOffset + view.byteLength);
    cell.push(tag.view, type, used.number, view.byteOffset, length);
    used.views.push(cell);
  }

  #use(buffer: ArrayBuffer, start: number, end: number): UsedBuffer {
    let used = this.#buffers.get(buffer);
    if (!used) {
      const cell: unknown[] = [tag.buffer];
      used = { buffer, start: alignedStart(start), end, cell, number: this.cells.push(cell) - 1, views: [] };
      this.#buffers.set(buffer, used);
    }
    used.start = Math.min(used.start, alignedStart(start));
    used.end = Math.max(used.end, end);
    return used;
  }

  #fillProperties(object: object, keys: string[], cell: unknown[]): void {
    for (const key of keys)
      cell.push(this.#number(key), this.#number((object as Record<string, unknown>)[key]));
  }
}

/** Elements of a view keep the alignment they need. */
const alignedStart = (offset: number): number => offset - (offset % 8);

function isHostObject(value: object): boolean {
  // Instances of classes written in JavaScript become plain objects, as in a structured clone; what the platform
  // makes (Blob, Promise, WeakMap, SharedArrayBuffer) brands itself and has no content we could copy.
  const brand = Object.prototype.toString.call(value);
  return (
    brand !== '[object Object]' && !Object.hasOwn(value, Symbol.toStringTag) && brand !== '[object Arguments]'
  );
}

function toCodeUnits(text: string): Uint8Array {
  const units = new Uint16Array(text.length);
  for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
  return new Uint8Array(units.buffer);
}

/** The values a list of cells stands for; the result maps a cell number to its value. */
export function readHeap(cells: readonly HeapCell[]): (number: number) => unknown {
  const values: unknown[] = new Array(cells.length);
  const read = (number: unknown): unknown => {
    switch (number) {
      case constant.undefined:
        return undefined;
      case constant.null:
        return null;
      case constant.true:
        return true;
      case constant.false:
        return false;
      case constant.minusZero:
        return -0;
      default:
        return values[number as number];
    }
  };
  // Three passes, so that each finds what it needs: what stands alone; what is made of that; what containers hold.
  cells.forEach((cell, i) => {
    values[i] = Array.isArray(cell) ? makeShell(cell) : cell;
  });
  cells.forEach((cell, i) => {
    if (Array.isArray(cell) && values[i] === undefined) values[i] = makeFromParts(cell, read);
  });
  cells.forEach((cell, i) => {
    if (Array.isArray(cell)) fillContainer(values[i], cell, read);
  });
  return read;
}

function makeShell(cell: unknown[]): unknown {
  switch (cell[0]) {
    case tag.utf16:
      return fromCodeUnits(cell[1] as Uint8Array);
    case tag.array:
      return new Array(cell.length - 1);
    case tag.sparseArray:
      return new Array(cell[1] as number);
    case tag.object:
      return {};
    case tag.map:
      return new Map();
    case tag.set:
      return new Set();
    case tag.date:
      return new Date(cell[1] as number);
    case tag.buffer:
      // A copy of its own: aligned, and free of the chunk's bytes.
      return Uint8Array.prototype.slice.call(cell[1] as Uint8Array).buffer;
    default:
      return undefined;
  }
}

function makeFromParts(cell: unknown[], read: (number: unknown) => unknown): unknown {
  switch (cell[0]) {
    case tag.regexp:
      return new RegExp(read(cell[1]) as string, cell[2] as string);
    case tag.boxed:
      return Object(read(cell[1]));
    case tag.view: {
      const [, type, buffer, offset, length] = cell as [number, number, number, number, number];
      const View = viewTypes[type] as Uint8ArrayConstructor | undefined;
      if (!View) throw new TypeError(`There is no view type ${type}`);
      return new View(read(buffer) as ArrayBuffer, offset, length);
    }
    case tag.error:
      return makeError(cell, read);
    default:
      throw new TypeError(`There is no kind of value ${String(cell[0])}`);
  }
}

function makeError(cell: unknown[], read: (number: unknown) => unknown): Error {
  const name = read(cell[1]) as string;
  const error = new (errorTypes[name] ?? Error)();
  if (error.name !== name) defineHidden(error, 'name', name);
  if (cell[2] !== constant.hole) defineHidden(error, 'message', read(cell[2]));
  defineHidden(error, 'stack', cell[3] === constant.hole ? undefined : read(cell[3]));
  return error;
}

function fillContainer(value: unknown, cell: unknown[], read: (number: unknown) => unknown): void {
  switch (cell[0]) {
    case tag.array:
      for (let i = 1; i < cell.length; i++) (value as unknown[])[i - 1] = read(cell[i]);
      break;
    case tag.sparseArray:
      fillProperties(value as object, cell, 2, read);
      break;
    case tag.object:
      fillProperties(value as object, cell, 1, read);
      break;
    case tag.map:
      for (let i = 1; i < cell.length; i += 2)
        (value as Map<unknown, unknown>).set(read(cell[i]), read(cell[i + 1]));
      break;
    case tag.set:
      for (let i = 1; i < cell.length; i++) (value as Set<unknown>).add(read(cell[i]));
      break;
    case tag.error:
      if (cell[4] !== constant.hole) defineHidden(value as object, 'cause', read(cell[4]));
      fillProperties(value as object, cell, 5, read);
      break;
  }
}

function fillProperties(
  object: object,
  cell: unknown[],
  from: number,
  read: (number: unknown) => unknown,
): void {
  for (let i = from; i < cell.length; i += 2) {
    // Defined, not assigned: a key such as `__proto__` is plain data here.
    const property = { value: read(cell[i + 1]), writable: true, enumerable: true, configurable: true };
    if (object instanceof Error && read(cell[i]) === 'errors') property.enumerable = false;
    Object.defineProperty(object, read(cell[i]) as string, property);
  }
}

function defineHidden(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: false, configurable: true });
}

function fromCodeUnits(bytes: Uint8Array): string {
  const units = new Uint16Array(Uint8Array.prototype.slice.call(bytes).buffer);
  let text = '';
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.subarray(i, i + 8192));
  return text;
}
