/** What a task costs on the way to a worker and back, in microseconds, when a batch of 1,000 carries it. */
import type { Spawn } from '../../src/pool/worker-handle.ts';
import { done, Harness } from '../contracts/worker-harness.ts';

export async function measureBatches(spawn: Spawn): Promise<Record<string, number>> {
  const harness = new Harness(spawn, 1);
  const figures: Record<string, number> = {};
  const nodes: Record<string, { code: string; timeoutMs?: number }> = {
    square: { code: '(x) => x * x' },
    'square with a limit': { code: '(x) => x * x', timeoutMs: 1000 },
    'async square': { code: 'async (x) => x * x' },
    'object in and out': { code: '({ a, b }) => ({ sum: a + b })' },
  };
  for (const [name, { code, timeoutMs }] of Object.entries(nodes)) {
    const run = harness.open([{ code, policy: timeoutMs === undefined ? {} : { timeoutMs } }]);
    const payloads = Array.from({ length: 1000 }, (_, i) => (name.startsWith('object') ? { a: i, b: 1 } : i));
    for (let i = 0; i < 100; i++) await harness.execute(run, payloads);
    const rounds = 200;
    let busy = 0;
    const began = performance.now();
    for (let i = 0; i < rounds; i++) busy += done(await harness.execute(run, payloads)).busyMs;
    figures[name] = ((performance.now() - began) * 1000) / (rounds * payloads.length);
    figures[`${name}, in the worker`] = (busy * 1000) / (rounds * payloads.length);
  }
  const run = harness.open([{ code: '(x) => x' }]);
  const began = performance.now();
  for (let i = 0; i < 500; i++) await harness.execute(run, [i]);
  figures['round trip of a batch of one'] = ((performance.now() - began) * 1000) / 500;
  harness.executor.shutdown();
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(3))]));
}
