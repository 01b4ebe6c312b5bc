/**
 * Equality as structured cloning must preserve it: types, NaN, -0, undefined, holes, and the shape of cycles and of
 * what is shared.
 */
export function deepEqual(
  a: unknown,
  b: unknown,
  pairs = new Map<unknown, unknown>(),
  back = new Map<unknown, unknown>(),
): boolean {
  if (Object.is(a, b) && (typeof a !== 'object' || a === null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (pairs.has(a) || back.has(b)) return pairs.get(a) === b && back.get(b) === a;
  pairs.set(a, b);
  back.set(b, a);
  if (brandOf(a) !== brandOf(b)) return false;
  const same = (x: unknown, y: unknown) => deepEqual(x, y, pairs, back);
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Map) return sameList([...a].flat(1), [...(b as Map<unknown, unknown>)].flat(1), same);
  if (a instanceof Set) return sameList([...a], [...(b as Set<unknown>)], same);
  if (a instanceof ArrayBuffer) return sameBytes(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (ArrayBuffer.isView(a)) {
    const view = b as ArrayBufferView;
    return a.byteLength === view.byteLength && sameBytes(bytesOf(a), bytesOf(view));
  }
  if (boxes.has(brandOf(a)) && !Object.is(a.valueOf(), b.valueOf())) return false;
  if (a instanceof Error) {
    const other = b as Error;
    if (a.message !== other.message || a.name !== other.name || a.stack !== other.stack) return false;
    if (!same(a.cause, other.cause)) return false;
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || (Array.isArray(a) && a.length !== (b as unknown[]).length))
    return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

const boxes = new Set(['Number', 'String', 'Boolean', 'BigInt']);
const brandOf = (value: object) => Object.prototype.toString.call(value).slice(8, -1);
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function sameList(a: unknown[], b: unknown[], same: (x: unknown, y: unknown) => boolean): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** @throws when the two differ, showing both. */
export function assertEqual(actual: unknown, expected: unknown, what = 'value'): void {
  if (deepEqual(actual, expected)) return;
  throw new Error(`Wrong ${what}: got ${show(actual)}, expected ${show(expected)}`);
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function show(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value)
    );
  } catch {
    return String(value);
  }
}
