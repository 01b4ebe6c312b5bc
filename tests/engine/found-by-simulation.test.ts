/** What simulated runs have found: the smallest run that shows each mistake. */
import { expect, test } from 'vitest';
import type { BatchOutcome } from '../../src/engine/executor.ts';
import { StoreError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, graph } from './small-graphs.ts';

const died: BatchOutcome = { kind: 'died', reason: 'simulated', worker: 'w' };

test('duplicates are not listed among the failed tasks', async () => {
  const failing = '(n) => { if (n === 2) throw new Error("two"); return n; }';
  const node = code('a', failing, { policy: { dedupe: true } });
  const { engine, id } = await runGraph(graph([node], { a: [1, 1, 2, 2] }));
  const { items } = await engine.tasks(id, { status: 'failed' });
  expect(items.map(({ payload, status }) => [payload, status])).toEqual([[2, 'failed']]);
});

test('a staged node without anything upstream starts when its run is closed', async () => {
  const { engine, clock } = simulatedEngine(1);
  const node = code('a', '(n) => n', { policy: { start: 'staged' } });
  const { id } = await engine.start(graph([node], { a: [1, 2] }), { keepOpen: true });
  await engine.close(id);
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 2 } } });
});

test('a fold whose failed task fails again gives nothing a second time', async () => {
  const params = { code: '(sum, n) => { if (n === 2) throw new Error("two"); return sum + n; }', initial: 0 };
  const { engine, clock, id } = await runGraph(
    graph([{ id: 'r', type: 'flow.reduce', params }], { r: [1, 2, 3] }),
  );
  await engine.retry(id);
  await clock.until(engine.ended(id));
  expect((await engine.report(id)).outputs.r).toEqual([4]);
});

test('a fold gives its initial state though a worker died when it was asked for', async () => {
  const params = { code: '(sum, n) => sum + n', initial: 0 };
  const { engine, clock, executor } = simulatedEngine(1);
  const execute = executor.execute.bind(executor);
  let deaths = 0;
  executor.execute = async (batch) => (deaths++ === 0 ? died : execute(batch));
  const { id } = await engine.start(graph([{ id: 'r', type: 'flow.reduce', params }], {}));
  await clock.until(engine.ended(id));
  expect((await engine.report(id)).outputs.r).toEqual([0]);
});

test('a serial node keeps its order when a task that was alone after a death is tried again or lost', async () => {
  const flaky = '(n, ctx) => { if (ctx.attempt === 1 && n % 3 === 0) throw new Error("again"); return n; }';
  const node = code('a', flaky, { policy: { mode: 'serial', retry: { max: 1, delayMs: 5 } } });
  const { engine, clock, executor } = simulatedEngine(1);
  const execute = executor.execute.bind(executor);
  let deaths = 0;
  let alone = 0;
  executor.execute = async (batch) => {
    const outcome = await execute(batch);
    if (batch.tasks.length > 3 && deaths === 0) return ++deaths ? died : outcome;
    if (batch.tasks.length === 1 && deaths > 0 && ++alone % 4 === 2)
      return { kind: 'lost', reason: 'simulated' };
    return outcome;
  };
  const inputs = Array.from({ length: 60 }, (_, i) => i);
  const { id } = await engine.start(graph([node], { a: inputs }));
  await clock.until(engine.ended(id));
  expect([deaths, alone > 4]).toEqual([1, true]);
  expect((await engine.report(id)).outputs.a).toEqual(inputs);
});

test('a rate limit holds across the death of a host', async () => {
  const store = createMemoryStore();
  const policy = { rateLimit: { count: 5, perMs: 1000 } };
  const first = simulatedEngine(1, undefined, store);
  const inputs = Array.from({ length: 20 }, (_, i) => i);
  const { id } = await first.engine.start(graph([code('a', '(n) => n', { policy })], { a: inputs }));
  while (first.executor.begun.length < 5) {
    first.clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await first.engine.leave();
  const sent = first.executor.begun[4]?.at as number;

  const { engine, clock, executor } = simulatedEngine(2, undefined, store);
  clock.after(sent - clock.now(), () => {});
  clock.next();
  await engine.recover();
  await clock.until(engine.ended(id));
  expect((executor.begun[0]?.at as number) - sent).toBeGreaterThanOrEqual(1000);
});

test('failed tasks are not put back twice while the store refuses to take the first time', async () => {
  const store = createMemoryStore();
  const { append } = store.runs;
  let isBusy = false;
  store.runs.append = async (run, chunks) => {
    if (isBusy) throw new StoreError('store_busy', 'Another process is writing to the store.');
    return append(run, chunks);
  };
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(graph([code('a', '() => { throw new Error("no"); }')], { a: [1] }), {
    keepOpen: true,
  });
  while ((await engine.summary(id)).nodes.a?.failed !== 1) {
    clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await engine.report(id);
  isBusy = true;
  const retried = engine.retry(id);
  await expect(engine.retry(id)).rejects.toMatchObject({ code: 'store_busy' });
  isBusy = false;
  expect(await clock.until(retried)).toBe(1);
  await engine.close(id);
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ nodes: { a: { input: 1, failed: 1, retried: 1 } } });
});

test('tasks from outside, a close and a retry are answered when the store has them, also when it first refuses', async () => {
  const store = createMemoryStore();
  let refusals = 0;
  const append: typeof store.runs.append = async (run, chunks) => {
    if (refusals-- > 0) throw new StoreError('store_busy', 'Later.');
    return store.runs.append(run, chunks);
  };
  const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new Error("again"); return n; }';
  const { engine, clock } = simulatedEngine(1, undefined, { ...store, runs: { ...store.runs, append } });
  const { id } = await engine.start(graph([code('a', flaky)], {}), { keepOpen: true });
  const kinds = async () => {
    const chunks = (await store.runs.summaries(id)).map(({ first }) => store.runs.chunk(id, first));
    return (await Promise.all(chunks)).flatMap((chunk) => chunk?.entries.map(({ kind }) => kind) ?? []);
  };
  refusals = 2;
  await clock.until(engine.inject(id, { a: [1] }));
  expect(await kinds()).toContain('deliver');
  await clock.until(new Promise<void>((resolve) => clock.after(1000, resolve)));
  refusals = 2;
  await clock.until(engine.retry(id));
  expect(await kinds()).toContain('redeliver');
  refusals = 2;
  await clock.until(engine.close(id));
  expect(await kinds()).toContain('close');
  await clock.until(engine.ended(id));
  expect((await engine.report(id)).outputs.a).toEqual([1]);
});

test('tasks from outside that come to a host which has lost its run are not said to be taken', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store, { owner: 'first' });
  const { id } = await first.engine.start(graph([code('a', '(n) => n')], {}), { keepOpen: true });
  await first.clock.until(new Promise<void>((resolve) => first.clock.after(200, resolve)));
  const second = simulatedEngine(2, undefined, store, { owner: 'second' });
  await second.engine.recover();
  await second.clock.until(new Promise<void>((resolve) => second.clock.after(200, resolve)));
  await expect(first.engine.inject(id, { a: [1] })).rejects.toMatchObject({ name: 'ConflictError' });
});

test('a serial node keeps its order when tasks that waited too long are tried again', async () => {
  const flaky = '(n, ctx) => { if (n < 2 && ctx.attempt < 3) throw new Error("again"); return n; }';
  const policy = { mode: 'serial' as const, retry: { max: 1000 }, queueTimeoutMs: 40 };
  const inputs = Array.from({ length: 18 }, (_, i) => i);
  let retried = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { report } = await runGraph(graph([code('a', flaky, { policy })], { a: inputs }), seed);
    retried += report.nodes.a?.retried ?? 0;
    expect({ seed, order: report.outputs.a }).toEqual({ seed, order: inputs });
  }
  expect(retried).toBeGreaterThan(100);
});

test('a serial node waits for a task that is tried again later, also when others behind it have waited too long', async () => {
  const policy = { mode: 'serial' as const, retry: { max: 5, delayMs: 100, factor: 10 }, queueTimeoutMs: 40 };
  const failing = '(n) => { if (n === 0) throw new Error("again"); return n; }';
  const { engine, clock, executor } = simulatedEngine(1);
  const { id } = await engine.start(graph([code('a', failing, { policy })], { a: [0] }), { keepOpen: true });
  const pass = (ms: number) => clock.until(new Promise<void>((resolve) => clock.after(ms, resolve)));
  await pass(300);
  await clock.until(engine.inject(id, { a: [1] }));
  await pass(2000);
  const [, second = 0, third = 0] = executor.begun.flatMap(({ task, at }) => (task === 1 ? [at] : []));
  expect(third - second).toBeGreaterThanOrEqual(1000);
  await clock.until(engine.cancel(id));
});

test('two hosts asked at once to try failed tasks again put each back once', async () => {
  const store = createMemoryStore();
  const failing = '(n, ctx) => { if (ctx.attempt === 1) throw new Error("no"); return n; }';
  const options = (owner: string) => ({ owner, isAlive: () => true });
  const first = simulatedEngine(1, undefined, store, options('first'));
  const { id } = await first.engine.start(graph([code('a', failing)], { a: [1, 2, 3] }));
  await first.clock.until(first.engine.ended(id));
  let isFirstAsked = false;
  const get: typeof store.runs.get = async (run) => {
    if (!isFirstAsked) {
      isFirstAsked = true;
      await first.clock.until(first.engine.retry(id));
    }
    return store.runs.get(run);
  };
  const other = { ...store, runs: { ...store.runs, get } };
  const second = simulatedEngine(2, undefined, other, options('second'));
  await second.clock
    .until(second.engine.retry(id))
    .catch((error) => expect(error.name).toBe('ConflictError'));
  expect(isFirstAsked).toBe(true);
  expect(second.engine.liveRuns()).toEqual([]);
  await first.clock.until(first.engine.ended(id));
  const { nodes, outputs } = await first.engine.report(id);
  expect(nodes.a).toMatchObject({ input: 3, succeeded: 3, failed: 0, retried: 3 });
  expect(outputs.a?.toSorted()).toEqual([1, 2, 3]);
});

test('a run with a long journal is resumed from a store that fails at every tenth read', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store, { queueMemory: 2 ** 20 });
  const inputs = Array.from({ length: 3000 }, (_, i) => i);
  const policy = { mode: 'serial' as const, maxTasksPerWorker: 1 };
  const { id } = await first.engine.start(graph([code('a', '(n) => n', { policy })], { a: inputs }));
  while ((await store.runs.summaries(id)).length < 60) {
    first.clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await first.engine.leave();
  let reads = 0;
  const chunk: typeof store.runs.chunk = async (run, from) => {
    if (++reads % 10 === 0) throw new StoreError('store_failed', 'No reason.');
    return store.runs.chunk(run, from);
  };
  const { engine, clock } = simulatedEngine(2, undefined, { ...store, runs: { ...store.runs, chunk } });
  expect(await clock.until(engine.recover())).toEqual([id]);
  expect((await engine.summary(id)).status).toBe('running');
  await clock.until(engine.cancel(id));
});

test('a store that was full for long and then fails once is not taken for broken', async () => {
  const store = createMemoryStore();
  const codes = [...Array.from({ length: 6 }, () => 'store_full'), 'store_failed'];
  const append: typeof store.runs.append = async (run, chunks) => {
    const refusal = codes.shift();
    if (refusal) throw new StoreError(refusal, 'Simulated.');
    return store.runs.append(run, chunks);
  };
  const { engine, clock } = simulatedEngine(1, undefined, { ...store, runs: { ...store.runs, append } });
  const { id } = await engine.start(graph([code('a', '(n) => n')], { a: [1, 2, 3] }));
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 3 } } });
});
