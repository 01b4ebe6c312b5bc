/**
 * Random graphs that end: values grow along cycles until a limit makes the tasks fail, or are deduped away. Plainer
 * than those of simulated runs: what a task gives depends on its number alone, so that the oracle beside this knows
 * the end, and a graph that fails shrinks to a small one.
 */

import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import fc from '../property.ts';

const policy = fc.record({
  mode: fc.constantFrom('serial', 'async', 'thread', 'process' as const),
  dedupe: fc.boolean(),
  retry: fc.record({
    max: fc.integer({ min: 0, max: 2 }),
    on: fc.constantFrom('*', 'ValueError', 'Nothing').map((name) => [name]),
    delayMs: fc.constantFrom(0, 0, 5),
  }),
  workers: fc.integer({ min: 1, max: 4 }),
  more: fc.constantFrom(
    {},
    {},
    { queueLimit: 2 },
    { rateLimit: { count: 20, perMs: 10 } },
    { maxTasksPerWorker: 2 },
  ),
});

const step = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 40 }), fc.integer({ min: 0, max: 10 }))
  .map(
    ([add, limit, unlucky]) =>
      `(n) => { if (n % 11 === ${unlucky}) { const e = new Error('unlucky'); e.name = 'ValueError'; throw e; } if (!(n <= ${limit})) throw new RangeError('limit'); return n + ${add}; }`,
  );

const join = fc
  .tuple(
    fc.constantFrom('inner', 'left', 'right', 'full'),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 10 }),
  )
  .map(([how, by, unlucky]) => ({
    type: 'flow.join',
    params: {
      how,
      code: `(n) => { if (n % 11 === ${unlucky}) throw new RangeError('unlucky'); return typeof n === 'number' ? n % ${by} : n.key; }`,
    },
  }));

const node = fc.oneof(
  { weight: 5, arbitrary: step.map((code) => ({ type: 'code.js', params: { code } })) },
  { weight: 1, arbitrary: fc.constant({ type: 'flow.filter', params: { code: '(n) => n % 3 !== 0' } }) },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: 'flow.route',
      params: { ports: ['a', 'b'], code: "(n) => (n % 2 ? 'a' : 'b')" },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: 'flow.split',
      params: { code: '(n) => { if (!(n <= 30)) throw new RangeError("limit"); return [n + 5, n + 7]; }' },
    }),
  },
  { weight: 1, arbitrary: join },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { type: 'flow.reduce', params: { code: '(a, n) => a + (Number(n) || 1)', initial: 0 } },
      { type: 'flow.reduce', params: { code: '(a, n) => Math.max(Number(a) || 0, Number(n) || 0)' } },
      { type: 'flow.collect', params: {} },
    ),
  },
);

/** Graphs of up to seven nodes with cycles, failures, retries, duplicates and gathering nodes. */
export const randomGraph: fc.Arbitrary<Graph> = fc
  .record({
    nodes: fc.array(fc.tuple(node, policy), { minLength: 1, maxLength: 7 }),
    edges: fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(9)), { maxLength: 9 }),
    inputs: fc.array(fc.tuple(fc.nat(6), fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 })), {
      minLength: 1,
      maxLength: 3,
    }),
    staged: fc.array(fc.nat(6), { maxLength: 2 }),
  })
  .map(({ nodes, edges, inputs, staged }) => {
    const size = nodes.length;
    const graphNodes = nodes.map(
      ([shape, { more, ...rest }], i): GraphNode => ({
        ...shape,
        id: `n${i}`,
        policy: { ...rest, ...more, ...(staged.includes(i) && { start: 'staged' as const }) },
      }),
    );
    const typeOf = (i: number) => graphNodes[i]?.type ?? '';
    /** Each cycle must make values grow, and hold no collection: lists of lists would not end. */
    const mayLeadBack = (source: number, target: number) =>
      ['code.js', 'flow.split'].includes(typeOf(source)) &&
      !graphNodes.slice(target, source + 1).some((between) => between.type === 'flow.collect');
    const graphEdges = edges.flatMap(([from, to, pick]): GraphEdge[] => {
      const source = from % size;
      const target = to % size;
      if (target <= source && !mayLeadBack(source, target)) return [];
      const { type } = graphNodes[source] as GraphNode;
      const sourcePort = pick === 9 ? 'error' : type === 'flow.route' ? ['a', 'b'][pick % 2] : undefined;
      const targetPort = typeOf(target) === 'flow.join' ? ['left', 'right'][from % 2] : undefined;
      return [
        {
          source: `n${source}`,
          target: `n${target}`,
          ...(sourcePort && { sourcePort }),
          ...(targetPort && { targetPort }),
        },
      ];
    });
    const graphInputs: Record<string, unknown[]> = {};
    for (const [at, payloads] of inputs) graphInputs[`n${at % size}`] = payloads;
    return {
      format: 'handloom.graph',
      version: 1,
      name: 'random',
      nodes: graphNodes,
      edges: graphEdges,
      inputs: graphInputs,
    };
  });
