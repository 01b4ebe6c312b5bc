/** Any payload at all: what fast-check makes of the kinds of values that structured cloning copies. */
import fc from '../property.ts';

/** Any string of 16-bit units, lone surrogates included. */
export const anyString = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\ufeff', '\ufeff'.padEnd(100, 'x'), '\ud800', '\u2028', '😀'.repeat(80)),
);
/** Names of properties, those that mean something to somebody among them. */
export const anyKey = fc.oneof(
  anyString,
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toJSON',
    'hasOwnProperty',
    '0',
    'length',
    '$type',
    '$table',
  ),
);
const bytes = fc.uint8Array({ maxLength: 64 });
const small = { maxLength: 6 };
const errors = fc
  .tuple(
    fc.constantFrom(Error, TypeError, RangeError, SyntaxError),
    anyString,
    fc.option(anyString, { nil: undefined }),
  )
  .map(([Type, message, cause]) => new Type(message, cause === undefined ? undefined : { cause }));

const leaf = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    NaN,
    -0,
    0,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 31) - 1,
    2 ** 32,
  ),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 2000n), max: 2n ** 2000n }),
  anyString,
  fc.date({ noInvalidDate: false }),
  bytes.map((b) => b.buffer.slice(0)),
  bytes,
  bytes.map((b) => b.subarray(b.length >> 1)),
  bytes.map((b) => new DataView(b.buffer, b.length >> 1)),
  bytes.map((b) => new Uint8ClampedArray(b)),
  bytes.map((b) => new Int16Array(b)),
  fc.float32Array({ maxLength: 8 }),
  fc.float64Array({ maxLength: 8 }),
  fc.bigInt64Array({ maxLength: 8 }),
  fc.bigUint64Array({ maxLength: 8 }),
  errors,
  fc.constantFrom(
    /a+/gi,
    /\u{1f600}/u,
    /[/]\//,
    Object(1),
    Object(-0),
    Object('s'),
    Object(false),
    Object(1n),
  ),
);

/** A value without sharing between its parts. */
export const { value: cloneable } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), small),
    fc.sparseArray(tie('value'), { maxNumElements: 5 }),
    fc.array(fc.tuple(anyKey, tie('value')), small).map((pairs) => Object.fromEntries(pairs)),
    fc
      .array(fc.tuple(tie('value'), tie('value')), small)
      .map((pairs) => new Map(pairs as [unknown, unknown][])),
    fc.array(tie('value'), small).map((items) => new Set(items)),
    tie('value').map((cause) => new Error('with a cause', { cause })),
  ),
}));

/** A payload whose parts stand in several places and hold each other. */
export const tangled = fc
  .tuple(cloneable, cloneable, fc.array(fc.nat(5), { minLength: 3, maxLength: 8 }))
  .map(([a, b, picks]) => {
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).buffer;
    const holders: unknown[] = [
      { a },
      [b],
      new Map<unknown, unknown>([[a, b]]),
      new Set<unknown>([b]),
      // It holds no other holder: an error within its own cause is no payload.
      new Error('holder', { cause: b }),
      { views: [new Uint8Array(buffer, 8, 4), new Float64Array(buffer), new DataView(buffer, 3, 5)], buffer },
    ];
    for (const [i, pick] of picks.entries()) hold(holders[i % 4], holders[pick], i);
    return holders;
  });

function hold(holder: unknown, held: unknown, i: number): void {
  if (Array.isArray(holder)) holder.push(held);
  else if (holder instanceof Map) holder.set(`more ${i}`, held).set(held, i);
  else if (holder instanceof Set) holder.add(held);
  else if (!(holder instanceof Error)) (holder as Record<string, unknown>)[`more ${i}`] = held;
}

/** One of each kind, by name. */
export function oneOfEach(): Record<string, unknown> {
  const shared = { x: 1 };
  const cyclic: Record<string, unknown> = { list: [shared, shared] };
  cyclic.self = cyclic;
  const buffer = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]).buffer;
  const sparse: unknown[] = [1];
  sparse[4] = undefined;
  const map = new Map<unknown, unknown>([
    [{ k: 1 }, new Set([1, 'a', Number.NaN])],
    [new Date(1), null],
  ]);
  map.set('itself', map);
  return {
    date: new Date(1_700_000_000_123),
    'early date': new Date(-8.64e15),
    'invalid date': new Date(Number.NaN),
    map,
    set: new Set<unknown>([[], new Set([-0])]),
    'typed arrays': [
      new Int8Array([-1]),
      new Uint8Array([255]),
      new Uint8ClampedArray([7]),
      new Int16Array([-300]),
      new Uint16Array([65_535]),
      new Int32Array([-70_000]),
      new Uint32Array([4_000_000_000]),
      new Float32Array([1.5, Number.NaN]),
      new Float64Array([Math.PI, -0, Number.POSITIVE_INFINITY]),
      new BigInt64Array([-(2n ** 63n)]),
      new BigUint64Array([2n ** 64n - 1n]),
    ],
    buffer,
    views: [new Uint8Array(buffer, 8, 4), new Float64Array(buffer, 0, 1), new DataView(buffer, 3, 5)],
    'big integers': [0n, -1n, 123456789012345678901234567890n],
    undefined: [undefined, { member: undefined }],
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 2 ** 53],
    error: new RangeError('far', { cause: new TypeError('near', { cause: shared }) }),
    pattern: /a+\/[/]/giu,
    boxed: [Object(1), Object('s'), Object(true), Object(2n)],
    sparse,
    cyclic,
    surrogates: ['\ud800', 'a\udc00b', { '\ud800': 1 }],
    keys: JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}, "$type": "Date", "$table": 3}',
    ),
    text: '\ufeff\u2028\u0000"\\',
  };
}
