import { describe, expect, it } from 'vitest';
import type { ValidationError } from '../../src/errors.ts';
import { findSyntaxError } from '../../src/schema/json-syntax.ts';
import { readJson } from '../../src/schema/read-json.ts';
import fc from '../property.ts';

function refusalOf(read: () => unknown): ValidationError {
  try {
    read();
  } catch (error) {
    return error as ValidationError;
  }
  throw new Error('It was accepted.');
}

describe('reading JSON from outside', () => {
  it('reads what JSON.parse reads, from text and from bytes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!text.includes('__proto__'));
        expect(readJson(text)).toEqual(JSON.parse(text));
        expect(readJson(new TextEncoder().encode(text))).toEqual(JSON.parse(text));
      }),
    );
    expect(readJson('\uFEFF{"a": 1}')).toEqual({ a: 1 });
  });

  it.each([
    ['', 1, 1],
    ['{"a": x}', 1, 7],
    ['{\n  "a": 1,\n}', 3, 1],
    ['[1, 2\n', 2, 1],
    ['{"a" 1}', 1, 6],
    ['[1] 2', 1, 5],
    ['["a\nb"]', 1, 4],
    ['["\\q"]', 1, 3],
    ['[01]', 1, 3],
    ["{'a': 1}", 1, 2],
    ['["abc', 1, 2],
  ])('names the line and column where %j stops being JSON', (text, line, column) => {
    const error = refusalOf(() => readJson(text));
    expect(error.code).toBe('not_json');
    expect(error.issues[0]).toMatchObject({ code: 'not_json', line, column });
    expect(error.message).toContain(`line ${line}, column ${column}`);
  });

  it('finds a place for whatever JSON.parse refuses, and never beyond the end', () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', '}', ']', ',', '{', '\\', 'x', '\u0000'),
    );
    fc.assert(
      fc.property(damaged, ([text, at, put]) => {
        const cut = at % (text.length + 1);
        const broken = text.slice(0, cut) + put + text.slice(cut + 1);
        try {
          JSON.parse(broken);
        } catch {
          const { offset, message } = findSyntaxError(broken);
          expect(offset).toBeLessThanOrEqual(broken.length);
          expect(message).not.toBe('something');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses nesting beyond the limit without walking into it', () => {
    expect(readJson('['.repeat(1000) + ']'.repeat(1000))).toBeInstanceOf(Array);
    expect(refusalOf(() => readJson('['.repeat(1001) + ']'.repeat(1001)))).toMatchObject({
      code: 'too_deep',
    });
    expect(refusalOf(() => readJson('{"a":'.repeat(10_000_000)))).toMatchObject({ code: 'too_deep' });
    expect(readJson('"[[[[[[["', { maxDepth: 1 })).toBe('[[[[[[[');
    expect(readJson('["\\"[[["]', { maxDepth: 1 })).toEqual(['"[[[']);
  });

  it('refuses keys that could change what every object inherits, and names the place', () => {
    expect(refusalOf(() => readJson('{"nodes": [{"params": {"__proto__": {}}}]}'))).toMatchObject({
      code: 'forbidden_key',
      issues: [{ code: 'forbidden_key', path: ['nodes', 0, 'params', '__proto__'] }],
    });
    expect(refusalOf(() => readJson('{"\\u005f_proto__": 1}'))).toMatchObject({ code: 'forbidden_key' });
    expect(refusalOf(() => readJson('{"constructor": {"prototype": {"x": 1}}}'))).toMatchObject({
      code: 'forbidden_key',
    });
    expect(readJson('{"constructor": "Ferrari", "prototype": "MK1"}')).toEqual({
      constructor: 'Ferrari',
      prototype: 'MK1',
    });
  });

  it('refuses what is too large and what is not UTF-8', () => {
    expect(refusalOf(() => readJson('"abcdef"', { maxBytes: 4 }))).toMatchObject({ code: 'body_too_large' });
    expect(refusalOf(() => readJson(new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject({ code: 'not_json' });
  });
});
