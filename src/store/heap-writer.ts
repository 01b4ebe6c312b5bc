/** Values into a heap of cells, see `heap-format.ts`. */
import { StoredValue } from '../schema/stored-value.ts';
import { constant, type HeapCell, tag, viewTypes } from './heap-format.ts';
import { isPlainString, notStorable } from './plain-value.ts';

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
    else if (value instanceof StoredValue) {
      const { hash, bytes, key, nested } = value;
      cell.push(tag.stored, hash, bytes, this.#number(key), nested ? 1 : 0);
    } else if (
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
