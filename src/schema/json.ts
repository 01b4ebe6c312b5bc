/**
 * Writing values as JSON: over HTTP, in reports and in exports.
 *
 * Payloads are structured-cloneable values, and JSON lacks some of them. What it lacks is written so that a reader
 * gets something sensible, and so that writing never fails on a value a node may give:
 *
 * | value                                | written as                                            |
 * |--------------------------------------|-------------------------------------------------------|
 * | `undefined` as a whole or in a list  | `null`; as a member of an object it is left out       |
 * | `NaN`, `Infinity`, `-Infinity`       | `null`                                                |
 * | `Date`                               | ISO 8601 text; `null` when invalid                    |
 * | `BigInt`                             | a number when it is a safe integer, else decimal text |
 * | `Map`                                | an object; keys that are no text are written as JSON  |
 * | `Set`, typed array, `ArrayBuffer`    | a list                                                |
 * | `Error`                              | an object with `name`, `message` and, if any, `code`  |
 * | `RegExp`                             | its source text                                       |
 * | boxed primitive                      | the primitive                                         |
 * | a reference back to what holds it    | the text `[circular]`                                 |
 *
 * The way is one-way: reading gives plain JSON values. Whoever needs the values themselves asks for typed JSON
 * (`typed-json.ts`), which is the other of the two forms and never the default.
 */
import { HandloomError } from '../errors.ts';

/**
 * The JSON text of any structured-cloneable value.
 * @throws HandloomError `too_deep` when it is nested too deeply for this machine to write.
 */
export function toJsonText(value: unknown, indent?: number): string {
  try {
    return write(value, indent);
  } catch (error) {
    if (error instanceof RangeError)
      throw new HandloomError('too_deep', 'The value is nested too deeply to be written as JSON.');
    throw error;
  }
}

function write(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, (_key, member) => plain(member), indent) ?? 'null';
  } catch (error) {
    // The fast way does not look for cycles: JSON.stringify tells of one with a TypeError, or, where it goes through
    // a map, which is a new object each time, runs out of stack.
    if (error instanceof TypeError || error instanceof RangeError)
      return JSON.stringify(value, withoutCycles(), indent) ?? 'null';
    throw error;
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value;
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [keyText(key), member]));
  if (value instanceof Set) return [...value];
  if (value instanceof ArrayBuffer) return Array.from(new Uint8Array(value));
  if (value instanceof DataView)
    return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>);
  if (value instanceof RegExp) return String(value);
  if (value instanceof BigInt) return plain(value.valueOf());
  if (value instanceof Error) {
    const { code } = value as { code?: unknown };
    return { name: value.name, message: value.message, ...(code !== undefined && { code }) };
  }
  return value;
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : write(key);
}

/** A replacer that knows which values hold the present one; `sources` are as they were before {@link plain}. */
function withoutCycles(): (this: unknown, key: string, value: unknown) => unknown {
  const holders: unknown[] = [];
  const sources: unknown[] = [];
  return function replace(this: unknown, _key, value) {
    while (holders.length > 0 && holders[holders.length - 1] !== this) {
      holders.pop();
      sources.pop();
    }
    if (sources.includes(value)) return '[circular]';
    const result = plain(value);
    if (typeof result === 'object' && result !== null) {
      holders.push(result);
      sources.push(value);
    }
    return result;
  };
}
