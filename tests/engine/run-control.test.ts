/** Commands that meet a run at an awkward moment, or each other. */
import { expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore } from './faulty-store.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, edge, graph } from './small-graphs.ts';

const succeedsAtSecond = '(n, ctx) => { if (ctx.attempt < 2) throw new Error("no"); return n; }';

test('two retries at once put each failed task back once', async () => {
  const { engine, clock, id } = await runGraph(graph([code('a', succeedsAtSecond)], { a: [1, 2, 3] }));
  const counts = await Promise.all([engine.retry(id), engine.retry(id)]);
  expect(counts.toSorted()).toEqual([0, 3]);
  await clock.until(engine.ended(id));
  const { nodes, status } = await engine.report(id);
  expect(nodes.a).toMatchObject({ input: 3, succeeded: 3, failed: 0, retried: 3 });
  expect(status).toBe('succeeded');
});

test('a run that is resumed twice at once lives once', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a', '(n) => n')], { a: [1, 2, 3] }));
  await first.engine.leave();
  const { engine, clock } = simulatedEngine(2, undefined, store);
  const outcomes = await Promise.allSettled([engine.resume(id), engine.resume(id), engine.recover()]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  await clock.until(engine.ended(id));
  const report = await engine.report(id);
  expect(report).toMatchObject({ status: 'succeeded', nodes: { a: { input: 3, succeeded: 3 } } });
  expect((report.outputs.a as number[]).toSorted()).toEqual([1, 2, 3]);
});

test('a retry that comes while a run is about to end goes on with it', async () => {
  const { engine, clock } = simulatedEngine(1);
  const nodes = [code('a', succeedsAtSecond), code('b', '(n) => n')];
  const { id } = await engine.start(graph(nodes, { a: [1], b: [1] }), { keepOpen: true });
  while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
  const retried = engine.retry(id);
  const cancelled = engine.cancel(id);
  await clock.until(Promise.all([retried, cancelled]));
  await engine.close(id);
  await clock.until(engine.ended(id));
  const { nodes: counters, status } = await engine.report(id);
  expect(counters.a).toMatchObject({ input: 1, succeeded: 1, failed: 0, running: 0, pending: 0 });
  expect(status).not.toBe('running');
});

test('tasks injected into a run that is about to end are refused, not lost', async () => {
  const { engine, clock } = simulatedEngine(1);
  const { id } = await engine.start(graph([code('a', '(n) => n')], {}), { keepOpen: true });
  const cancelled = engine.cancel(id);
  await expect(clock.until(engine.inject(id, { a: [1] }))).rejects.toMatchObject({ code: 'run_ended' });
  await cancelled;
});

test('tasks that failed and then succeeded are not listed as failed', async () => {
  const { engine, clock, id } = await runGraph(
    graph([code('a', '(n, ctx) => { if (ctx.attempt < 1 + n) throw new Error("no"); }')], { a: [0, 1, 2] }),
  );
  await engine.retry(id);
  await clock.until(engine.ended(id));
  const failed = await engine.tasks(id, { status: 'failed' });
  expect(failed.items.map(({ id: task, status }) => [task, status])).toEqual([['3', 'failed']]);
});

test('ids that are names of an object have nothing of it', async () => {
  const names = ['constructor', 'toString', 'hasOwnProperty'];
  const { report, engine, id } = await runGraph(
    graph(
      names.map((name) => code(name, '(n) => n')),
      { toString: [1] },
    ),
  );
  expect(report.status).toBe('succeeded');
  expect(report.outputs).toEqual({ constructor: [], toString: [1], hasOwnProperty: [] });
  expect(report.nodes.constructor).toMatchObject({ input: 0 });
  expect(await engine.outputs(id, { node: 'constructor' })).toMatchObject({ items: [] });
  expect(Object.hasOwn(Object, 'delivered')).toBe(false);
});

test('a hundred thousand tasks may wait for their next attempt at once', async () => {
  const policy = { retry: { max: 1, delayMs: 10_000, jitter: 0.5 } };
  const inputs = Array.from({ length: 100_000 }, (_, i) => i);
  const { engine, clock } = simulatedEngine(1, undefined, createMemoryStore(), { queueMemory: 2 ** 26 });
  const { id } = await engine.start(graph([code('a', '() => { throw 1; }', { policy })], { a: inputs }));
  while (((await engine.summary(id)).nodes.a?.retried ?? 0) < inputs.length) {
    clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.until(engine.cancel(id));
  const { cancelled = 0, failed = 0 } = (await engine.summary(id)).nodes.a ?? {};
  expect(cancelled + failed).toBe(inputs.length);
}, 60_000);

test('what tasks give after the host has let go of their run does not count, and the run goes on elsewhere', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a', '(n) => n')], { a: [1, 2, 3] }));
  await first.engine.leave();
  while (first.clock.next()) await new Promise((resolve) => setImmediate(resolve));
  expect(await store.runs.get(id)).toMatchObject({ status: 'running', nodes: { a: { succeeded: 0 } } });

  const { engine, clock } = simulatedEngine(2, undefined, store);
  expect(await engine.recover()).toEqual([id]);
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 3 } } });
});

test('a store that is busy for a moment delays the run, and leaves no gap in its journal', async () => {
  const store = createMemoryStore();
  const { append } = store.runs;
  let commits = 0;
  store.runs.append = async (run, chunks) => {
    if (++commits === 2) throw new StoreError('store_busy', 'Another process is writing to the store.');
    return append(run, chunks);
  };
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const inputs = Array.from({ length: 500 }, (_, i) => i);
  const nodes = [code('a', '(n) => n'), code('b', '(n) => n')];
  const { id } = await engine.start(graph(nodes, { a: inputs }, [{ source: 'a', target: 'b' }]));
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ status: 'succeeded' });
  const chunks = await store.runs.summaries(id);
  expect(chunks.slice(1).map(({ first }) => first)).toEqual(chunks.slice(0, -1).map(({ last }) => last + 1));
  expect((await engine.summary(id)).nodes.b).toMatchObject({
    input: inputs.length,
    succeeded: inputs.length,
  });
});

test('a serial node takes its tasks in their order, also after one that took too long', async () => {
  const { engine, clock, executor } = simulatedEngine(1);
  const node = code('a', '(n) => n', { policy: { mode: 'serial', timeoutMs: 1, retry: { max: 1 } } });
  const execute = executor.execute.bind(executor);
  let late = 0;
  executor.execute = async (batch) => {
    const outcome = await execute(batch);
    if (late || batch.tasks.length < 3) return outcome;
    late = batch.tasks[1] as number;
    return { kind: 'timeout', index: 1, worker: 'w' };
  };
  const inputs = Array.from({ length: 100 }, (_, i) => i);
  const { id } = await engine.start(graph([node], { a: inputs }));
  await clock.until(engine.ended(id));
  expect(late).toBeGreaterThan(0);
  expect((await engine.report(id)).outputs.a).toEqual(inputs);
});

test('tasks that were taken from outside survive a host that dies at once', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a', '(n) => n')], {}), { keepOpen: true });
  await first.engine.inject(id, { a: [1, 2, 3] });
  await first.engine.close(id);
  // Nothing of the first host is heard of any more.
  const { engine, clock } = simulatedEngine(2, undefined, store);
  await engine.recover();
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 3 } } });
});

test('why a run went on says nothing of how it ended', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a', succeedsAtSecond)], { a: [1] }));
  await first.engine.leave();
  const { engine, clock } = simulatedEngine(2, undefined, store);
  await engine.resume(id);
  expect(await engine.summary(id)).toMatchObject({ reason: 'resumed after an interruption' });
  await clock.until(engine.ended(id));
  expect(await engine.summary(id)).not.toHaveProperty('reason');
  await engine.retry(id);
  await clock.until(engine.ended(id));
  const ended = await engine.summary(id);
  expect(ended).toMatchObject({ status: 'succeeded', resumedAt: expect.any(String) });
  expect(ended).not.toHaveProperty('reason');
});

test('a paused run does not ask for the state a fold begins with, either', async () => {
  const nodes = [
    { id: 'none', type: 'flow.filter', params: { code: '() => false' } },
    { id: 'sum', type: 'flow.reduce', params: { code: '(sum, n) => sum + n', initial: 7 } },
  ];
  const { engine, clock, executor } = simulatedEngine(1);
  const { id } = await engine.start(graph(nodes, { none: [1] }, [{ source: 'none', target: 'sum' }]));
  await engine.pause(id);
  while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
  expect((await engine.summary(id)).nodes.none).toMatchObject({ succeeded: 1 });
  expect([...executor.largest.keys()]).toEqual(['none']);
  await engine.unpause(id);
  await clock.until(engine.ended(id));
  expect((await engine.report(id)).outputs.sum).toEqual([7]);
});

test('a run that lives in another process is not removed from under it', async () => {
  const store = createMemoryStore();
  const there = simulatedEngine(1, undefined, store, { owner: 'there' });
  const { id } = await there.engine.start(graph([code('a', '(n) => n')], {}), { keepOpen: true });
  const living = new Set(['there']);
  const { engine } = simulatedEngine(2, undefined, store, {
    owner: 'here',
    isAlive: (owner) => living.has(owner),
  });
  await expect(engine.remove(id)).rejects.toMatchObject({ code: 'run_live' });
  expect(await store.runs.get(id)).toBeDefined();
  living.clear();
  await engine.remove(id);
  expect(await store.runs.get(id)).toBeUndefined();
  await expect(engine.remove(id)).rejects.toMatchObject({ code: 'run_not_found' });
});

/** Lets promises settle until the run lives in the engine. */
async function untilLive({ engine }: ReturnType<typeof simulatedEngine>): Promise<void> {
  for (let i = 0; i < 1000 && engine.liveRuns().length === 0; i++) await Promise.resolve();
  expect(engine.liveRuns()).toHaveLength(1);
}

test('a run that is cancelled while a retry brings it back to life is over, and nothing of it goes on', async () => {
  const parts = simulatedEngine(1);
  const { engine, clock, store, executor } = parts;
  const { id } = await engine.start(graph([code('a', succeedsAtSecond)], { a: [1, 2] }));
  await clock.until(engine.ended(id));
  const begun = executor.begun.length;
  const retried = engine.retry(id);
  await untilLive(parts);
  await clock.until(engine.cancel(id));
  expect(await retried).toBe(2);
  while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
  expect(engine.liveRuns()).toEqual([]);
  expect(executor.begun.length).toBeLessThanOrEqual(begun + 2);
  expect(await store.runs.summary(id)).toMatchObject({
    status: 'cancelled',
    nodes: { a: { input: 2, succeeded: 0, failed: 0, cancelled: 2 } },
  });
});

test('who waits for a run that was brought back to life for nothing is answered', async () => {
  const store = createMemoryStore();
  let turn: Promise<void> | undefined;
  const slow = { ...store, runs: { ...store.runs } };
  slow.runs.summaries = async (...which) => {
    await turn;
    return store.runs.summaries(...which);
  };
  const parts = simulatedEngine(1, undefined, slow);
  const { engine, clock } = parts;
  const { id } = await engine.start(graph([code('a', succeedsAtSecond)], { a: [1] }));
  await clock.until(engine.ended(id));
  const retried = engine.retry(id);
  await untilLive(parts);
  let go: () => void = () => {};
  turn = new Promise((resolve) => {
    go = resolve;
  });
  // Another host is quicker.
  const other = simulatedEngine(2, undefined, store);
  await other.engine.retry(id);
  await other.clock.until(other.engine.ended(id));
  const paused = engine.pause(id);
  go();
  expect(await retried).toBe(0);
  await expect(paused).rejects.toMatchObject({ code: 'run_ended' });
  expect(engine.liveRuns()).toEqual([]);
});

test('a subscription that cannot begin leaves no subscriber behind', async () => {
  const store = createMemoryStore();
  let isBusy = false;
  const refusing = faultyStore(store, (method) => {
    if (method === 'summaries' && isBusy) throw new StoreError('store_busy', 'busy');
  });
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(graph([code('a')], { a: [1] }), { keepOpen: true });
  while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
  isBusy = true;
  const told: unknown[] = [];
  await expect(engine.subscribe(id, (news) => told.push(news))).rejects.toMatchObject({ code: 'store_busy' });
  isBusy = false;
  await engine.close(id);
  await clock.until(engine.ended(id));
  expect(told).toEqual([]);
});

test('what a fold gives after a retry came from all that it has ever taken, what a collection gives from what is new', async () => {
  const nodes = [
    code('a', '(n, ctx) => { if (n === 2 && ctx.attempt < 2) throw new Error("no"); return n; }'),
    { id: 'sum', type: 'flow.reduce', params: { code: '(x, y) => x + y', initial: 0 } },
    { id: 'all', type: 'flow.collect', params: {} },
    code('end'),
  ];
  const edges = [edge('a', 'sum'), edge('a', 'all'), edge('sum', 'end'), edge('all', 'end')];
  const { engine, clock, id } = await runGraph(graph(nodes, { a: [1, 2, 3] }, edges));
  await engine.retry(id);
  await clock.until(engine.ended(id));
  const { items } = await engine.tasks(id, { node: 'end' });
  const came = async (payload: unknown) => {
    const task = items.find((each) => JSON.stringify(each.payload) === JSON.stringify(payload));
    const from = await engine.lineage(id, task?.id ?? '', { direction: 'ancestors' });
    return from.items.flatMap((each) => (each.node === 'a' ? [each.payload] : []));
  };
  expect(await came(4)).toEqual([1, 3]);
  expect(await came(6)).toEqual([1, 2, 3]);
  expect(await came([1, 3])).toEqual([1, 3]);
  expect(await came([2])).toEqual([2]);
  const first = (await engine.tasks(id, { node: 'a' })).items[0];
  const onward = await engine.lineage(id, first?.id ?? '', { direction: 'descendants' });
  const given = onward.items.flatMap((each) => (each.node === 'end' ? [JSON.stringify(each.payload)] : []));
  expect(given.toSorted()).toEqual(['4', '6', '[1,3]']);
});
