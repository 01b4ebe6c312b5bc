/** What the executor decides by itself, on real threads. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { processSpawner, threadSpawner } from '../../server/node-workers.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type BatchOutcome, outcome } from '../../src/engine/executor.ts';
import { graceMs } from '../../src/pool/deadline.ts';
import { loadMs } from '../../src/pool/worker-pool.ts';
import { done, Harness, realClock } from '../contracts/worker-harness.ts';
import { type BuiltEntries, buildEntries } from './build-entries.ts';
import { SteppedClock } from './stepped-clock.ts';

let entries: BuiltEntries;
let harness: Harness;
beforeAll(async () => {
  entries = await buildEntries();
});
afterAll(() => entries.remove());
afterEach(() => harness.executor.shutdown());

it('runs nodes with place "host" right here, without a worker', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  const code =
    'async (x, { files }) => { await files.write("x", String(x)); return (await files.list()).length; }';
  const result = await harness.run({ type: 'test.host-code', code }, [1]);
  expect(result).toMatchObject({ values: [1], worker: 'host' });
  expect(harness.executor.stats.alive).toBe(0);
});

it('has workers ready before there is work, and gives them the first batches', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  harness.executor.warm();
  expect(harness.executor.stats).toEqual({ alive: 2, busy: 0 });
  expect((await harness.run({ code: '(x) => x + 1' }, [1])).values).toEqual([2]);
  expect(harness.executor.stats.alive).toBe(2);
});

it('leaves workers that cannot be made ahead to the first batch, which tells why', async () => {
  harness = new Harness(() => {
    throw new Error('no more threads');
  });
  harness.executor.warm();
  const outcome = await harness.execute(harness.open([{ code: '(x) => x' }]), [1]);
  expect(outcome).toMatchObject({ kind: 'died', reason: 'it could not be started: no more threads' });
});

it('cancels a node that waits here at once, and ends its limit too', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  const waits = { type: 'test.host-code', code: '() => new Promise(() => {})' };
  const run = harness.open([waits]);
  const flight = harness.execute(run, [1]);
  harness.executor.cancel(run);
  expect(await flight).toEqual({ kind: 'cancelled' });
  const limited = await harness.run({ ...waits, policy: { timeoutMs: 30 } }, [1]);
  expect(limited.errors[0]?.name).toBe('TimeoutError');
});

it('fails the tasks of a node that no open run has', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  const result = done(await harness.execute('no such run', [1]));
  expect(result.outcomes).toEqual([outcome.failed]);
});

/** A hundred times as fast as real time. */
const hurried: Clock = { now: realClock.now, after: (ms, fn) => realClock.after(ms / 100, fn) };

it('fails a node whose code never gets ready', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }), 1, hurried);
  const result = await harness.run({ code: '(() => { for (;;); })()' }, [1, 2]);
  expect(result.outcomes).toEqual([outcome.failed, outcome.failed]);
  expect(result.errors[0]?.code).toBe('load_timeout');
});

it('fails such a node also where tasks of others go on beside it', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }), 1, hurried);
  const policy = { mode: 'async' as const };
  const run = harness.open([
    { code: '(x) => new Promise((resolve) => setTimeout(resolve, 5, x))', policy },
    { id: 'm', type: 'test.slow-code', code: 'new Promise(() => {})', policy },
  ]);
  let isOver = false;
  const never = harness.execute(run, [1], { node: 'm' }).finally(() => {
    isOver = true;
  });
  while (!isOver) expect((await harness.execute(run, [1])).kind).toMatch(/done|lost/);
  expect(done(await never).errors[0]?.code).toBe('load_timeout');
});

it.each([
  [
    'floods it with promises',
    'async (x, { progress }) => { await 0; progress(0.5); while (!x) await 0; return new Promise(() => {}); }',
    { apart: true },
  ],
  ['never returns', '(x, { progress }) => { progress(0.5); while (!x); return new Promise(() => {}); }', {}],
])(
  'ends a shared event loop that a task without a limit holds for good: one that %s',
  async (_, code, how) => {
    const clock = new SteppedClock();
    harness = new Harness(
      threadSpawner({ entry: entries.thread }),
      2,
      clock,
      processSpawner({ entry: entries.process }),
    );
    const policy = { mode: 'async' as const };
    const [run, other] = [harness.open([{ code, policy }]), harness.open([{ code: '(x) => x', policy }])];
    const waiting = harness.execute(run, [1]);
    const holding = harness.execute(run, [0]);
    await vi.waitUntil(() => harness.fractions.length === 2, { timeout: 20_000 });
    const late = harness.execute(other, [2]);
    // It may be a while until the task lets go.
    clock.advance(loadMs - 1);
    expect(harness.executor.stats.alive).toBe(1);
    clock.advance(2 * graceMs);
    const reason = expect.stringContaining('blocked the event loop');
    expect(await holding).toEqual({ kind: 'lost', reason, apart: true });
    expect(await waiting).toEqual({ kind: 'lost', reason, ...how });
    expect(await late).toEqual({ kind: 'lost', reason });
    const again = harness.execute(run, [0], { apart: true });
    expect(done(await harness.execute(other, [2])).values).toEqual([2]);
    harness.executor.cancel(run);
    expect(await again).toEqual({ kind: 'cancelled' });
  },
);

it.each(['thread', 'process', 'async'] as const)(
  'gives no worker more tasks than its node says, in mode %s',
  async (mode) => {
    harness = new Harness(
      threadSpawner({ entry: entries.thread }),
      1,
      realClock,
      processSpawner({ entry: entries.process }),
    );
    const code = '() => (globalThis.count = (globalThis.count ?? 0) + 1)';
    const run = harness.open([{ code, policy: { mode, workers: 1, maxTasksPerWorker: 5 } }]);
    const batches = [3, 3, 2, 1].map((size) => harness?.execute(run, Array(size).fill(0)));
    const counts = (await Promise.all(batches)).map((ended) => done(ended as BatchOutcome).values);
    expect(counts).toEqual([[1, 2, 3], [1, 2, 3], [4, 5], [1]]);
  },
);

it('runs in a process what may take its worker with it, results of a chain included', async () => {
  harness = new Harness(
    threadSpawner({ entry: entries.thread }),
    2,
    realClock,
    processSpawner({ entry: entries.process }),
  );
  const run = harness.open([{ code: '(x) => [x, process.ppid]' }, { id: 'm', code: '(x) => x' }]);
  const chain = [{ node: 'm', first: 9 }];
  const near = done(await harness.execute(run, [1]));
  const apart = done(await harness.execute(run, [1], { apart: true, chain }));
  expect([near.worker, near.values]).toEqual(['thread 1', [[1, process.ppid]]]);
  expect([apart.worker, apart.values]).toEqual(['process 1', [[1, process.pid]]]);
  expect(apart.chained).toBeUndefined();
  harness.executor.close(run);
  expect(harness.executor.stats.alive).toBe(1);
});

it('makes no more processes than cores of what is to run apart, however many may wait side by side', async () => {
  harness = new Harness(
    threadSpawner({ entry: entries.thread }),
    2,
    realClock,
    processSpawner({ entry: entries.process }),
  );
  const run = harness.open([{ code: '(x) => x', policy: { mode: 'async', workers: 100 } }]);
  const flights = [1, 2, 3, 4].map((x) => harness.execute(run, [x], { apart: true }));
  expect(harness.executor.stats.alive).toBe(2);
  expect((await Promise.all(flights)).map((each) => done(each).values)).toEqual([[1], [2], [3], [4]]);
});

it('keeps the processes of a node for itself and ends them with the run', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  const run = harness.open([
    { code: '() => 1', policy: { mode: 'process', workers: 1 } },
    { id: 'm', code: '() => 2', policy: { mode: 'process', workers: 1 } },
  ]);
  const names = [];
  for (const node of ['n', 'm']) names.push(done(await harness.execute(run, [0], { node })).worker);
  expect(names).toEqual(['process 1', 'process 1']);
  expect(harness.executor.stats.alive).toBe(2);
  harness.executor.close(run);
  expect(harness.executor.stats.alive).toBe(0);
});

it('keeps apart the batches of several runs, which number theirs alike', async () => {
  harness = new Harness(threadSpawner({ entry: entries.thread }));
  const waits = '(x) => new Promise((resolve) => setTimeout(resolve, 30, x))';
  const runs = ['async', 'async'].map((mode) =>
    harness.open([{ code: waits, policy: { mode: mode as 'async' } }]),
  );
  const flights = runs.map((run, i) => harness.execute(run, [i], { id: 1 }));
  const results = (await Promise.all(flights)).map(done);
  expect(results.map(({ values }) => values)).toEqual([[0], [1]]);
});
