import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type JournalChunk, type JournalEntry, journalVersion } from '../../src/engine/journal/journal.ts';
import {
  decodeChunk,
  decodeList,
  decodeValue,
  encodeChunk,
  encodeList,
  encodeValue,
} from '../../src/store/journal-codec.ts';
import { cloneable, tangled } from '../contracts/cloneable.ts';
import { deepEqual } from '../contracts/deep-equal.ts';
import fc from '../property.ts';

const chunkOf = (entries: JournalEntry[], run = 'r', first = 1): JournalChunk => ({
  version: journalVersion,
  run,
  first,
  last: first + entries.length - 1,
  at: 0,
  nodes: {},
  entries,
});
const deliver = (payloads: unknown[]): JournalEntry => ({
  seq: 1,
  at: 5,
  kind: 'deliver',
  node: 'n',
  port: 'in',
  first: 0,
  payloads,
});
const roundTrip = (value: unknown) => decodeValue(encodeValue(value));

const small = { maxLength: 6 };

describe('journal codec', () => {
  it('gives payloads that were packed beforehand as if they had not been, and reads chunks of version 1', () => {
    const payloads = [1, { a: new Date(0) }, [undefined, -0]];
    const bytes = encodeList(payloads);
    const packed = { count: payloads.length, bytes, unpack: () => decodeList(bytes) };
    const output = { seq: 2, at: 5, kind: 'output', node: 'n', port: 'out', parents: [1, 1, 1] } as const;
    const entries = [
      { ...deliver([]), packed },
      { ...output, values: [], packed },
    ] as JournalEntry[];
    const read = decodeChunk(encodeChunk(chunkOf(entries)), 'r', 1);
    expect(read.entries).toEqual([deliver(payloads), { ...output, values: payloads }]);
    const old = { ...chunkOf([deliver(payloads)]), version: 1 };
    expect(decodeChunk(encodeChunk(old), 'r', 1)).toEqual({ ...old, version: journalVersion });
  });

  it('reads a chunk that was written before columns of numbers were folded', () => {
    const bytes = readFileSync(new URL('../fixtures/chunk-of-format-1.bin', import.meta.url));
    expect(bytes[0]).toBe(1);
    const { version, entries } = decodeChunk(new Uint8Array(bytes), 'vcf7d7gwwcyrwc', 1);
    expect(version).toBe(journalVersion);
    const columns = entries.flatMap((entry) =>
      entry.kind === 'output' ? [entry.values, entry.parents] : [],
    );
    expect(columns.flat()).toEqual([3, 4, 5, 6, 2].flatMap((ms, i) => [new Date(ms), 6 + i]));
    const attempted = entries.flatMap((entry) => (entry.kind === 'attempt' ? entry.tasks : []));
    expect(attempted.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('knows what a newer version wrote from what is damaged', () => {
    const bytes = encodeValue({ a: 1 });
    const newer = bytes.slice();
    newer[0] = 3;
    expect(() => decodeValue(newer)).toThrow(expect.objectContaining({ code: 'value_damaged' }));
    newer[4] = (newer[4] as number) ^ 3;
    expect(() => decodeValue(newer)).toThrow(expect.objectContaining({ code: 'store_newer' }));
  });

  it('gives columns of numbers back as they were, and in little room where they follow each other', () => {
    const attempt = (tasks: number[]): JournalEntry => ({
      ...{ seq: 1, at: 5, kind: 'attempt', node: 'n', tasks },
      ...{ errors: [], sentAt: 1, busyMs: 1, worker: 'w' },
    });
    const steps = fc.oneof(fc.constantFrom(0, 1, 2), fc.integer());
    const column = fc
      .tuple(fc.integer(), fc.array(fc.tuple(steps, fc.nat(9)), small))
      .map(([first, stretches]) =>
        stretches.reduce(
          (all, [step, count]) => {
            for (let i = 0; i < count; i++) all.push((all.at(-1) ?? 0) + step);
            return all;
          },
          [first],
        ),
      );
    fc.assert(
      fc.property(column, (tasks) => {
        const chunk = chunkOf([attempt(tasks)]);
        expect(decodeChunk(encodeChunk(chunk), 'r', 1)).toEqual(chunk);
      }),
    );
    const many = attempt(Array.from({ length: 5000 }, (_, i) => 1_000_000 + i));
    expect(encodeChunk(chunkOf([many])).length).toBeLessThan(400);
  });

  it('gives every structured-cloneable value back as it was', () => {
    fc.assert(
      fc.property(cloneable, (value) => {
        const back = roundTrip(value);
        expect(isDeepStrictEqual(back, structuredClone(value))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives tangled values back with their tangle', () => {
    fc.assert(
      fc.property(tangled, (value) => {
        expect(deepEqual(roundTrip(value), structuredClone(value))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a chunk of mixed payloads back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.array(cloneable, small), small), (columns) => {
        const chunk = chunkOf(
          columns.map((payloads, i) => ({ ...deliver(payloads), seq: i + 1 }) as JournalEntry),
        );
        const back = decodeChunk(encodeChunk(chunk), 'r', 1);
        expect(isDeepStrictEqual(back, structuredClone(chunk))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('encodes without changing what it was given', () => {
    const payloads = [-0, { a: 1 }, new Date(5)];
    encodeChunk(chunkOf([deliver(payloads)]));
    expect(payloads).toStrictEqual([-0, { a: 1 }, new Date(5)]);
  });

  it('keeps cycles, also through maps, sets and errors', () => {
    const object: Record<string, unknown> = {
      list: [],
      map: new Map(),
      set: new Set(),
      error: new Error('e'),
    };
    (object.list as unknown[]).push(object);
    (object.map as Map<unknown, unknown>).set(object, object.map);
    (object.set as Set<unknown>).add(object.set);
    (object.error as Error).cause = object;
    const back = roundTrip(object) as typeof object;
    expect((back.list as unknown[])[0]).toBe(back);
    expect((back.map as Map<unknown, unknown>).get(back)).toBe(back.map);
    expect([...(back.set as Set<unknown>)][0]).toBe(back.set);
    expect((back.error as Error).cause).toBe(back);
  });

  it('keeps what is shared within a payload shared', () => {
    const shared = { x: 1 };
    const buffer = new ArrayBuffer(32);
    const value = {
      a: shared,
      b: [shared],
      left: new Uint8Array(buffer, 8, 4),
      right: new Float64Array(buffer, 16, 2),
      buffer,
    };
    const back = roundTrip(value) as typeof value;
    expect(back.b[0]).toBe(back.a);
    expect(back.left.buffer).toBe(back.buffer);
    expect(back.right.buffer).toBe(back.buffer);
    expect(back.right.byteOffset).toBe(16);
  });

  it('keeps of a large pool only what a small view shows', () => {
    const view = new Uint8Array(new ArrayBuffer(1_000_000), 8_003, 10).fill(7);
    const encoded = encodeValue({ view });
    expect(encoded.length).toBeLessThan(200);
    expect((decodeValue(encoded) as { view: Uint8Array }).view).toStrictEqual(new Uint8Array(10).fill(7));
  });

  it('keeps message, stack and further fields of errors', () => {
    const error = Object.assign(new RangeError('far'), { code: 'E1' });
    const group = new AggregateError([error], 'all');
    const odd = Object.assign(new Error('odd'), { name: 'constructor' });
    expect(roundTrip(odd)).toMatchObject({ name: 'constructor', message: 'odd', stack: odd.stack });
    const back = roundTrip([error, group]) as [RangeError & { code: string }, AggregateError];
    expect(back[0]).toBeInstanceOf(RangeError);
    expect(back[0]).toMatchObject({ message: 'far', stack: error.stack, code: 'E1' });
    expect(back[1]).toMatchObject({ name: 'AggregateError', message: 'all' });
    expect(back[1].errors[0]).toBe(back[0]);
  });

  it('keeps reserved keys as plain data', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const back = roundTrip([value, value]) as object[];
    expect(Object.keys(back[0] as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(back[0])).toBe(Object.prototype);
  });

  it('keeps nesting of any depth', () => {
    let value: unknown = 'bottom';
    for (let i = 0; i < 200_000; i++) value = [value];
    let back = roundTrip(value);
    for (let i = 0; i < 200_000; i++) back = (back as unknown[])[0];
    expect(back).toBe('bottom');
  });

  it('keeps objects of many shapes and many keys', () => {
    const shapes = Array.from({ length: 300 }, (_, i) => ({ [`a${i}`]: 1, [`b${i % 7}`]: 2 }));
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key ${i}`, i]));
    const value = [...shapes, ...shapes, wide, ...shapes].map((item) => structuredClone(item));
    expect(roundTrip(value)).toStrictEqual(value);
    const chunk = chunkOf([deliver(value)]);
    expect(decodeChunk(encodeChunk(chunk), 'r', 1)).toStrictEqual(chunk);
  });

  it('refuses functions, symbols and host objects by name', () => {
    for (const value of [() => 1, Symbol('s'), new WeakMap(), Promise.resolve(), [{ deep: () => 1 }]]) {
      expect(() => encodeValue(value)).toThrow(expect.objectContaining({ code: 'value_not_storable' }));
    }
  });

  it('recognises any changed, missing or added byte, and names run and chunk', () => {
    const chunk = chunkOf([deliver([1, 'two', { three: new Date(3) }])], 'run 7', 12);
    const good = encodeChunk(chunk);
    expect(decodeChunk(good, 'run 7', 12)).toStrictEqual(chunk);
    const named = expect.objectContaining({ code: 'chunk_damaged', details: { run: 'run 7', first: 12 } });
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice();
      bad[i] = (bad[i] as number) ^ 0x10;
      expect(() => decodeChunk(bad, 'run 7', 12)).toThrow(named);
    }
    expect(() => decodeChunk(good.subarray(0, -1), 'run 7', 12)).toThrow(named);
    expect(() => decodeChunk(Uint8Array.of(...good, 0), 'run 7', 12)).toThrow(named);
    expect(() => decodeChunk(new Uint8Array(), 'run 7', 12)).toThrow(named);
    expect(() => decodeChunk(good, 'run 7', 13)).toThrow(expect.objectContaining({ code: 'chunk_damaged' }));
  });
});
