import { expect, test } from 'vitest';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { simulatedEngine } from './run-graph.ts';

const cached = (id: string, code: string, type = 'code.js', params = {}): GraphNode => ({
  id,
  type,
  params: { code, ...params },
  policy: { cache: true },
});
const graph = (nodes: GraphNode[], inputs: unknown[], edges: Graph['edges'] = []): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'cached',
  nodes,
  edges,
  inputs: { [nodes[0]?.id ?? '']: inputs },
});

/** Runs graphs one after the other on one store; `begun` are the tasks that were really carried out. */
function runs(store: Store = createMemoryStore()) {
  const { engine, clock, executor } = simulatedEngine(1, undefined, store);
  return async (document: Graph) => {
    const before = executor.begun.length;
    const { id } = await engine.start(document);
    await clock.until(engine.ended(id));
    const report = await engine.report(id, Infinity);
    return { report, engine, id, begun: executor.begun.length - before };
  };
}

test('what an earlier run has found is not found again, and the task says so', async () => {
  const run = runs();
  const first = await run(graph([cached('square', '(x) => x * x')], [1, 2, 3]));
  expect(first.begun).toBe(3);
  const { report, engine, id, begun } = await run(graph([cached('square', '(x) => x * x')], [3, 4, 2]));
  expect(begun).toBe(1);
  expect(report.nodes.square).toMatchObject({ input: 3, succeeded: 3 });
  expect([...(report.outputs.square as number[])].sort((a, b) => a - b)).toEqual([4, 9, 16]);
  const { items } = await engine.tasks(id, { node: 'square' });
  expect(items.map((task) => [task.payload, task.cached ?? false])).toEqual([
    [3, true],
    [4, false],
    [2, true],
  ]);
  const task = await engine.task(id, items[0]?.id ?? '');
  expect(task.history).toMatchObject([{ attempt: 1, cached: true }]);
});

test('other code, another type and unequal payloads are other results; equal ones are not', async () => {
  const run = runs();
  await run(graph([cached('n', '(x) => [x]')], [{ a: 1, b: 0 }]));
  expect((await run(graph([cached('renamed', '(x) => [x]')], [{ b: -0, a: 1 }]))).begun).toBe(0);
  expect((await run(graph([cached('n', '(x) => [x, 1]')], [{ a: 1, b: 0 }]))).begun).toBe(1);
  expect((await run(graph([cached('n', '(x) => [x]')], [{ a: '1', b: 0 }]))).begun).toBe(1);
});

test('ports, several results and none are given again as they were, mixed with new ones', async () => {
  const run = runs();
  const nodes = [
    cached('route', '(n) => (n % 2 ? "odd" : "even")', 'flow.route', { ports: ['odd', 'even'] }),
    cached('split', '(n) => Array.from({ length: n % 3 }, () => n)', 'flow.split'),
    { id: 'even', type: 'code.js', params: { code: '(n) => -n' } },
  ];
  const edges = [
    { source: 'route', sourcePort: 'odd', target: 'split' },
    { source: 'route', sourcePort: 'even', target: 'even' },
  ];
  await run(graph(nodes, [1, 2, 3], edges));
  const { report, begun } = await run(graph(nodes, [1, 2, 3, 4, 5, 7], edges));
  expect((report.outputs.split as number[]).toSorted()).toEqual([1, 5, 5, 7]);
  expect((report.outputs.even as number[]).toSorted()).toEqual([-2, -4]);
  // Routed anew 4, 5 and 7; split anew 5 and 7; −2 and −4 are not cached.
  expect(begun).toBe(7);
});

test('failures are tried again in the next run', async () => {
  const run = runs();
  const node = cached('fails', '(x) => { if (x > 1) throw new RangeError("no"); return x; }');
  expect((await run(graph([node], [1, 2]))).report.status).toBe('partial');
  const again = await run(graph([node], [1, 2]));
  expect(again.begun).toBe(1);
  expect(again.report.nodes.fails).toMatchObject({ succeeded: 1, failed: 1 });
});

test('large results are cached as references, and stay when the run that found them goes', async () => {
  const store = createMemoryStore();
  const run = runs(store);
  const document = graph([cached('large', '(x) => x.repeat(100000)')], ['a']);
  const first = await run(document);
  await first.engine.remove(first.id);
  // The result itself is an artifact, and counts.
  expect((await store.cache.size()).bytes).toBeLessThan(101_000);
  expect((await store.cache.size()).bytes).toBeGreaterThan(100_000);
  const second = await run(document);
  expect(second.begun).toBe(0);
  expect(second.report.outputs.large).toEqual(['a'.repeat(100_000)]);
  expect(await second.engine.emptyCache()).toBe(1);
  expect((await second.engine.report(second.id)).outputs.large).toEqual(['a'.repeat(100_000)]);
  expect((await run(document)).begun).toBe(1);
});

test('a store that cannot say what is cached costs no more than the work', async () => {
  const store = createMemoryStore();
  const refuse = () => Promise.reject(new Error('no cache'));
  const run = runs({ ...store, cache: { ...store.cache, get: refuse, put: refuse } });
  const document = graph([cached('n', '(x) => x + 1')], [1]);
  await run(document);
  expect((await run(document)).report.outputs.n).toEqual([2]);
});

test('nodes whose results depend on more than the payload refuse to be cached', async () => {
  for (const node of [
    { id: 'n', type: 'io.http', params: { url: 'https://example.org' } },
    { id: 'n', type: 'io.read', params: { path: 'a.txt' } },
    { id: 'n', type: 'flow.collect' },
    { id: 'n', type: 'flow.reduce', params: { code: '(sum, x) => sum + x' } },
  ]) {
    const document = graph([{ ...node, policy: { cache: true } }], []);
    await expect(validateGraph(document, registry, { compile })).rejects.toMatchObject({
      issues: [
        { code: 'not_cacheable', node: 'n', field: 'policy.cache', path: ['nodes', 0, 'policy', 'cache'] },
      ],
    });
  }
});
