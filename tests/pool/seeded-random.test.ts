import { expect, it } from 'vitest';
import { seededRandom } from '../../src/pool/seeded-random.ts';

it('draws the same numbers for the same run and task, others for others', () => {
  const draw = (run: string, task: string) => Array.from({ length: 5 }, seededRandom(run, task));
  expect(draw('a', '1')).toEqual(draw('a', '1'));
  expect(draw('a', '1')).not.toEqual(draw('a', '2'));
  expect(draw('a', '1')).not.toEqual(draw('b', '1'));
});

it('is uniform in [0, 1), within a draw and across first draws of neighbouring tasks', () => {
  const next = seededRandom('run', '1');
  const samples = [
    Array.from({ length: 10_000 }, next),
    Array.from({ length: 10_000 }, (_, task) => seededRandom('run', String(task))()),
  ];
  for (const sample of samples) {
    const bins = Array(10).fill(0);
    for (const value of sample) bins[Math.floor(value * 10)]++;
    expect(Math.min(...sample)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...sample)).toBeLessThan(1);
    // Four standard deviations around 1,000.
    for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(120);
  }
});
