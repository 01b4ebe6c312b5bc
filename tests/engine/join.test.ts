import { describe, expect, test } from 'vitest';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';

const same = '(x) => x';

/** Two nodes that pass their inputs on, and a join of both. */
const joining = (
  left: unknown[],
  right: unknown[],
  params: Record<string, unknown> = {},
  policy: GraphNode['policy'] = {},
): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'join',
  nodes: [
    { id: 'l', type: 'code.js', params: { code: same } },
    { id: 'r', type: 'code.js', params: { code: same } },
    { id: 'j', type: 'flow.join', params, policy },
  ],
  edges: [
    { source: 'l', target: 'j', targetPort: 'left' },
    { source: 'r', target: 'j', targetPort: 'right' },
  ],
  inputs: { l: left, r: right },
});

const item = (id: unknown, n: number) => ({ id, n });

describe('a join', () => {
  test.each([
    ['inner', ['b2 b3', 'b2 b4']],
    ['left', ['a1 -', 'b2 b3', 'b2 b4']],
    ['right', ['b2 b3', 'b2 b4', '- c5']],
    ['full', ['a1 -', 'b2 b3', 'b2 b4', '- c5']],
  ])('that is %s gives pairs, and who is alone, in the order of the inputs', async (how, expected) => {
    const left = [item('a', 1), item('b', 2)];
    const right = [item('b', 3), item('b', 4), item('c', 5)];
    const show = (side: unknown) => {
      const { id, n } = (side ?? { id: '-', n: '' }) as { id: string; n: number };
      return `${id}${n}`;
    };
    for (const seed of [1, 2, 3]) {
      const { report } = await runGraph(joining(left, right, { how }), seed, { loss: 0.2 });
      const rows = report.outputs.j as { key: unknown; left: unknown; right: unknown }[];
      expect(rows.map((row) => `${show(row.left)} ${show(row.right)}`)).toEqual(expected);
      expect(report.nodes.j).toMatchObject({ input: 5, succeeded: 5, failed: 0 });
    }
  });

  test('keeps the order of the inputs among many, whatever order they came in', async () => {
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    const { report } = await runGraph(joining(numbers, numbers, { code: '(n) => n % 150' }), 4, {
      loss: 0.1,
    });
    expect(report.outputs.j).toEqual(
      numbers.flatMap((left) =>
        [left % 150, (left % 150) + 150].map((right) => ({ key: left % 150, left, right })),
      ),
    );
  });

  test('never matches keys that are null or missing', async () => {
    const graph = joining([item(null, 1), { n: 2 }], [item(null, 3), { n: 4 }], { how: 'full' });
    const { report } = await runGraph(graph);
    expect(report.outputs.j).toEqual([
      { key: null, left: item(null, 1), right: null },
      { key: null, left: { n: 2 }, right: null },
      { key: null, left: null, right: item(null, 3) },
      { key: null, left: null, right: { n: 4 } },
    ]);
  });

  test('fails a payload alone whose key throws, tries it again as its policy says, and gives it to the error port', async () => {
    const code =
      '(n, ctx) => { if (n === 1 || (n === 2 && ctx.attempt === 1)) throw new RangeError("no"); return n; }';
    const graph = joining([1, 2, 3], [2, 3], { code }, { retry: { max: 1 } });
    graph.nodes.push({
      id: 'e',
      type: 'code.js',
      params: { code: '({ payload, error }) => [payload, error.name]' },
    });
    graph.edges.push({ source: 'j', sourcePort: 'error', target: 'e' });
    const { report } = await runGraph(graph);
    expect(report.outputs.j).toEqual([
      { key: 2, left: 2, right: 2 },
      { key: 3, left: 3, right: 3 },
    ]);
    expect(report.nodes.j).toMatchObject({ succeeded: 4, failed: 1, retried: 3 });
    expect(report.outputs.e).toEqual([[1, 'RangeError']]);
  });

  test('tells duplicates on each side by itself', async () => {
    const { report } = await runGraph(joining([1, 1, 2], [1, 2, 2], { code: same }, { dedupe: true }));
    expect(report.outputs.j).toHaveLength(2);
    expect(report.nodes.j).toMatchObject({ input: 6, succeeded: 4, duplicate: 2 });
  });

  test('names both tasks that a row came from, in either direction', async () => {
    const graph = joining([item('a', 1), item('b', 2)], [item('b', 3)], { how: 'left' });
    graph.nodes.push({ id: 'after', type: 'code.js', params: { code: same } });
    graph.edges.push({ source: 'j', target: 'after' });
    const { engine, id } = await runGraph(graph);
    const { items } = await engine.tasks(id, {});
    const rows = items.filter((task) => task.node === 'after');
    const pair = rows.find((task) => (task.payload as { right: unknown }).right !== null);
    const alone = rows.find((task) => task !== pair);
    const ancestors = async (task: string) =>
      (await engine.lineage(id, task, { direction: 'ancestors' })).items.map(({ node, payload }) => [
        node,
        (payload as { n: number }).n,
      ]);
    expect((await ancestors(pair?.id as string)).toSorted()).toEqual([
      ['j', 2],
      ['j', 3],
      ['l', 2],
      ['r', 3],
    ]);
    expect((await ancestors(alone?.id as string)).toSorted()).toEqual([
      ['j', 1],
      ['l', 1],
    ]);
    const right = items.find((task) => task.node === 'r');
    const down = await engine.lineage(id, right?.id as string, { direction: 'descendants' });
    expect(down.items.map((task) => task.id)).toEqual([pair?.partner, pair?.id]);
  });

  test('in a cycle gives out when the cycle is idle, and again what has come since', async () => {
    const graph = joining([1, 2], [1, 2], { code: '(x) => x.key ?? x' });
    graph.nodes.push({
      id: 'again',
      type: 'code.js',
      params: {
        code: '(row) => { if (typeof row.left !== "number") throw new RangeError("far"); return row; }',
      },
    });
    graph.edges.push(
      { source: 'j', target: 'again' },
      { source: 'again', target: 'l' },
      { source: 'again', target: 'r' },
    );
    const { report } = await runGraph(graph);
    expect(report.nodes.j).toMatchObject({ input: 8, succeeded: 8 });
    expect(report.nodes.again).toMatchObject({ input: 4, succeeded: 2, failed: 2 });
  });

  test('knows after a crash which side every task is of, and the keys it had found', async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    for (const steps of [2, 4, 6, 8, 12, 16]) {
      const store = createMemoryStore();
      const first = simulatedEngine(steps, { loss: 0.1 }, store);
      const { id } = await first.engine.start(joining(numbers, numbers, { code: same }));
      for (let i = 0; i < steps; i++) {
        first.clock.next();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await first.engine.leave();
      const second = simulatedEngine(2, { loss: 0 }, store);
      await second.engine.recover();
      await second.clock.until(second.engine.ended(id));
      const { outputs, nodes } = await second.engine.report(id, Number.POSITIVE_INFINITY);
      expect(outputs.j).toEqual(numbers.map((n) => ({ key: n, left: n, right: n })));
      expect(nodes.j).toMatchObject({ input: 400, succeeded: 400 });
    }
  });

  test('keeps the side of a failed task that is tried again after the end', async () => {
    const { engine, clock } = simulatedEngine(1);
    const code = '(n, ctx) => { if (ctx.attempt === 1) throw new RangeError("first"); return n; }';
    const { id } = await engine.start(joining([1], [2], { code, how: 'full' }));
    await clock.until(engine.ended(id));
    expect((await engine.report(id)).outputs.j).toEqual([]);
    await engine.retry(id);
    await clock.until(engine.ended(id));
    expect((await engine.report(id)).outputs.j).toEqual([
      { key: 1, left: 1, right: null },
      { key: 2, left: null, right: 2 },
    ]);
  });

  test('stops the run rather than give more rows than there is room for', async () => {
    const many = Array.from({ length: 2300 }, () => 1);
    const { report } = await runGraph(joining(many, many, { code: same }));
    expect(report).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('more than 5000000 rows'),
    });
    expect(report.nodes.j).toMatchObject({ input: 4600, succeeded: 4600, cancelled: 0 });
  });
});
