/** Tasks that wait for their turn longer than their node's policy allows. */

import { expect, test } from 'vitest';
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import fc from '../property.ts';
import { simulate } from './oracle.ts';
import { randomGraph } from './random-graph.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';

/** One after the other, each in a batch of its own. */
const slow = (policy: object, source = '(n) => n'): GraphNode => ({
  id: 'a',
  type: 'code.js',
  params: { code: source },
  policy: { mode: 'serial', maxTasksPerWorker: 1, ...policy },
});
const graph = (nodes: GraphNode[], count: number, edges: GraphEdge[] = []): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'test',
  nodes,
  edges,
  inputs: { a: Array.from({ length: count }, (_, i) => i) },
});
const limit = 50;

test('tasks that waited too long fail without having run, and the others come to their end', async () => {
  const { report, executor, engine, id } = await runGraph(graph([slow({ queueTimeoutMs: limit })], 100));
  const { succeeded = 0, failed = 0 } = report.nodes.a ?? {};
  expect([report.status, succeeded + failed]).toEqual(['partial', 100]);
  expect(succeeded).toBeGreaterThan(1);
  expect(failed).toBeGreaterThan(1);
  expect(executor.begun).toHaveLength(succeeded);
  expect(report.errors[0]).toMatchObject({ name: 'QueueTimeoutError', code: 'queue_timeout', attempts: 1 });
  expect((await engine.task(id, report.errors[0]?.task ?? '')).worker).toBe('engine');
});

test('the error port gives them on, and a run may be stopped by the first', async () => {
  const nodes: GraphNode[] = [slow({ queueTimeoutMs: limit }), { id: 'late', type: 'flow.collect' }];
  const late = { source: 'a', target: 'late', sourcePort: 'error' };
  const { report } = await runGraph(graph(nodes, 100, [late]));
  const given = report.outputs.late?.[0] as { payload: number; error: { name: string } }[];
  expect(given).toHaveLength(report.nodes.a?.failed ?? 0);
  expect(given.at(-1)).toMatchObject({ payload: 99, error: { name: 'QueueTimeoutError' } });

  const stopped = await runGraph(graph([slow({ queueTimeoutMs: limit, onError: 'stop' })], 100));
  expect(stopped.report).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('QueueTimeoutError'),
  });
});

test('one that is tried again waits anew, so often as the policy says', async () => {
  const retry = { max: 2, on: ['QueueTimeoutError'] };
  const { report, clock } = await runGraph(
    graph([slow({ queueTimeoutMs: limit, retry, rateLimit: { count: 1, perMs: 1e6 } })], 3),
  );
  expect(report.nodes.a).toMatchObject({ succeeded: 1, failed: 2, retried: 4 });
  expect(report.errors.map(({ attempts }) => attempts)).toEqual([3, 3]);
  expect(Date.parse(report.finishedAt ?? '') - Date.parse(report.startedAt ?? '')).toBe(3 * limit);
  expect(clock.now()).toBeGreaterThan(0);
});

test('a wait for the next attempt is none for a turn', async () => {
  const retry = { max: 1, delayMs: 20 * limit };
  const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new RangeError("first"); return n; }';
  for (const mode of ['thread', 'serial']) {
    const { report } = await runGraph(graph([slow({ mode, queueTimeoutMs: 5 * limit, retry }, flaky)], 1));
    expect(report.nodes.a).toMatchObject({ succeeded: 1, retried: 1 });
  }
});

test('while a run is paused no time passes for its tasks, and after a crash it begins anew', async () => {
  const store = createMemoryStore();
  const policy = { queueTimeoutMs: limit, rateLimit: { count: 1, perMs: limit - 10 } };
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([slow(policy)], 2));
  await first.engine.pause(id);
  // The clock moves by its timers only.
  await first.clock.until(new Promise<void>((resolve) => first.clock.after(100 * limit, resolve)));
  expect((await first.engine.summary(id)).nodes.a).toMatchObject({ failed: 0, pending: 1 });
  await first.engine.leave();

  const { engine, clock } = simulatedEngine(2, undefined, store);
  await clock.until(new Promise<void>((resolve) => clock.after(1000 * limit, resolve)));
  await engine.unpause(id);
  await clock.until(engine.ended(id));
  expect((await engine.summary(id)).nodes.a).toMatchObject({ succeeded: 2, failed: 0 });
});

test('a wait for the next attempt that ends while the run is paused is over when it goes on', async () => {
  const policy = {
    queueTimeoutMs: limit,
    rateLimit: { count: 1, perMs: 1e6 },
    retry: { max: 1, delayMs: 20 * limit, on: ['RangeError'] },
  };
  const { engine, clock } = simulatedEngine(1);
  const { id } = await engine.start(graph([slow(policy, '() => { throw new RangeError("no"); }')], 1));
  const pass = (ms: number) => clock.until(new Promise<void>((resolve) => clock.after(ms, resolve)));
  await pass(10 * limit);
  await engine.pause(id);
  await pass(90 * limit);
  await engine.unpause(id);
  const wentOnAt = clock.now();
  await clock.until(engine.ended(id));
  expect(clock.now() - wentOnAt).toBe(limit);
  expect((await engine.report(id)).errors).toMatchObject([{ code: 'queue_timeout', attempts: 2 }]);
});

test('in any graph every task is accounted for, and none runs that waited longer', async () => {
  const limits = fc.array(fc.constantFrom(undefined, 1, 10, 40), { minLength: 7, maxLength: 7 });
  let overdue = 0;
  await fc.assert(
    fc.asyncProperty(randomGraph, limits, fc.integer(), async (given, waits, seed) => {
      const nodes = given.nodes.map((node, i) => ({
        ...node,
        policy: { ...node.policy, ...(waits[i] && { queueTimeoutMs: waits[i] }) },
      }));
      // Round a cycle of error ports, what waited too long would come back for ever.
      const edges = given.edges.filter((edge) => edge.sourcePort !== 'error' || edge.source < edge.target);
      const graph = { ...given, edges };
      fc.pre((await simulate(graph)) !== undefined);
      const { report, executor, store, id } = await runGraph({ ...graph, nodes }, seed, { loss: 0.1 });
      /** From when on each task waits: since it came, or was put back for a further attempt. */
      const waiting = new Map<number, { node: number; since: number[] }>();
      for (const { first } of await store.runs.summaries(id)) {
        for (const entry of (await store.runs.chunk(id, first))?.entries ?? []) {
          if (entry.kind === 'deliver') {
            const node = Number(entry.node.slice(1));
            for (let i = 0; i < entry.payloads.length; i++)
              waiting.set(entry.first + i, { node, since: [entry.at] });
          } else if (entry.kind === 'attempt') {
            entry.tasks.forEach((task, i) => {
              const { node, since } = waiting.get(task) as { node: number; since: number[] };
              const { delayMs = 0 } = nodes[node]?.policy?.retry ?? {};
              since.push(entry.at + delayMs * 2 ** ((entry.attempts?.[i] ?? 1) - 1));
            });
          }
        }
      }
      const seen = new Set<number>();
      for (const { task, at } of executor.begun) {
        if (seen.has(task)) continue;
        seen.add(task);
        const { node, since } = waiting.get(task) as { node: number; since: number[] };
        const last = Math.max(...since.filter((each) => each <= at));
        expect(at - last).toBeLessThan(waits[node] ?? Number.POSITIVE_INFINITY);
      }
      for (const counters of Object.values(report.nodes)) {
        const { input, succeeded, failed, duplicate, cancelled } = counters;
        expect([input, counters.running]).toEqual([succeeded + failed + duplicate + cancelled, 0]);
      }
      overdue += report.errors.filter(({ name }) => name === 'QueueTimeoutError').length;
    }),
    { numRuns: 60 },
  );
  expect(overdue).toBeGreaterThan(10);
}, 60_000);
