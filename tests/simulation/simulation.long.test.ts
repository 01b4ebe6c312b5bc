/**
 * A hundred thousand simulated runs on every core, with a line of progress now and then. `HANDLOOM_SEEDS` asks for
 * another number, `HANDLOOM_FIRST_SEED` for others than those from 0 on.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleWorkers } from '../bundle-workers.ts';
import type { SeedAnswer, SeedOrder } from './seed-worker.ts';

const seeds = Number(process.env.HANDLOOM_SEEDS ?? 100_000);
const firstSeed = Number(process.env.HANDLOOM_FIRST_SEED ?? 0);
/** Seeds a thread gets at once, and those between two lines of progress. */
const portion = 100;
const progressEvery = 5_000;
let bundle: Awaited<ReturnType<typeof bundleWorkers>>;

beforeAll(async () => {
  bundle = await bundleWorkers('simulation', { worker: 'tests/simulation/seed-worker.ts' });
});

afterAll(() => bundle.remove());

test(`${seeds} simulated runs keep every promise`, { timeout: 6 * 3_600_000 }, async () => {
  const began = performance.now();
  const total: SeedAnswer & { done: number } = { done: 0, compared: 0, failures: [] };
  let next = 0;
  const serve = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let order: SeedOrder = { from: 0, count: 0 };
      const give = () => {
        if (next >= seeds || total.failures.length > 10) return resolve();
        order = { from: firstSeed + next, count: Math.min(portion, seeds - next) };
        next += order.count;
        worker.postMessage(order);
      };
      worker.on('error', reject);
      worker.on('message', ({ compared, failures }: SeedAnswer) => {
        const before = total.done;
        total.done += order.count;
        total.compared += compared;
        total.failures.push(...failures);
        for (const failure of failures) console.error(failure);
        if (Math.floor(before / progressEvery) < Math.floor(total.done / progressEvery)) {
          const seconds = ((performance.now() - began) / 1000).toFixed(0);
          console.log(`${total.done} seeds in ${seconds} s, ${total.failures.length} failed`);
        }
        give();
      });
      give();
    });
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(join(bundle.folder, 'worker.mjs')),
  );
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  expect(total.failures.map((failure) => failure.slice(0, 200))).toEqual([]);
  expect(total.compared).toBeGreaterThan(seeds / 2);
});
