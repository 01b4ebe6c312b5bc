import { describe, expect, it } from 'vitest';
import { fromTyped, readTypedJson } from '../../src/schema/read-typed-json.ts';
import { TypedWriter, toTypedListText, toTypedText } from '../../src/schema/typed-json.ts';
import { cloneable, oneOfEach, tangled } from '../contracts/cloneable.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import fc from '../property.ts';

const roundTrip = (value: unknown) => readTypedJson(toTypedText(value));

describe('typed JSON', () => {
  it.each(Object.entries(oneOfEach()))('gives back: %s', (_, value) => {
    assertEqual(roundTrip(value), value);
  });

  it('gives every payload back as it was, tangled ones too', () => {
    fc.assert(
      fc.property(fc.oneof(cloneable, tangled), (value) => {
        assertEqual(roundTrip(value), structuredClone(value));
      }),
      { numRuns: 500 },
    );
  });

  it('looks as JSON does where JSON suffices', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON.parse knows -0, JSON.stringify does not.
        const plain = JSON.parse(JSON.stringify(value));
        if (!/__proto__|constructor/.test(JSON.stringify(value)))
          expect(toTypedText(plain, 2)).toBe(JSON.stringify(plain, null, 2));
      }),
    );
  });

  it('is as its documentation says', () => {
    const shared = { x: 1 };
    expect(JSON.parse(toTypedText([new Date(0), 5n, undefined, -0, new Map([[1, shared]]), shared]))).toEqual(
      [
        { $type: 'Date', value: '1970-01-01T00:00:00.000Z' },
        { $type: 'bigint', value: '5' },
        { $type: 'undefined' },
        { $type: 'number', value: '-0' },
        { $type: 'Map', value: [[1, { $type: 'shared', id: 1, value: { x: 1 } }]] },
        { $type: 'ref', id: 1 },
      ],
    );
    expect(toTypedText({ $type: 'Date', value: 'not one' })).toBe(
      '{"$type":"Object","value":[["$type","Date"],["value","not one"]]}',
    );
    expect(toTypedText(new Float64Array([1]))).toBe('{"$type":"Float64Array","value":"AAAAAAAA8D8="}');
  });

  it('does not repeat ids in one text of several values', () => {
    const writer = new TypedWriter();
    const twice = (x: object) => [x, x];
    const text = `[${writer.text(twice({ a: 1 }))},${writer.text(twice({ b: 2 }))}]`;
    assertEqual(readTypedJson(text), [...[twice({ a: 1 })], twice({ b: 2 })]);
  });

  it('writes a list of payloads each by itself, plain or not, and tells what no JSON list is', () => {
    const shared = { a: [1] };
    expect(toTypedListText([1, 'a', null, shared, shared])).toBe('[1,"a",null,{"a":[1]},{"a":[1]}]');
    const ring: unknown[] = [];
    ring.push(ring);
    const odd = [new Date(0), undefined, shared, [shared, shared], Object.assign([1], { named: 2 }), ring];
    const payloads = [...odd, -0, Number.NaN, 5n, { constructor: 1 }, Array(3), 'x'.match(/x/)];
    assertEqual(
      readTypedJson(toTypedListText(payloads)),
      payloads.map((payload) => structuredClone(payload)),
    );
    // More objects than are looked at one by one, in one place and in two.
    const wide = () => Array.from({ length: 2000 }, (_, i) => ({ i }));
    const twice = wide();
    const whole = readTypedJson(toTypedListText([wide(), [twice, twice]])) as [unknown, [unknown, unknown]];
    expect(whole).toEqual([wide(), [wide(), wide()]]);
    expect(whole[1][0]).toBe(whole[1][1]);
    assertEqual(readTypedJson(toTypedListText([1, undefined, 2])), [1, undefined, 2]);
  });

  it('pollutes no prototype', () => {
    const value = roundTrip(
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'),
    );
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(() => readTypedJson('{"__proto__": 1}')).toThrow(
      expect.objectContaining({ code: 'forbidden_key' }),
    );
    assertEqual(Object.keys(fromTyped(JSON.parse('{"__proto__": [1]}')) as object), ['__proto__']);
  });

  const wrong: [string, unknown, string][] = [
    ['an unknown type', { $type: 'Foo' }, 'no type "Foo"'],
    ['a type that is no text', { $type: {} }, 'no type {}'],
    ['a date', { $type: 'Date', value: 'tomorrow' }, 'ISO 8601'],
    ['a date of another form', { $type: 'Date', value: '2026' }, 'ISO 8601'],
    ['a number', { $type: 'number', value: '12' }, 'NaN'],
    ['a big integer', { $type: 'bigint', value: '0x10' }, 'digits'],
    ['a big integer without end', { $type: 'bigint', value: '9'.repeat(100_001) }, 'digits'],
    ['a pattern', { $type: 'RegExp', value: '(', flags: '' }, 'regular expression'],
    ['a map', { $type: 'Map', value: [[1, 2, 3]] }, 'a key and a value'],
    ['a set', { $type: 'Set', value: {} }, 'a list'],
    ['bytes', { $type: 'Uint8Array', value: '***' }, 'base64'],
    ['half an element', { $type: 'Float64Array', value: 'AAAA' }, 'Float64Array'],
    [
      'a view beyond its buffer',
      { $type: 'DataView', buffer: { $type: 'ArrayBuffer', value: 'AAAA' }, offset: 2, length: 4 },
      'DataView',
    ],
    ['a view of no buffer', { $type: 'DataView', buffer: 1, offset: 0, length: 1 }, 'ArrayBuffer'],
    ['a list beyond its length', { $type: 'Array', length: 1, value: [['1', 1]] }, 'no item "1"'],
    [
      'a list longer than lists may be',
      { $type: 'Array', length: 50_000_001, value: [] },
      'at most 50000000',
    ],
    ['an object with a key that is no text', { $type: 'Object', value: [[1, 1]] }, 'text'],
    ['a reference to nothing', { $type: 'ref', id: 7 }, 'no shared value 7'],
    ['a shared number', { $type: 'shared', id: 1, value: 1 }, 'only objects'],
    [
      'an id twice',
      [
        { $type: 'shared', id: 1, value: [] },
        { $type: 'shared', id: 1, value: [] },
      ],
      'of its own',
    ],
    ['a box', { $type: 'Boolean', value: 1 }, 'boolean'],
    ['an error', { $type: 'Error' }, 'text'],
  ];
  it.each(wrong)('refuses %s, naming the place', (_, value, says) => {
    expect(() => fromTyped({ inputs: { a: [0, value] } })).toThrow(
      expect.objectContaining({
        code: 'bad_value',
        message: expect.stringMatching(/^The value at inputs\.a\[1\]/),
        issues: [expect.objectContaining({ message: expect.stringContaining(says) })],
      }),
    );
  });

  it('refuses what cannot travel although it can be written', () => {
    const error = new Error('round');
    error.cause = error;
    expect(() => roundTrip(error)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  it('takes a list that is nearly all holes', () => {
    const value = readTypedJson('{"$type":"Array","length":50000000,"value":[["49999999",1]]}') as unknown[];
    expect([value.length, value[49_999_999]]).toEqual([50_000_000, 1]);
    expect(JSON.parse(toTypedText(value))).toEqual({
      $type: 'Array',
      length: 50_000_000,
      value: [['49999999', 1]],
    });
  });

  it('says so when a value is nested too deeply', () => {
    let deep: unknown = 0;
    for (let i = 0; i < 200_000; i++) deep = new Map([[0, deep]]);
    expect(() => toTypedText(deep)).toThrow(expect.objectContaining({ code: 'too_deep' }));
    expect(() => readTypedJson('['.repeat(2000) + ']'.repeat(2000))).toThrow(
      expect.objectContaining({ code: 'too_deep' }),
    );
  });
});
