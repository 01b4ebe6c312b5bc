/** Reading typed JSON, see `typed-json.ts`: nothing in it is trusted, and what does not make sense is named. */
import { type Issue, ValidationError } from '../errors.ts';
import { fromBase64 } from './base64.ts';
import { isPayload, longestList } from './payload.ts';
import { pathText, type ReadJsonOptions, readJson } from './read-json.ts';
import { boxes, typeKey } from './typed-json.ts';

/** More digits than this make a big integer that no one means, and that takes long to read. */
const maxDigits = 100_000;

type Path = (string | number)[];
type Made = (object: object) => void;

/**
 * Parses typed JSON text, or its UTF-8 bytes.
 * @throws ValidationError as {@link readJson} does, or `bad_value` naming the place
 */
export function readTypedJson(source: string | Uint8Array, options: ReadJsonOptions = {}): unknown {
  return fromTyped(readJson(source, options));
}

/** The values that parsed typed JSON stands for; takes the tree over. @throws ValidationError `bad_value` */
export function fromTyped(tree: unknown): unknown {
  const reader = new TypedReader();
  const value = reader.read(tree);
  if (reader.sawCause && !isPayload(value))
    throw new BadValue([], 'an error within its own cause cannot travel');
  return value;
}

class BadValue extends ValidationError {
  constructor(path: Path, reason: string) {
    const place = path.length > 0 ? `The value at ${pathText(path)}` : 'The value';
    const issue: Issue = { code: 'bad_value', message: `${place} is not typed JSON: ${reason}.`, path };
    super(issue.code, issue.message, { issues: [issue] });
  }
}

type Tagged = Record<string, unknown>;

class TypedReader {
  sawCause = false;
  readonly #byId = new Map<unknown, object>();
  /** Where the value at hand stands; one list for all, so that a good document costs no paths. */
  readonly #path: Path = [];

  /** @param made told of the object before what it holds is read, so that it may hold itself */
  read(node: unknown, made?: Made): unknown {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) {
      made?.(node);
      for (let i = 0; i < node.length; i++) node[i] = this.#at(i, node[i]);
      return node;
    }
    if (Object.hasOwn(node, typeKey)) return this.#tagged(node as Tagged, made);
    made?.(node);
    for (const key of Object.keys(node)) define(node, key, this.#at(key, (node as Tagged)[key]));
    return node;
  }

  #tagged(node: Tagged, made: Made | undefined): unknown {
    const type = node[typeKey];
    if (type === 'undefined') return undefined;
    if (type === 'number') return this.#number(node.value);
    if (type === 'bigint') return this.#bigint(node.value);
    if (type === 'shared') return this.#sharedAt(node);
    if (type === 'ref')
      return this.#byId.get(node.id) ?? this.#refuse(`there is no shared value ${String(node.id)} before it`);
    const object = this.#container(type, node, made) ?? this.#leaf(type, node);
    if (!object) return this.#refuse(`there is no type ${JSON.stringify(type)}`);
    if (!isContainer(type)) made?.(object);
    return object;
  }

  #sharedAt(node: Tagged): unknown {
    const { id } = node;
    if (!Number.isSafeInteger(id) || this.#byId.has(id))
      this.#refuse('a shared value needs a number of its own');
    let isObject = false;
    const value = this.#at('value', node.value, (object) => {
      isObject = true;
      this.#byId.set(id, object);
    });
    return isObject ? value : this.#refuse('only objects can be shared');
  }

  /** What holds values, and so may hold itself. */
  #container(type: unknown, node: Tagged, made: Made | undefined): object | undefined {
    switch (type) {
      case 'Map': {
        const map = new Map();
        made?.(map);
        this.#pairs(node.value, (key, value) => map.set(key, value));
        return map;
      }
      case 'Set': {
        const set = new Set();
        made?.(set);
        for (const [i, item] of this.#list(node.value).entries()) set.add(this.#at(i, item));
        return set;
      }
      case 'Object': {
        const object = {};
        made?.(object);
        this.#fields(node.value, object);
        return object;
      }
      case 'Array':
        return this.#sparse(node, made);
      case 'Error':
        return this.#error(node, made);
      default:
        return undefined;
    }
  }

  #leaf(type: unknown, node: Tagged): object | undefined {
    switch (type) {
      case 'Date': {
        if (node.value === null) return new Date(Number.NaN);
        const date = new Date(this.#text(node.value));
        const isSame = !Number.isNaN(date.getTime()) && date.toISOString() === node.value;
        return isSame ? date : this.#refuse('a date is ISO 8601 text such as 2026-01-31T12:00:00.000Z');
      }
      case 'RegExp':
        return this.#try(
          'a regular expression',
          () => new RegExp(this.#text(node.value), this.#text(node.flags)),
        );
      case 'ArrayBuffer':
        return this.#bytes(node.value);
      default:
        return boxes.has(type as string) ? this.#box(type as string, node) : this.#view(type, node);
    }
  }

  #number(value: unknown): number {
    if (value === '-0') return -0;
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
    return this.#refuse('the numbers that JSON lacks are NaN, Infinity, -Infinity and -0');
  }

  #bigint(value: unknown): bigint {
    const text = this.#text(value);
    if (!/^-?\d+$/.test(text) || text.length > maxDigits)
      return this.#refuse(`a big integer is text of at most ${maxDigits} digits`);
    return BigInt(text);
  }

  #box(type: string, node: Tagged): object {
    const value = this.#at('value', node.value);
    if (typeof value !== type.toLowerCase()) return this.#refuse(`a ${type} holds a ${type.toLowerCase()}`);
    return Object(value);
  }

  #view(type: unknown, node: Tagged): object | undefined {
    const View = typeof type === 'string' ? viewOf(type) : undefined;
    if (!View) return undefined;
    if (node.buffer === undefined) return this.#try(`a ${type}`, () => new View(this.#bytes(node.value)));
    const buffer = this.#at('buffer', node.buffer);
    if (!(buffer instanceof ArrayBuffer)) return this.#refuse('its buffer has to be an ArrayBuffer');
    const { offset, length } = node;
    if (!isCount(offset) || !isCount(length)) return this.#refuse('its offset and length have to be numbers');
    return this.#try(`a ${type}`, () => new View(buffer, offset, length));
  }

  #sparse(node: Tagged, made: Made | undefined): unknown[] {
    const { length } = node;
    if (!isCount(length)) return this.#refuse('a list has a length');
    if (length > longestList) return this.#refuse(`a list has at most ${longestList} items`);
    const list: unknown[] = [];
    list.length = length;
    made?.(list);
    this.#fields(node.value, list, (key) => {
      const index = /^(0|[1-9]\d{0,9})$/.test(key) ? Number(key) : -1;
      if (key === 'length' || (index >= length && index < 0xffff_ffff))
        this.#refuse(`a list of ${length} has no item ${JSON.stringify(key)}`);
    });
    return list;
  }

  #error(node: Tagged, made: Made | undefined): Error {
    const name = this.#text(node.name);
    const error = new (errorTypes.get(name) ?? Error)();
    made?.(error);
    if (error.name !== name) defineHidden(error, 'name', name);
    if (node.message !== undefined) defineHidden(error, 'message', this.#at('message', node.message));
    defineHidden(error, 'stack', node.stack === undefined ? undefined : this.#at('stack', node.stack));
    if (node.cause !== undefined) {
      this.sawCause = true;
      defineHidden(error, 'cause', this.#at('cause', node.cause));
    }
    if (node.fields !== undefined) this.#fields(node.fields, error);
    return error;
  }

  /** Key and value of each entry, defined on the object: a key such as `__proto__` is plain data here. */
  #fields(entries: unknown, object: object, check: (key: string) => void = () => {}): void {
    this.#pairs(entries, (key, value) => {
      if (typeof key !== 'string') this.#refuse('its keys have to be text');
      check(key as string);
      define(object, key as string, value);
    });
  }

  #pairs(list: unknown, take: (key: unknown, value: unknown) => void): void {
    this.#list(list).forEach((pair, i) => {
      if (!Array.isArray(pair) || pair.length !== 2) this.#refuse('entries are lists of a key and a value');
      this.#path.push(i);
      take(this.#at(0, (pair as unknown[])[0]), this.#at(1, (pair as unknown[])[1]));
      this.#path.pop();
    });
  }

  #list(value: unknown): unknown[] {
    return Array.isArray(value) ? value : this.#refuse('it needs a list as its value');
  }

  #text(value: unknown): string {
    return typeof value === 'string' ? value : this.#refuse('it needs text as its value');
  }

  #bytes(value: unknown): ArrayBuffer {
    const text = this.#text(value);
    return this.#try('base64', () => fromBase64(text).buffer as ArrayBuffer);
  }

  #at(key: string | number, node: unknown, made?: Made): unknown {
    if (typeof node !== 'object' || node === null) return node;
    this.#path.push(key);
    const value = this.read(node, made);
    this.#path.pop();
    return value;
  }

  #try<T>(what: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof ValidationError) throw error;
      return this.#refuse(`it is not ${what} (${(error as Error).message})`);
    }
  }

  #refuse(reason: string): never {
    throw new BadValue([...this.#path], reason);
  }
}

const containers = new Set(['Map', 'Set', 'Object', 'Array', 'Error']);
const isContainer = (type: unknown): boolean => containers.has(type as string);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const errorTypes = new Map<string, new () => Error>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

const viewTypes = new Set([
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
]);
const viewOf = (type: string): Uint8ArrayConstructor | undefined =>
  viewTypes.has(type) ? (globalThis as unknown as Record<string, Uint8ArrayConstructor>)[type] : undefined;

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function defineHidden(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: false, configurable: true });
}
