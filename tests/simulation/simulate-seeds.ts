import { expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';

/** A test that simulates seeds `from` to `from + count - 1`; the first that breaks a promise is told in full. */
export function simulateSeeds(from: number, count: number): void {
  test(`${count} simulated runs from seed ${from} on keep every promise`, { timeout: 300_000 }, async () => {
    let compared = 0;
    for (let seed = from; seed < from + count; seed++) if ((await runSeed(seed)).isCompared) compared++;
    // Most of them must be worth comparing with the oracle.
    expect(compared).toBeGreaterThan(count / 2);
  });
}
