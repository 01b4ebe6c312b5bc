import { describe, expect, it } from 'vitest';
import { toJsonText } from '../../src/schema/json.ts';

const back = (value: unknown) => JSON.parse(toJsonText(value));

describe('writing values as JSON', () => {
  it('writes plain values as JSON.stringify does', () => {
    const value = { a: [1, 'x', null, true], b: { c: 1.5 } };
    expect(toJsonText(value)).toBe(JSON.stringify(value));
    expect(toJsonText(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it('writes what JSON lacks as something sensible', () => {
    expect(toJsonText(undefined)).toBe('null');
    expect(back([undefined, Number.NaN, Number.POSITIVE_INFINITY])).toEqual([null, null, null]);
    expect(back({ a: undefined, b: 1 })).toEqual({ b: 1 });
    expect(back(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(back(new Date(Number.NaN))).toBeNull();
    expect(back([12n, 2n ** 80n])).toEqual([12, String(2n ** 80n)]);
    expect(
      back(
        new Map<unknown, unknown>([
          ['a', new Set([1])],
          [2, 'two'],
        ]),
      ),
    ).toEqual({ a: [1], 2: 'two' });
    expect(back(new BigInt64Array([1n, -2n]))).toEqual([1, -2]);
    expect(back(new Float64Array([1.5]).buffer)).toHaveLength(8);
    expect(back(new DataView(new Uint8Array([7, 8, 9]).buffer, 1))).toEqual([8, 9]);
    expect(back([Object(1n), Object('s'), Object(2)])).toEqual([1, 's', 2]);
    expect(back(/a+/g)).toBe('/a+/g');
    expect(back(new RangeError('no'))).toEqual({ name: 'RangeError', message: 'no' });
  });

  it('marks where a value holds itself, also through a map', () => {
    const shared = { x: 1 };
    const value: Record<string, unknown> = { one: shared, two: shared };
    value.self = value;
    value.map = new Map([['up', value]]);
    expect(back(value)).toEqual({
      one: { x: 1 },
      two: { x: 1 },
      self: '[circular]',
      map: { up: '[circular]' },
    });
    const map = new Map<string, unknown>();
    map.set('me', map);
    expect(back(map)).toEqual({ me: '[circular]' });
  });

  it('says so when a value is nested too deeply to write', () => {
    let deep: unknown = 0;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(() => toJsonText(deep)).toThrowError(expect.objectContaining({ code: 'too_deep' }));
  });
});
