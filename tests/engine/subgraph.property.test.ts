import { expect, test } from 'vitest';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import type { Counters } from '../../src/schema/run.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import fc from '../property.ts';
import { asMultiset } from './as-multiset.ts';
import { type Expected, simulate } from './oracle.ts';
import { randomGraph } from './random-graph.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';

interface Cut {
  graph: Graph;
  /** What each node of the flat graph is called now. */
  idOf: (id: string) => string;
  /** Under which id the outputs of a node are. */
  outputOf: (id: string) => string;
}

/** The whole graph as the only node of another one; its inputs stay within. */
function wrap(graph: Graph, name: string): Cut {
  const nodes: GraphNode[] = [{ id: name, type: 'flow.subgraph', params: { graph } }];
  const outer: Graph = { format: 'handloom.graph', version: 1, name, nodes, edges: [] };
  return { graph: outer, idOf: (id) => `${name}/${id}`, outputOf: () => name };
}

/**
 * A random part of the graph as a subgraph, where that means the same: all that comes to the part goes to its one
 * entry, and all that leaves it comes from its one end.
 */
function cut(graph: Graph, picks: boolean[]): Cut | undefined {
  const inside = new Set(graph.nodes.filter((_, i) => picks[i]).map(({ id }) => id));
  const within = graph.edges.filter((edge) => inside.has(edge.source) && inside.has(edge.target));
  const coming = graph.edges.filter((edge) => !inside.has(edge.source) && inside.has(edge.target));
  const leaving = graph.edges.filter((edge) => inside.has(edge.source) && !inside.has(edge.target));
  const entries = [...inside].filter(
    (id) => !within.some((edge) => edge.target === id) && !graph.inputs?.[id]?.length,
  );
  const ends = [...inside].filter((id) => !within.some((e) => e.source === id && e.sourcePort !== 'error'));
  const isOfOnePort = (id: string) =>
    !['flow.route', 'flow.join'].includes(graph.nodes.find((n) => n.id === id)?.type ?? '');
  const mayEnter =
    coming.length === 0 || (entries.length === 1 && coming.every((e) => e.target === entries[0]));
  const mayLeave = leaving.length === 0 || (ends.length === 1 && leaving.every((e) => e.source === ends[0]));
  if (inside.size === 0 || !mayEnter || !mayLeave) return undefined;
  if (leaving.some((edge) => edge.sourcePort === 'error')) return undefined;
  if (![...entries.slice(0, 1), ...ends].every(isOfOnePort)) return undefined;
  const part: Graph = {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => inside.has(id)),
    edges: within,
    inputs: Object.fromEntries(Object.entries(graph.inputs ?? {}).filter(([id]) => inside.has(id))),
  };
  const subgraph: GraphNode = { id: 'S', type: 'flow.subgraph', params: { graph: part } };
  return {
    graph: {
      ...graph,
      nodes: [...graph.nodes.filter(({ id }) => !inside.has(id)), subgraph],
      edges: graph.edges
        .filter((edge) => !within.includes(edge))
        .map((edge) => ({
          ...edge,
          ...(inside.has(edge.source) && { source: 'S' }),
          ...(inside.has(edge.target) && { target: 'S' }),
        })),
      inputs: Object.fromEntries(Object.entries(graph.inputs ?? {}).filter(([id]) => !inside.has(id))),
    },
    idOf: (id) => (inside.has(id) ? `S/${id}` : id),
    outputOf: (id) => (inside.has(id) ? 'S' : id),
  };
}

function expectSame(
  {
    nodes,
    outputs,
    status,
  }: { nodes: Record<string, Counters>; outputs: Record<string, unknown[]>; status: string },
  expected: Expected,
  { idOf, outputOf }: Cut,
): void {
  expect(status).toBe(expected.status);
  for (const [id, counters] of Object.entries(expected.nodes))
    expect({ id, ...nodes[idOf(id)] }).toMatchObject({
      id,
      ...counters,
      running: 0,
      pending: 0,
      cancelled: 0,
    });
  const merged: Record<string, unknown[]> = {};
  for (const [id, values] of Object.entries(expected.outputs)) (merged[outputOf(id)] ??= []).push(...values);
  for (const [id, values] of Object.entries(merged))
    expect({ id, values: asMultiset(outputs[id] ?? []) }).toEqual({ id, values: asMultiset(values) });
}

test('a graph in a graph in a graph gives what it gives by itself, whatever is lost on the way', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, fc.integer(), async (graph, seed) => {
      const expected = await simulate(graph);
      fc.pre(expected !== undefined);
      const inner = wrap(graph, 'T');
      const outer = wrap(inner.graph, 'S');
      const { report } = await runGraph(outer.graph, seed, { loss: 0.1 });
      expectSame(report, expected, { ...outer, idOf: (id) => outer.idOf(inner.idOf(id)) });
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('a part of a graph gives as a subgraph what it gives drawn flat', async () => {
  const picks = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(randomGraph, picks, fc.integer(), async (graph, inside, seed) => {
      const parts = cut(graph, inside);
      fc.pre(parts !== undefined);
      const expected = await simulate(graph);
      fc.pre(expected !== undefined);
      const { report } = await runGraph(parts.graph, seed, { loss: 0.1 });
      expectSame(report, expected, parts);
      expect(report.edges).toHaveLength(parts.graph.edges.length);
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('a run with a subgraph whose host dies ends as if nothing had happened', async () => {
  const picks = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(randomGraph, picks, fc.integer(), fc.nat(60), async (graph, inside, seed, steps) => {
      const parts = cut(graph, inside);
      fc.pre(parts !== undefined);
      const expected = await simulate(graph);
      fc.pre(expected !== undefined);
      const store = createMemoryStore();
      const first = simulatedEngine(seed, { loss: 0.1 }, store);
      const { id } = await first.engine.start(parts.graph);
      for (let i = 0; i < steps; i++) {
        first.clock.next();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await first.engine.leave();
      const second = simulatedEngine(seed + 1, { loss: 0.1 }, store);
      await second.engine.recover();
      await second.clock.until(second.engine.ended(id));
      expectSame(await second.engine.report(id, Number.POSITIVE_INFINITY), expected, parts);
    }),
    { numRuns: 50 },
  );
}, 120_000);
