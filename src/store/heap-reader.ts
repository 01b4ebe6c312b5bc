/** A heap of cells back into values, see `heap-format.ts`. */
import { StoredValue } from '../schema/stored-value.ts';
import { constant, type HeapCell, tag, viewTypes } from './heap-format.ts';

const errorTypes = new Map<string, new (message?: string) => Error>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

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
    case tag.stored: {
      const [, hash, bytes, key, nested] = cell as [number, string, number, number, number];
      return new StoredValue(hash, bytes, { key: read(key) as string | undefined, nested: nested === 1 });
    }
    default:
      throw new TypeError(`There is no kind of value ${String(cell[0])}`);
  }
}

function makeError(cell: unknown[], read: (number: unknown) => unknown): Error {
  const name = read(cell[1]) as string;
  const ErrorType = errorTypes.get(name) ?? Error;
  const error = new ErrorType();
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
