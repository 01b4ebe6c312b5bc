/** A run that begins at a node: with its inputs, or with what another run delivered to it. */
import { expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore } from './faulty-store.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

const sorted = (values: unknown[] = []) => (values as number[]).toSorted((a, b) => a - b);

/** a → b → c, and d → c beside it. */
const line = graph(
  [code('a', '(n) => n + 1'), code('b', '(n) => n * 10'), code('c'), code('d')],
  { a: [1, 2, 3], b: [7], d: [99] },
  [edge('a', 'b'), edge('b', 'c'), edge('d', 'c')],
);

test('a node gets again what was delivered to it, and only what it leads to is run', async () => {
  const { engine, clock, id } = await runGraph(line);
  const again = await engine.rerun(id, { node: 'b' });
  await clock.until(engine.ended(again.id));
  const report = await engine.report(again.id);
  expect(report).toMatchObject({ status: 'succeeded', rerunOf: id, from: 'b' });
  expect(Object.keys(report.nodes)).toEqual(['b', 'c']);
  expect(sorted(report.outputs.c)).toEqual([20, 30, 40, 70]);
  expect(report.only).toBeUndefined();

  const alone = await engine.rerun(id, { node: 'b', only: true });
  await clock.until(engine.ended(alone.id));
  const { nodes, outputs, only } = await engine.report(alone.id);
  expect([Object.keys(nodes), sorted(outputs.b), only]).toEqual([['b'], [20, 30, 40, 70], true]);
  // A repeat can be repeated.
  const third = await engine.rerun(alone.id, { node: 'b' });
  await clock.until(engine.ended(third.id));
  expect(sorted((await engine.report(third.id)).outputs.b)).toEqual([20, 30, 40, 70]);
});

test('payloads that JSON does not know arrive as they were', async () => {
  const made =
    '() => ({ at: new Date(5), map: new Map([[1n, -0]]), none: undefined, bytes: new Uint8Array([1]) })';
  const { engine, clock, id } = await runGraph(
    graph([code('a', made), code('b')], { a: [0] }, [edge('a', 'b')]),
  );
  const again = await engine.rerun(id, { node: 'b', only: true });
  await clock.until(engine.ended(again.id));
  const value = { at: new Date(5), map: new Map([[1n, -0]]), none: undefined, bytes: new Uint8Array([1]) };
  expect((await engine.report(again.id)).outputs.b).toStrictEqual([value]);
});

test('what a cycle brings back is not given to the node twice', async () => {
  const twice = graph(
    [
      code('start'),
      code('step', '(n) => n + 1'),
      { id: 'more', type: 'flow.filter', params: { code: '(n) => n < 5' } },
    ],
    { start: [0, 2] },
    [edge('start', 'step'), edge('step', 'more'), edge('more', 'step')],
  );
  const { engine, clock, id, report } = await runGraph(twice);
  const again = await engine.rerun(id, { node: 'step' });
  await clock.until(engine.ended(again.id));
  expect((await engine.report(again.id)).nodes.step).toEqual(report.nodes.step);
  // From within the cycle the first payloads came of the node's predecessor, not of itself.
  const inside = await engine.rerun(id, { node: 'more' });
  await clock.until(engine.ended(inside.id));
  expect((await engine.report(inside.id)).nodes.more).toEqual(report.nodes.more);
  const alone = await engine.rerun(id, { node: 'step', only: true });
  await clock.until(engine.ended(alone.id));
  expect((await engine.report(alone.id)).nodes.step?.input).toBe(report.nodes.step?.input);
});

test('duplicates and what a source was started with are given again too', async () => {
  const source = { id: 's', type: 'flow.source', params: { items: [1, 1, 2] } };
  const nodes = [source, code('b', '(n) => n', { policy: { dedupe: true } })];
  const { engine, clock, id, report } = await runGraph(graph(nodes, {}, [edge('s', 'b')]));
  expect(report.nodes.b).toMatchObject({ input: 3, duplicate: 1 });
  for (const node of ['s', 'b']) {
    const again = await engine.rerun(id, { node });
    await clock.until(engine.ended(again.id));
    const { nodes: counters } = await engine.report(again.id);
    expect(counters[node]).toEqual(report.nodes[node]);
    expect(counters.b).toEqual(report.nodes.b);
  }
});

test('a document of today takes over what yesterday’s run delivered', async () => {
  const { engine, clock, id } = await runGraph(line);
  const edited = {
    ...line,
    nodes: line.nodes.map((node) => (node.id === 'b' ? code('b', '(n) => -n') : node)),
  };
  const again = await engine.start(edited, { from: 'b', only: true, rerunOf: id });
  await clock.until(engine.ended(again.id));
  expect(sorted((await engine.report(again.id)).outputs.b)).toEqual([-7, -4, -3, -2]);
});

test('a part of a graph runs with the inputs of its first node', async () => {
  const { engine, clock } = simulatedEngine(1);
  const { id } = await engine.start(line, { from: 'b' });
  await clock.until(engine.ended(id));
  expect(await engine.report(id)).toMatchObject({
    from: 'b',
    nodes: { b: { input: 1 }, c: { input: 1 } },
    outputs: { c: [70] },
  });
  const given = await engine.start(line, { from: 'c', only: true, inputs: { c: [5], a: [6] } });
  await clock.until(engine.ended(given.id));
  expect((await engine.report(given.id)).outputs).toEqual({ c: [5] });
});

test('a node that is not there, and one that was given nothing, are refused', async () => {
  const { engine, id } = await runGraph(graph([code('a'), code('b')], { a: [1] }));
  await expect(engine.rerun(id, { node: 'ghost' })).rejects.toMatchObject({ code: 'unknown_node' });
  await expect(engine.rerun(id, { node: 'b' })).rejects.toMatchObject({ code: 'nothing_delivered' });
  await expect(engine.rerun('none', { node: 'b' })).rejects.toMatchObject({ code: 'run_not_found' });
  expect((await engine.list({})).items).toHaveLength(1);
});

test('a run whose host died while it took payloads over has all of them once', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const inputs = Array.from({ length: 300 }, (_, i) => i);
  const { id: again } = await first.engine.start(graph([code('a')]));
  const { id } = await first.engine.start(graph([code('a'), code('b')], { a: inputs }, [edge('a', 'b')]));
  await first.clock.until(first.engine.ended(id));
  // Its id is the one that the next engine will give.
  await first.engine.remove(again);

  const taken: number[] = [];
  for (let commits = 0; commits < 5; commits++) {
    // The store takes so many commits more, then the host is gone; its journal is read slowly.
    let left = commits;
    const append: typeof store.runs.append = (run, chunks) =>
      left-- > 0 ? store.runs.append(run, chunks) : new Promise(() => {});
    const chunk: typeof store.runs.chunk = async (...which) => {
      await new Promise<void>((resolve) => mortal.clock.after(90, resolve));
      return store.runs.chunk(...which);
    };
    const mortal = simulatedEngine(2 + commits, undefined, {
      ...store,
      runs: { ...store.runs, append, chunk },
    });
    void mortal.engine.rerun(id, { node: 'b' }).catch(() => {});
    for (let i = 0; i < 60; i++) {
      mortal.clock.next();
      await new Promise((resolve) => setImmediate(resolve));
    }
    taken.push((await store.runs.get(again))?.nodes.b?.input ?? 0);

    const heir = simulatedEngine(7, undefined, store);
    expect(await heir.engine.recover()).toEqual([again]);
    await heir.clock.until(heir.engine.ended(again));
    const report = await heir.engine.report(again, Infinity);
    expect(report.status).toBe('succeeded');
    expect(sorted(report.outputs.b)).toEqual(inputs);
    await heir.engine.remove(again);
  }
  // It was struck before, amid and after.
  expect(taken[0]).toBe(0);
  expect(taken.some((count) => count > 0 && count < inputs.length)).toBe(true);
});

test.each([
  ['damaged', 'The journal is damaged.'],
  ['gone', 'lacks its chunk'],
])('a journal with a chunk that is %s ends the run that needs it, with the reason', async (how, reason) => {
  const { engine, clock, store, id } = await runGraph(line);
  store.runs.chunk = async () => {
    if (how === 'gone') return undefined;
    throw new StoreError('chunk_damaged', reason);
  };
  const again = await engine.rerun(id, { node: 'b' });
  await clock.until(engine.ended(again.id));
  expect(await engine.summary(again.id)).toMatchObject({
    status: 'cancelled',
    reason: expect.stringContaining(reason),
  });
});

test('a run whose host died can be cancelled, and is not steered before it is resumed', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a')], { a: [1, 2, 3] }));
  await first.engine.leave();
  const { engine, clock } = simulatedEngine(2, undefined, store);
  for (const steering of [engine.pause(id), engine.close(id), engine.inject(id, { a: [1] })])
    await expect(steering).rejects.toMatchObject({ code: 'run_not_live' });
  await clock.until(engine.cancel(id));
  expect(await engine.summary(id)).toMatchObject({
    status: 'cancelled',
    nodes: { a: { input: 3, cancelled: 3, pending: 0 } },
  });
  await expect(engine.cancel(id)).rejects.toMatchObject({ code: 'run_ended' });
});

test('runs are recovered while the store is full, and one that takes over another goes on when there is room', async () => {
  const store = createMemoryStore();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(graph([code('a')], { a: numbers(20_000) }));
  await clock.until(engine.ended(id));
  const silent = { ...store, runs: { ...store.runs, append: () => new Promise<void>(() => {}) } };
  const dying = simulatedEngine(2, undefined, silent, { newId: () => 'again' });
  await dying.engine.rerun(id, { node: 'a' });
  let isFull = true;
  const filling = faultyStore(store, (method) => {
    if (method === 'append' && isFull) throw new StoreError('store_full', 'no room');
  });
  const heir = simulatedEngine(3, undefined, filling);
  expect(await heir.clock.until(heir.engine.recover())).toEqual(['again']);
  isFull = false;
  await heir.clock.until(heir.engine.ended('again'));
  expect(await heir.engine.summary('again')).toMatchObject({
    status: 'succeeded',
    nodes: { a: { input: 20_000, succeeded: 20_000 } },
  });
});

test('a run that is cancelled while it takes over another reads no further', async () => {
  const store = createMemoryStore();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(graph([code('a')], { a: numbers(60_000) }));
  await clock.until(engine.ended(id));
  let reads = 0;
  const turns: (() => void)[] = [];
  const slow = { ...store, runs: { ...store.runs } };
  slow.runs.chunk = async (run, first) => {
    reads++;
    await new Promise<void>((resolve) => turns.push(resolve));
    return store.runs.chunk(run, first);
  };
  const second = simulatedEngine(2, undefined, slow, { newId: () => 'again' });
  await second.engine.rerun(id, { node: 'a' });
  while (reads < 2) {
    turns.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await second.clock.until(second.engine.cancel('again'));
  for (let i = 0; i < 20; i++) {
    turns.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await store.runs.summaries(id)).length).toBeGreaterThan(5);
  expect(reads).toBeLessThanOrEqual(3);
});
