/**
 * Seeds that once failed, and any seed you like, with all that happens in it:
 *
 *     HANDLOOM_SEED=7 npx vitest run --config tests/vitest.config.ts --project unit tests/simulation/replay.test.ts
 */
import { expect, test } from 'vitest';
import { encodeValue } from '../../src/store/journal-codec.ts';
import { runSeed } from './run-seed.ts';
import { seeds } from './seeds.ts';
import { Trace } from './trace.ts';

const asked = process.env.HANDLOOM_SEED;

if (asked !== undefined) {
  test(`seed ${asked}`, async () => {
    const trace = new Trace(Number.POSITIVE_INFINITY);
    await runSeed(Number(asked), trace).finally(() => console.log(String(trace)));
  });
}

test('seeds that once failed fail no more', async () => {
  for (const { seed } of seeds) await runSeed(seed);
});

test('a seed gives the same journal to the letter, whenever it is run', async () => {
  for (let seed = 0; seed < 60; seed++) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)];
    expect(first.entries.length).toBeGreaterThan(0);
    expect(Buffer.compare(encodeValue(first.entries), encodeValue(second.entries))).toBe(0);
  }
});
