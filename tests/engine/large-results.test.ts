import { expect, test } from 'vitest';
import type { GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { mortal } from './mortal-store.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

const count = 10_000;
const split = (n: number): GraphNode => ({
  id: 'split',
  type: 'flow.split',
  params: { code: `(from) => (function* () { for (let i = 0; i < ${n}; i++) yield { i: from + i }; })()` },
});
const sorted = (values: unknown) => [...(values as number[])].sort((a, b) => a - b);

test('what a splitter gives in parts reaches every kind of node as if it had come at once', async () => {
  const inner = graph([code('in', '({ i }) => i')]);
  const { report, engine, id } = await runGraph(
    graph(
      [
        split(count),
        code('plain', '({ i }) => i * 2'),
        code('order', '({ i }) => i', { policy: { mode: 'serial' } }),
        code('unlike', '({ i }) => i', { policy: { dedupe: true } }),
        { id: 'list', type: 'flow.collect' },
        { id: 'within', type: 'flow.subgraph', params: { graph: inner } },
        { id: 'sum', type: 'flow.reduce', params: { code: '(sum, { i }) => sum + i', initial: 0 } },
      ],
      { split: [0, 0] },
      ['plain', 'order', 'unlike', 'list', 'within', 'sum'].map((target) => edge('split', target)),
    ),
  );
  expect(report.status).toBe('succeeded');
  expect(report.nodes.split).toMatchObject({ input: 2, succeeded: 2 });
  for (const node of ['plain', 'order', 'list', 'within', 'sum'])
    expect([node, report.nodes[node]]).toMatchObject([node, { input: 2 * count, succeeded: 2 * count }]);
  expect(report.nodes.unlike).toMatchObject({ input: 2 * count, succeeded: count, duplicate: count });
  const { plain, order, unlike, list, within, sum } = report.outputs;
  expect(sorted(plain)).toEqual(sorted([...numbers(count), ...numbers(count)].map((i) => i * 2)));
  expect(order).toEqual([...numbers(count), ...numbers(count)]);
  expect(sorted(unlike)).toEqual(numbers(count));
  expect(list?.[0]).toEqual([...numbers(count), ...numbers(count)].map((i) => ({ i })));
  expect(sorted(within)).toEqual(sorted([...numbers(count), ...numbers(count)]));
  expect(sum).toEqual([count * (count - 1)]);
  // Each task knows where it came from, and the splitter's tasks know what came of them.
  const { items } = await engine.tasks(id, { node: 'plain', limit: 1 });
  expect(items[0]).toMatchObject({ parent: '1', payload: { i: 0 } });
});

test('at the end of a graph they are outputs, in order with what other tasks of the batch gave', async () => {
  const node = {
    ...split(0),
    params: { code: '(n) => (function* () { for (let i = 0; i < n; i++) yield { n, i }; })()' },
    policy: { mode: 'serial' as const },
  };
  const given = [1, 2, 9000, 3, 5000, 1, 1];
  const { report, engine, id } = await runGraph(graph([node], { split: given }));
  const expected = given.flatMap((n) => numbers(n).map((i) => ({ n, i })));
  expect(report.outputs.split).toEqual(expected);
  const page = await engine.outputs(id, {
    limit: 3,
    cursor: (await engine.outputs(id, { limit: 9000 })).nextCursor ?? '',
  });
  expect(page.items).toHaveLength(3);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a host that dies leaves all of a task, or nothing (%i)',
  async (seed) => {
    const kept = createMemoryStore();
    const { store, die } = mortal(kept);
    const document = graph(
      [split(count), code('next', '({ i }) => i')],
      {
        split: [0, count],
      },
      [edge('split', 'next')],
    );
    const first = simulatedEngine(seed, undefined, store);
    const { id } = await first.engine.start(document);
    await first.clock.until(new Promise<void>((resolve) => first.clock.after(seed * 8, resolve)));
    die();
    const journaled = await kept.runs.summaries(id);
    const delivered = journaled.reduce((sum, { nodes }) => sum + (nodes.next?.delivered ?? 0), 0);
    expect(delivered % count).toBe(0);

    const second = simulatedEngine(seed + 100, undefined, kept);
    await second.engine.recover();
    await second.clock.until(second.engine.ended(id));
    const report = await second.engine.report(id, Number.POSITIVE_INFINITY);
    expect(report.nodes.next).toMatchObject({ input: 2 * count, succeeded: 2 * count });
    expect(sorted(report.outputs.next)).toEqual(numbers(2 * count));
  },
);

test('a task that fails halfway has given nothing; large ones among its results are kept as artifacts', async () => {
  const text = `(x) => (function* () {
    for (let i = 0; i < 9000; i++) yield i % 4000 === 0 ? 'large '.repeat(8000) + i : i;
    if (x === 'bad') throw new Error('late');
  })()`;
  const document = graph(
    [{ ...split(0), params: { code: text } }, code('next', '(x) => typeof x === "string" ? x.length : x')],
    { split: ['bad', 'good'] },
    [edge('split', 'next')],
  );
  const { report } = await runGraph(document);
  expect(report.nodes).toMatchObject({
    split: { succeeded: 1, failed: 1 },
    next: { input: 9000, succeeded: 9000 },
  });
  const lengths = [48_001, 48_004, 48_004];
  const expected = numbers(9000).filter((i) => i % 4000 !== 0);
  expect(sorted(report.outputs.next)).toEqual(sorted([...expected, ...lengths]));
});

test('results given in parts are remembered for later runs', async () => {
  const node = { ...split(count), policy: { cache: true } };
  const document = graph([node, code('next', '({ i }) => i')], { split: [0] }, [edge('split', 'next')]);
  const { engine, clock, executor } = simulatedEngine(1);
  for (const cached of [false, true]) {
    executor.begun.length = 0;
    const { id } = await engine.start(document);
    await clock.until(engine.ended(id));
    expect(executor.begun.some(({ node }) => node === 'split')).toBe(!cached);
    expect(sorted((await engine.report(id, Number.POSITIVE_INFINITY)).outputs.next)).toEqual(numbers(count));
  }
});
