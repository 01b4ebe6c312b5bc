/** A queue at its limit holds back what feeds it, and nothing else. */
import { expect, test } from 'vitest';
import { expectAllAccountedFor } from './accounted-for.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, graph, numbers } from './small-graphs.ts';

test('a queue limit holds back what feeds it, and everything still arrives', async () => {
  const policy = { queueLimit: 10, mode: 'serial' } as const;
  const nodes = [code('a', '(n) => n'), code('b', '(n) => n'), code('c', '(n) => n', { policy })];
  const edges = [
    { source: 'a', target: 'c' },
    { source: 'b', target: 'c' },
  ];
  const { engine, clock } = simulatedEngine(1);
  const { id } = await engine.start(graph(nodes, { a: numbers(200), b: numbers(200) }, edges));
  let longest = 0;
  await engine.subscribe(id, ({ run }) => {
    longest = Math.max(longest, run.nodes.c?.pending ?? 0);
  });
  await clock.until(engine.ended(id));
  expect((await engine.summary(id)).nodes.c?.succeeded).toBe(400);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThanOrEqual(10);
});

test.each([1, 60])(
  'a queue limit of %i holds back a splitter after each of its tasks',
  async (queueLimit) => {
    const nodes = [
      { id: 'a', type: 'flow.split', params: { code: '(n) => Array(50).fill(n)' } },
      code('b', '(n) => n'),
      code('c', '(n) => n', { policy: { queueLimit, mode: 'serial' } }),
    ];
    const edges = [
      { source: 'a', target: 'c' },
      { source: 'b', target: 'c' },
    ];
    const { engine, clock } = simulatedEngine(1);
    const { id } = await engine.start(graph(nodes, { a: numbers(100), b: numbers(100) }, edges));
    let longest = 0;
    await engine.subscribe(id, ({ run }) => {
      longest = Math.max(longest, run.nodes.c?.pending ?? 0);
    });
    await clock.until(engine.ended(id));
    expect((await engine.summary(id)).nodes.c?.succeeded).toBe(5100);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(queueLimit - 1 + 50);
  },
);

test('a queue limit binds what leads to it, not what else its feeder gives', async () => {
  const split = { id: 's', type: 'flow.split', params: { code: '(n) => Array(50).fill(n)' } };
  const nodes = [split, code('b', '(n) => n'), code('log', '(e) => e', { policy: { queueLimit: 3 } })];
  const edges = [
    { source: 's', target: 'b' },
    { source: 's', sourcePort: 'error', target: 'log' },
  ];
  const { report, executor } = await runGraph(graph(nodes, { s: [...numbers(100), 'no list'] }, edges));
  expect(report.nodes).toMatchObject({ b: { succeeded: 5050 }, log: { input: 0 } });
  expect(executor.peak.get('s')).toBeGreaterThan(1);
});

test('queue limits in a cycle, and before a staged node, do not stop the run', async () => {
  const loop = '(n) => { if (n > 20) throw new RangeError("far"); return n + 1; }';
  const nodes = [
    code('a', loop, { policy: { queueLimit: 1 } }),
    code('b', loop, { policy: { queueLimit: 1 } }),
    code('c', '(n) => n', { policy: { queueLimit: 1, start: 'staged' } }),
  ];
  const edges = [
    { source: 'a', target: 'b' },
    { source: 'b', target: 'a' },
    { source: 'b', target: 'c' },
  ];
  const { report } = await runGraph(graph(nodes, { a: numbers(10) }, edges));
  expect(report.status).toBe('partial');
  expectAllAccountedFor(report);
});
