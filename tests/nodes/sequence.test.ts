import { describe, expect, it } from 'vitest';
import type { NodeDefinition } from '../../src/nodes/define-node.ts';
import chain from '../../src/nodes/math/chain.ts';
import sequence from '../../src/nodes/math/sequence.ts';
import { runExample } from './run-example.ts';

async function run(definition: NodeDefinition, params: Record<string, unknown>, ...payloads: unknown[]) {
  const { results, errors } = await runExample(definition, { params, payloads, results: [] });
  return { results, errors: errors.map(({ name, message }) => `${name}: ${message}`) };
}
const list = async (params: Record<string, unknown>, payload?: unknown) =>
  (await run(sequence, { ...params, as: 'list' }, payload)).results[0] as unknown[];

describe('math.sequence', () => {
  it('finds every prime, and those far up', async () => {
    const primes = await list({ kind: 'primes', count: 10_000 });
    expect(primes.slice(0, 6)).toEqual([2, 3, 5, 7, 11, 13]);
    expect(primes[9_999]).toBe(104_729);
    expect(await list({ kind: 'primes', start: 65_500, count: 6 })).toEqual([
      65_519, 65_521, 65_537, 65_539, 65_543, 65_551,
    ]);
    expect(await list({ kind: 'primes', start: 999_999_000_000, count: 1 })).toEqual([999_999_000_001]);
    expect((await run(sequence, { kind: 'primes', start: 1e13 }, undefined)).errors[0]).toMatch(
      /^RangeError/,
    );
  });

  it('stays exact beyond what a plain number holds', async () => {
    const numbers = await list({ kind: 'fibonacci', count: 101 });
    expect(numbers[78]).toBe(8_944_394_323_791_464);
    expect(numbers[79]).toBe(14_472_334_024_676_221n);
    expect(numbers[100]).toBe(354_224_848_179_261_915_075n);
    expect((await list({ kind: 'geometric', start: 1, step: 3, count: 40 }))[39]).toBe(3n ** 39n);
    expect(await list({ start: 0.1, step: 0.1, count: 3 })).toEqual([0.1, 0.2, 0.1 + 0.2]);
  });

  it('ends a range before its end, whichever way it goes', async () => {
    expect(await list({ kind: 'range' }, 3)).toEqual([0, 1, 2]);
    expect(await list({ kind: 'range', start: 3, stop: 0, step: -1 })).toEqual([3, 2, 1]);
    expect(await list({ kind: 'range', start: 3, stop: 9, step: -1 })).toEqual([]);
    expect(await list({ kind: 'range', stop: 1, step: 0.25 })).toEqual([0, 0.25, 0.5, 0.75]);
    expect(await list({ kind: 'fibonacci', start: 50, count: 0 })).toEqual([]);
    expect((await run(sequence, { kind: 'range' }, 1e9)).errors[0]).toMatch(/more than the limit/);
  });
});

describe('math.chain', () => {
  const result = async (operation: string, numbers: unknown, iterations = 1) => {
    const { results, errors } = await run(chain, { operation, iterations }, numbers);
    return errors[0] ?? (results[0] as { result: unknown }).result;
  };

  it('computes whole numbers without rounding', async () => {
    expect(await result('factorial', 25)).toBe(15_511_210_043_330_985_984_000_000n);
    expect(await result('factorial', [0, 1, 18])).toEqual([1, 1, 6_402_373_705_728_000]);
    expect(await result('fibonacci', [0, 1, 2, 10, 90])).toEqual([0, 1, 1, 55, 2_880_067_194_370_816_120n]);
    expect(await result('power', [2, 100])).toBe(2n ** 100n);
    expect(await result('power', [2, -1])).toBe(0.5);
    expect(await result('add', [2 ** 53 - 1, 2])).toBe(2n ** 53n + 1n);
    expect(await result('subtract', [2n ** 60n, 2n ** 60n - 5n])).toBe(5);
    expect(await result('divide', [6, 3])).toBe(2);
    expect(await result('divide', [7, 2])).toBe(3.5);
    expect(await result('multiply', [0.5, 4])).toBe(2);
    expect(await result('mean', [1, 2n])).toBe(1.5);
  });

  it('goes on from the last result in each iteration', async () => {
    expect(await result('multiply', [2, 3], 3)).toBe(216);
    expect(await result('factorial', 3, 2)).toBe(720);
    expect(await result('sqrt', [16, 81], 2)).toEqual([2, 3]);
    expect(await result('sum', [1, 2], 4)).toBe(3);
  });

  it('refuses what would grow without end', async () => {
    expect(await result('power', [10, 1e6])).toMatch(/^RangeError: .*digits/);
    expect(await result('square', 3, 1000)).toMatch(/^RangeError: .*digits/);
    expect(await result('factorial', [3], 4)).toMatch(/^RangeError: The factorial .* not of /);
    expect(await result('factorial', 2.5)).toMatch(/^RangeError/);
    expect(await result('fibonacci', -1)).toMatch(/^RangeError/);
    expect(await result('sqrt', -1)).toMatch(/^RangeError/);
    expect(await result('divide', [0.5, 0])).toMatch(/^RangeError: 0.5 cannot be divided by zero/);
    expect(await result('add', [1, Number.NaN])).toMatch(/^TypeError: Number 1 is NaN/);
  });
});
