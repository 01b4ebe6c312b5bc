/** Runs whose queues wait in the journal while the store does not give it. */
import { expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore } from './faulty-store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

/** A run that keeps no waiting payload in memory, and a store that can be kept from giving them. */
async function spilling(document: Graph, options: { keepOpen?: boolean } = {}) {
  const store = { isBusy: false, refusals: 0 };
  const faulty = faultyStore(createMemoryStore(), (method, _, when) => {
    if (!store.isBusy || method !== 'chunk' || when !== 'before') return;
    store.refusals++;
    throw new StoreError('store_busy', 'Another process is writing.');
  });
  const { engine, clock } = simulatedEngine(1, undefined, faulty, { queueMemory: 0 });
  const { id } = await engine.start(document, options);
  const pass = async () => {
    clock.next();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Lets time pass until it is so. */
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (let i = 0; !(await isSo()); i++) {
      if (i === 5_000) throw new Error('It never came to be so');
      await pass();
    }
  };
  const end = async () => {
    store.isBusy = false;
    if (options.keepOpen) await clock.until(engine.close(id));
    await clock.until(engine.ended(id));
    return engine.summary(id);
  };
  return { engine, clock, id, store, until, pass, end };
}

test('a run in which a task waits for its next attempt is not paused, though a queue cannot be read', async () => {
  const delayMs = 60_000;
  const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new Error("first"); return n; }';
  const nodes = [code('flaky', flaky, { policy: { retry: { max: 1, delayMs } } }), code('a')];
  const { engine, clock, id, store, until, pass, end } = await spilling(graph(nodes, { flaky: [1] }), {
    keepOpen: true,
  });
  const summary = () => engine.summary(id);
  await until(async () => (await summary()).nodes.flaky?.retried === 1);
  const failedAt = clock.now();
  store.isBusy = true;
  await clock.until(engine.inject(id, { a: numbers(10) }));
  await until(() => store.refusals > 2);
  while (clock.now() < failedAt + delayMs - 20_000) {
    expect((await summary()).status).toBe('running');
    await pass();
  }
  await until(async () => (await summary()).status === 'paused');
  expect(clock.now()).toBeGreaterThanOrEqual(failedAt + delayMs);
  expect((await summary()).reasonCode).toBe('store_busy');
  expect(await end()).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 10 } } });
});

test('no time left is told of a run that waits for its store to give a queue', async () => {
  const serial = { policy: { mode: 'serial' as const, maxTasksPerWorker: 1 } };
  const nodes = [code('a', '(n) => n', serial), code('b', '(n) => n', serial)];
  const document = graph(nodes, { a: numbers(400) }, [edge('a', 'b')]);
  const { engine, id, store, until, end } = await spilling(document);
  await until(async () => (await engine.summary(id)).nodes.a?.succeeded === 390);
  expect((await engine.report(id)).remaining).toBeDefined();
  store.isBusy = true;
  const told: [string, boolean][] = [];
  await engine.subscribe(id, ({ run, remaining }) => told.push([run.status, remaining !== undefined]));
  await until(() => told.some(([status]) => status === 'paused'));
  expect(told).toContainEqual(['running', true]);
  expect(told).not.toContainEqual(['paused', true]);
  expect(await end()).toMatchObject({ status: 'succeeded', nodes: { b: { succeeded: 400 } } });
});
