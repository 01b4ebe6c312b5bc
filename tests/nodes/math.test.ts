import { all, create, type FactoryFunctionMap } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../src/errors.ts';
import type { NodeDefinition } from '../../src/nodes/define-node.ts';
import aggregate from '../../src/nodes/math/aggregate.ts';
import arithmetic from '../../src/nodes/math/arithmetic.ts';
import expression from '../../src/nodes/math/expression.ts';
import fc from '../property.ts';
import { runExample } from './run-example.ts';

async function run(definition: NodeDefinition, params: Record<string, unknown>, ...payloads: unknown[]) {
  const { results, errors } = await runExample(definition, { params, payloads, results: [] });
  return { results, errors: errors.map(({ name, message }) => `${name}: ${message}`) };
}
const evaluate = (text: string, ...payloads: unknown[]) =>
  run(expression, { expression: text }, ...(payloads.length ? payloads : [undefined]));

const mathjs = create(all as FactoryFunctionMap);

describe('math.expression', () => {
  it.each([
    ['x + payload', 2, 4],
    ['a * b + payload.a', { a: 2, b: 3 }, 8],
    ['mean(x)', [1, 2, 6], 3],
    [
      '[1, 2; 3, 4] * x',
      2,
      [
        [2, 4],
        [6, 8],
      ],
    ],
    ['x[1] + x[end]', [5, 6, 7], 12],
    ['f(n) = n < 2 ? 1 : n * f(n - 1); f(x)', 5, 120],
    ['map(x, g(n) = n^2)', [1, 2], [1, 4]],
    ['{ twice: 2x, list: 1:3 }', 4, { twice: 8, list: [1, 2, 3] }],
    ['bignumber(1) / 4', 0, 0.25],
    ['fraction(1, 4) + 0', 0, 0.25],
    ['sqrt(-4) * sqrt(-4)', 0, -4],
    ['number(5 cm, "mm")', 0, 50],
    ['x > 3 and not false', 4, true],
    ['concat("a", x)', 'b', 'ab'],
    ['sum', { sum: 3 }, 3],
    ['e + tau * 0', { e: 1 }, 1],
    ['x', new Date(0), new Date(0)],
  ])('computes %j', async (text, payload, result) => {
    if (payload instanceof Date) {
      expect((await evaluate(text, payload)).errors[0]).toMatch(/kind Date/);
      return;
    }
    expect(await evaluate(text, payload)).toEqual({ results: [result], errors: [] });
  });

  it.each([
    ['x + y', 1, /^Error: Undefined symbol y$/],
    ['foo(x)', 1, /^Error: Undefined function foo$/],
    ['sqrt(x)', -4, /^TypeError: .*complex number 2i/],
    ['5 cm + x mm', 1, /^TypeError: .*unit/],
    ['sin', 1, /^TypeError: .*function/],
    ['x', { y: 1 }, /Undefined symbol x/],
    ['a + 1', { a: { b: 1 } }, /^TypeError/],
  ])('fails on %j with words that help', async (text, payload, message) => {
    const { errors, results } = await evaluate(text, payload);
    expect(results).toEqual([]);
    expect(errors[0]).toMatch(message);
  });

  it.each<[string, string, number | undefined, number | undefined]>([
    ['2 +', 'expression_syntax', 1, 4],
    ['(1 + 2', 'expression_syntax', 1, 7],
    ['x^2 +\n 3 *', 'expression_syntax', 2, 5],
    ['1 2 $', 'expression_syntax', 1, undefined],
    ['{ constructor: x }', 'expression_refused', undefined, undefined],
    ['('.repeat(100_000), 'expression_refused', undefined, undefined],
    ['', 'expression_empty', undefined, undefined],
    ['   ', 'expression_empty', undefined, undefined],
  ])('refuses %.20j before the run', async (text, code, line, column) => {
    const error = await Promise.resolve(
      expression.prepare?.({ expression: text }, { compile: (source) => source }),
    ).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ValidationError);
    const issue = (error as ValidationError).issues[0];
    expect(issue).toMatchObject({ code, field: 'expression' });
    expect(issue?.message).not.toMatch(/char/);
    if (line !== undefined) expect(issue?.line).toBe(line);
    if (column !== undefined) expect(issue?.column).toBe(column);
  });

  it('keeps nothing from one value to the next', async () => {
    const { results, errors } = await evaluate('n = x; n', 1, 2);
    expect([results, errors]).toEqual([[1, 2], []]);
    expect((await evaluate('x == 1 ? (kept = 5) : kept', 1, 2)).errors[0]).toMatch(/Undefined symbol kept/);
  });

  it('draws random numbers that a replay draws again', async () => {
    const text = '[random(), random(10), random(5, 6), randomInt(1, 100)]';
    const first = await evaluate(text, 0);
    expect(first.errors).toEqual([]);
    expect(await evaluate(text, 0)).toEqual(first);
  });
});

describe('an expression cannot get out of mathematics', () => {
  const attempts = [
    'import({ a: 1 })',
    'import({ sqrt: 1 }, { override: true })',
    'createUnit("foo")',
    'evaluate("1")',
    'parse("1")',
    'compile("1")',
    'parser()',
    'simplify("x+x")',
    'derivative("x^2", "x")',
    'rationalize("x/x")',
    'resolve("x")',
    'config({ number: "BigNumber" })',
    'typed("f", {})',
    'reviver("a", 1)',
    'chain(1)',
    'help(sin)',
    'deleteUnit("cm")',
    'f = import; f({})',
    'f = typed; f("a", {})',
    'map(["1"], evaluate)',
    'map(["1"], parse)',
    'Function("return 1")()',
    'eval("1")',
    'require("fs")',
    'process.exit()',
    'globalThis',
    'window',
    'self',
    'this',
    'constructor',
    '__proto__',
    'sin.constructor',
    'sin["constructor"]',
    'cos.constructor("return process")()',
    '"a".constructor',
    '"a"["constructor"]["constructor"]',
    '[].constructor',
    '[1].map',
    '[1]["constructor"]',
    '{}.constructor',
    '{}["__proto__"]',
    '{ "__proto__": 1 }.a',
    '{ constructor: 1 }',
    'payload.constructor',
    'payload["constructor"]',
    'payload.__proto__',
    'payload.toString',
    'payload["hasOwnProperty"]',
    'payload.__defineGetter__("a", sin)',
    'f(x) = x; f.constructor',
    'f(x) = x; f.bind(1)',
    'f(x) = x; f.call',
    'f(x) = x; f.apply(1, [])',
    'unit("5 cm").constructor',
    'matrix([1]).constructor',
    'complex(1, 2).constructor',
    'bignumber(1).constructor',
    'payload.a = sin; payload["constructor"]',
    'g = {}; g["constructor"] = 1',
    'g = {}; g.__proto__ = 1',
    'sin.signatures',
    'sin.transform',
    'sin.toTex',
    'print("${constructor}", {})',
    'format(1, sin.constructor)',
    'parse("1").compile()',
    'sort([1, 2], sin.constructor)',
    'filter([1], Function)',
  ];

  it.each(attempts)('%s', async (text) => {
    const outcome = await runExample(expression, {
      params: { expression: text },
      payloads: [{ a: 1 }],
      results: [],
    }).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(ValidationError);
      return;
    }
    const { results, errors } = outcome as Awaited<ReturnType<typeof runExample>>;
    // Refused; or it gives plain data, never a function or something of the machine.
    if (errors.length > 0) return;
    expect(() => structuredClone(results)).not.toThrow();
    expect(JSON.stringify(results)).toMatch(/^\[(1|null|\{[^}]*\}|"[^"]*"|undefined)?\]$/);
  });

  it('leaves the library as it was for the next expression', async () => {
    for (const text of attempts) await evaluate(text, { a: 1 }).catch(() => undefined);
    expect(await evaluate('sqrt(x) + 0.1 + number(1 cm, "mm")', 16)).toEqual({ results: [14.1], errors: [] });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});

describe('math.arithmetic', () => {
  const mine = async (operation: string, a: number, b: number) =>
    (await run(arithmetic, { operation }, [a, b])).results[0];

  it('agrees with mathjs', async () => {
    const whole = fc.integer({ min: -1000, max: 1000 });
    await fc.assert(
      fc.asyncProperty(whole, whole, async (a, b) => {
        expect(await mine('add', a, b)).toBe(a + b);
        expect(await mine('multiply', a, b)).toEqual(mathjs.multiply(a, b));
        if (b !== 0) {
          expect(await mine('divide', a, b)).toBe(mathjs.divide(a, b));
          expect(Number(await mine('modulo', a, Math.abs(b))) + 0).toBe(
            Number(mathjs.mod(a, Math.abs(b))) + 0,
          );
        }
        if (a >= 0 && b > 0) expect(await mine('root', a, b)).toBeCloseTo(mathjs.nthRoot(a, b) as number, 10);
      }),
      { numRuns: 50 },
    );
  });

  it('finds whole roots exactly', async () => {
    for (let n = 1; n <= 200; n++) expect(await mine('root', n ** 3, 3)).toBe(n);
    expect(await mine('root', -27, 3)).toBe(-3);
    expect(await mine('root', 0, 5)).toBe(0);
  });

  it('refuses what has no real result', async () => {
    for (const [operation, a, b] of [
      ['root', -4, 2],
      ['power', -8, 1 / 3],
      ['divide', 1, 0],
      ['modulo', 1, 0],
      ['root', 1, 0],
    ] as const) {
      expect((await run(arithmetic, { operation }, [a, b])).errors[0]).toMatch(/^RangeError: /);
    }
    for (const payload of ['1', null, undefined, [1], [1, 2, 3], [1, '2'], 10n, {}]) {
      expect((await run(arithmetic, { operation: 'add' }, payload)).errors[0]).toMatch(/^TypeError: /);
    }
  });
});

describe('math.aggregate', () => {
  const operations = ['sum', 'mean', 'median', 'min', 'max', 'std', 'variance'] as const;

  it('agrees with mathjs', async () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(numbers, async (list) => {
        for (const operation of operations) {
          const [mine] = (await run(aggregate, { operation }, list)).results;
          const theirs = mathjs[operation](list) as unknown as number;
          expect(Math.abs((mine as number) - theirs)).toBeLessThanOrEqual(
            1e-6 * Math.max(1, Math.abs(theirs)),
          );
        }
        const [quantile] = (await run(aggregate, { operation: 'quantile', quantile: 0.3 }, list)).results;
        expect(quantile).toBeCloseTo(mathjs.quantileSeq(list, 0.3) as number, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('takes long lists, typed arrays and fields', async () => {
    const long = Array.from({ length: 300_000 }, () => 0.1);
    expect((await run(aggregate, { operation: 'sum' }, long)).results).toEqual([30_000]);
    expect((await run(aggregate, { operation: 'max' }, long)).results).toEqual([0.1]);
    expect((await run(aggregate, { operation: 'mean' }, new Float32Array([1, 3]))).results).toEqual([2]);
    expect((await run(aggregate, { operation: 'mode' }, [3, 1, 1, 3, 2])).results).toEqual([3]);
    expect((await run(aggregate, { operation: 'count', field: 'a' }, [{ a: 1 }, { a: 2 }])).results).toEqual([
      2,
    ]);
    expect((await run(aggregate, { operation: 'sum' }, [1e308, 1e308])).results).toEqual([
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('names the item that is not a number', async () => {
    const errors = async (payload: unknown, field?: string) =>
      (await run(aggregate, { operation: 'sum', field }, payload)).errors[0];
    expect(await errors([1, null])).toBe('TypeError: Item 1 is null, not a number.');
    expect(await errors([{ a: 1 }, { a: 'x' }], 'a')).toBe(
      'TypeError: Item 1, field "a", is the text "x", not a number.',
    );
    expect(await errors([{ a: 1 }, { b: 1 }], 'a')).toBe(
      'TypeError: Item 1 is an object with b and has no field "a".',
    );
    expect(await errors([{}], 'constructor')).toMatch(/no field/);
    expect(await errors('12')).toMatch(/a list of numbers/);
  });
});
