import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../src/errors.ts';
import { compile } from '../../src/nodes/compile.ts';
import { toFunction } from '../../src/nodes/to-function.ts';
import fc from '../property.ts';

const run = (source: string, ...args: unknown[]): unknown => toFunction(compile(source, 'code'))(...args);

function problemOf(source: string) {
  try {
    compile(source, 'code');
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    const { issues, code } = error as ValidationError;
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({ code, field: 'code' });
    expect(issues[0]?.message).not.toMatch(/\(\d+:\d+\)/);
    return issues[0];
  }
  throw new Error(`It compiles: ${source}`);
}

/** Source, argument, result. */
const shapes: [string, unknown, unknown][] = [
  ['(x) => x * 2', 4, 8],
  ['x => x * 2', 4, 8],
  ['  x => x * 2  ;;  ', 4, 8],
  ['x => x * 2 // twice', 4, 8],
  ['// twice\n/* as\n much */ x => x * 2 /* end */\n// more', 4, 8],
  ['((x) => x * 2)', 4, 8],
  ['(((x) => x * 2)); // twice', 4, 8],
  ['function (x) { return x * 2 }', 4, 8],
  ['function (x) { return x * 2 };', 4, 8],
  ['function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }', 5, 120],
  ['(x) => ({ x })', 1, { x: 1 }],
  ['({ a, b = 2 }) => a + b', { a: 1 }, 3],
  ['([a, ...rest]) => rest', [1, 2, 3], [2, 3]],
  ['Math.sqrt', 9, 3],
  ['Number', '5', 5],
  ['(() => { const k = 3; return (x) => x * k })()', 2, 6],
  ['#!/usr/bin/env node\nx => x * 2', 4, 8],
  ['\uFEFFx => x * 2', 4, 8],
  ['// one\r\nx => {\r\n  return x * 2;\r\n}\r\n', 4, 8],
  ['export default (x) => x * 2', 4, 8],
  ['export default ((x) => x * 2);', 4, 8],
  ['export default function (x) { return x * 2 }', 4, 8],
  ['export default function twice(x) { return x * 2 }', 4, 8],
  ['export default function (x) { return x * k }\nconst k = 2', 4, 8],
  ['export default function (x) { return x * 2 }\n(() => 1)()', 4, 8],
  ['const k = 2\nexport default (x) => x * k', 4, 8],
  ['export const k = 2, l = 3; export default (x) => x * k * l', 4, 24],
  ['export function twice(x) { return x * 2 }\nexport { twice as default }', 4, 8],
  ['const twice = (x) => x * 2\nexport default twice', 4, 8],
  ['const { abs } = Math\nexport default abs', -4, 4],
  ['const make = (k) => (x) => x * k\nexport default make(2)', 4, 8],
  ['export class K { v = 2 }\nexport default x => x * new K().v // end', 4, 8],
  ['let $default = 2\nexport default x => x * $default', 4, 8],
  ['const f = x => g(x)\nexport default function g(x) { return x * 2 }\nexport { f }', 4, 8],
  ['let n = 0\nexport default (x) => { for (let i = 0; x --> 0;) i++\nreturn n }', 4, 0],
  ['(x) => { let n = 0; while (x --> 0) n++; return n }', 4, 4],
  ['(x) => { let y = 0; return x <!--y }', -1, true],
  ['(x) => "<!-- -->" + `<!--${x}-->`', 1, '<!-- --><!--1-->'],
  ['(x: number): number => x * 2', 4, 8],
  ['(x: number): number => x * 2; // typed', 4, 8],
  ['function (x: number): number { return x * 2 }', 4, 8],
  ['<T>(x: T): T => x', 4, 4],
  ['<T,>(x: T) => x as T', 4, 4],
  ['type Pair = { a: number; b?: number }\nexport default ({ a, b = 2 }: Pair) => a + b!', { a: 1 }, 3],
  [
    'interface P {\n  a: number\n}\n\nexport default function f(p: P): number {\n  return p.a\n}',
    { a: 1 },
    1,
  ],
  ['enum Kind { A = 1, B }\nexport default (x: number) => Kind[x]', 2, 'B'],
  ['const k: number = 2\nexport default (x: number) => x * k satisfies number', 4, 8],
  ['import type { A } from "a"\nexport default (x: A) => x', 4, 4],
];

describe('compile', () => {
  it.each(shapes)('takes %j', (source, argument, result) => {
    expect(run(source, argument)).toEqual(result);
    expect(() => new Function(`return ${compile(source, 'code')}`)).not.toThrow();
  });

  it.each([
    'async x => x + 1',
    'async (x) => { return await x + 1 };',
    'async function (x) { return x + 1 }',
    'export default async (x) => x + 1',
    'export default async function add(x) { return x + 1 }',
    'async (x: number): Promise<number> => x + 1',
  ])('takes the async %j', async (source) => {
    expect(await run(source, 1)).toBe(2);
  });

  it('takes generators', async () => {
    expect([
      ...(run('function* (n) { for (let i = 0; i < n; i++) yield i }', 3) as Iterable<number>),
    ]).toEqual([0, 1, 2]);
    expect([
      ...(run('export default function* (n: number) { yield n; yield n }', 3) as Iterable<number>),
    ]).toEqual([3, 3]);
    const values: unknown[] = [];
    for await (const value of run('async function* (n) { yield n }', 3) as AsyncIterable<unknown>)
      values.push(value);
    expect(values).toEqual([3]);
  });

  it('runs code in strict mode without a this', () => {
    expect(run('function () { return this }')).toBeUndefined();
    expect(run('const self = this\nexport default () => self')).toBeUndefined();
    expect(() => run('() => { undeclared = 1 }')).toThrow(ReferenceError);
  });

  it.each([
    ['(x) => {\n  const y = ;\n  return y\n}', 'code_syntax', 2, 13],
    ['(x) => x +', 'code_syntax', 1, 11],
    ['(x) => {\r\n  return x\r\n', 'code_syntax', 3, 1],
    ['(x: number) => {\n  return x +\n}', 'code_syntax', 3, 1],
    ['(x: number) => {\n  let a: string = 1 1\n}', 'code_syntax', 2, 21],
    ['(x: number) => {\n  let a: number = x\n  let a = 2\n}', 'code_syntax', 3, 7],
    ['(x) => { let a; let a }', 'code_syntax', 1, 21],
    ['const a = 1;\n\nexport default (x) => { return x + }', 'code_syntax', 3, 36],
    ['(x) => await x', 'code_syntax', 1, 8],
    ['return 5', 'code_syntax', 1, 1],
    ['{ "a": 1 ', 'code_syntax', 1, undefined],
    ['export { missing as default }', 'code_syntax', 1, undefined],
    ['', 'code_empty', undefined, undefined],
    [' \n ', 'code_empty', undefined, undefined],
    ['// only a comment', 'code_empty', undefined, undefined],
    [';;', 'code_empty', undefined, undefined],
    ['42', 'code_not_a_function', 1, 1],
    ['\n  "text"', 'code_not_a_function', 2, 3],
    ['({ a: 1 })', 'code_not_a_function', 1, 2],
    ['x + 1', 'code_not_a_function', 1, 1],
    ['Math.sqrt(x)', 'code_not_a_function', 1, 1],
    ['Math.PI', 'code_not_a_function', 1, 1],
    ['nothing', 'code_not_a_function', 1, 1],
    ['class A {}', 'code_not_a_function', 1, 1],
    ['const k = 42\nexport default k', 'code_not_a_function', 2, 16],
    ['const f = (x) => x', 'code_not_a_function', 1, 1],
    ['const a = 1\nexport { a as default }', 'code_not_a_function', undefined, undefined],
    ['import fs from "fs"\nexport default (x) => fs', 'import_not_allowed', 1, 1],
    ['import fs from "fs"\nexport default (x: number) => x', 'import_not_allowed', 1, undefined],
    ['const a = 1\nexport { b as default } from "b"', 'import_not_allowed', 2, 1],
    ['export * from "b"', 'import_not_allowed', 1, 1],
    ['async (x) => {\n  const fs = await import("fs")\n}', 'import_not_allowed', 2, 20],
    ['() => x\n--> 0', 'code_syntax', 2, 3],
    ['(x) => import.meta.url', 'import_not_allowed', 1, 8],
    ['const a = await 1\nexport default (x) => a', 'top_level_await', 1, 11],
    ['for await (const a of []) {}\nexport default (x) => 1', 'top_level_await', 1, 1],
  ])('refuses %j with %s', (source, code, line, column) => {
    const issue = problemOf(source);
    expect(issue?.code).toBe(code);
    if (line !== undefined) expect(issue?.line).toBe(line);
    if (column !== undefined) expect(issue?.column).toBe(column);
  });

  it('refuses code nested or grown beyond reason', () => {
    expect(problemOf(`(x) => ${'['.repeat(200_000)}`)?.code).toBe('code_syntax');
    expect(problemOf(`(x) => "${'a'.repeat(2_000_000)}"`)?.code).toBe('code_too_large');
  });

  it.each([
    '// a comment\n\n(x) => {\n  const y = 1;\n  throw new Error("here");\n}',
    'const k = 1;\n\nexport default (x) => {\n  k;\n  throw new Error("here");\n}',
    'type A = {\n  a: number\n}\nexport default (x: A) => {\n  throw new Error("here");\n}',
    '\r\n\r\n\r\nfunction (x) {\r\n  throw new Error("here");\r\n}',
    'export const a = 1\nexport {\n}\nexport default function f() {\n  throw new Error("here");\n}',
  ])('keeps the lines of %j in stacks', (source) => {
    try {
      run(source);
    } catch (error) {
      expect((error as Error).stack).toMatch(/handloom\/code:5:9/);
      return;
    }
    throw new Error('It did not throw');
  });

  it('answers the same text again, whichever field asks', () => {
    expect(compile('(x) => x', 'a')).toBe(compile('(x) => x', 'b'));
    expect(() => compile('(x) =>', 'a')).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ field: 'a' })] }),
    );
    expect(() => compile('(x) =>', 'b')).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ field: 'b' })] }),
    );
  });

  it('gives text that always evaluates, or a clear refusal', () => {
    const pieces = [
      'export default ',
      'export ',
      '(x) => x',
      'function (x) { return x }',
      'function f(x) {}',
      'async ',
      'const a = 1',
      'let b',
      ';',
      '\n',
      ' ',
      '// c\n',
      '/* c */',
      '(',
      ')',
      '{',
      '}',
      'x',
      ': number',
      '=> ',
      'class A {}',
      '<!--',
      '-->',
      '`${x}`',
      '/re/g',
      '1',
      'await ',
      'yield',
      'return x',
      'enum E { A }',
      'as const',
      '<T>',
      '?',
      '!',
      'arguments',
      'this',
      'new.target',
      'static',
      'label:',
      'import("a")',
      '"use strict"',
      'export { a as default }',
      '\u2028',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const source = parts.join('');
        let text: string;
        try {
          text = compile(source, 'code');
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          return;
        }
        new Function(`return ${text}`);
      }),
      { numRuns: 3000 },
    );
  });
});
