/** Random graphs that end: ranks grow along cycles until a limit makes the tasks fail, or they are deduped away. */
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import { modes, type PolicyInput } from '../../src/schema/policy.ts';
import type { Chance } from './chance.ts';
import { largePayload, largeText, randomPayload, rankAndGrow, swollen } from './random-payload.ts';
import { heldBy } from './unfolded.ts';

type Shape = Pick<GraphNode, 'type' | 'params'>;

const body = (statements: string): string => `(p, ctx) => {${rankAndGrow}${statements}}`;
const bounded = (limit: number): string =>
  `if (!(rank(p) <= ${limit})) throw new RangeError('The limit is ${limit}.');`;

/** Few different texts, since each is parsed: grows, fails at an unlucky rank, perhaps only at first. */
function step(chance: Chance): Shape {
  const unlucky = chance.int(0, 5);
  const often = chance.pick([99, 99, 1, 2]);
  const code = body(`${bounded(chance.pick([15, 30]))}
    if (rank(p) % 6 === ${unlucky} && ctx.attempt <= ${often}) {
      throw Object.assign(new Error('unlucky'), { name: 'ValueError' });
    }
    return grow(p, ${chance.pick([1, 5])});`);
  return { type: 'code.js', params: { code } };
}

const wide = (each: string): string =>
  body(`${bounded(6)} return Array.from({ length: 40 }, (_, i) => ${each});`);

const collect: Shape = { type: 'flow.collect', params: {} };
const reduces: Shape[] = [
  { type: 'flow.reduce', params: { code: '(a, n) => a + (Number(n) || 1)', initial: 0 } },
  { type: 'flow.reduce', params: { code: '(a, n) => Math.max(Number(a) || 0, Number(n) || 0)' } },
  {
    type: 'flow.reduce',
    params: {
      code: '(a, n) => { if (Number(n) % 5 === 2) throw new TypeError("two"); a.sum += Number(n) || 1; return a; }',
      initial: { sum: 0 },
    },
  },
];
const splits: Shape[] = [
  { type: 'flow.split', params: { code: body(`${bounded(25)} return [grow(p, 5), grow(p, 7)];`) } },
  {
    type: 'flow.split',
    params: { code: body(`${bounded(25)} return [grow(p, 9), grow(p, 9), grow(p, 9)];`) },
  },
];
/** Many results of one payload, more than waits in memory; now and then one that is stored apart. */
const wideSplits: Shape[] = [
  { type: 'flow.split', params: { code: wide('grow(p, 13 + (i % 5))') } },
  { type: 'flow.split', params: { code: wide("({ n: rank(p) + 13, i, pad: 'y'.repeat(30) })") } },
  {
    type: 'flow.split',
    params: { code: wide(`({ n: rank(p) + 13, i, pad: 'y'.repeat(i === 20 ? ${largeText} : 30) })`) },
  },
];
const join = (chance: Chance): Shape => ({
  type: 'flow.join',
  params: {
    how: chance.pick(['inner', 'left', 'right', 'full']),
    code: body(`if (rank(p) % 6 === 4) throw new RangeError('four');
      const key = rank(p) % 3;
      return key === 2 ? null : key;`),
  },
});

const others: (() => Shape)[] = [
  () => ({ type: 'flow.filter', params: { code: body('return rank(p) % 3 !== 0;') } }),
  () => ({
    type: 'flow.route',
    params: { ports: ['a', 'b'], code: body("return rank(p) > 40 ? 'c' : rank(p) % 2 ? 'a' : 'b';") },
  }),
  () => ({ type: 'flow.delay', params: { ms: 7 } }),
  () => ({ type: 'flow.split', params: {} }),
  () => ({ type: 'test.effect', params: {} }),
  () => ({ type: 'code.js', params: { code: '(p) => p' } }),
];

function shape(chance: Chance, depth: number): Shape {
  const dice = chance.next();
  if (dice < 0.5) return step(chance);
  if (dice < 0.6) return chance.pick(chance.happens(0.2) ? wideSplits : splits);
  if (dice < 0.7) return chance.happens(0.5) ? collect : chance.pick(reduces);
  if (dice < 0.74)
    return { type: 'flow.source', params: { items: chance.list(chance.int(0, 5), () => chance.int(0, 9)) } };
  if (dice < 0.8) return join(chance);
  if (dice < 0.83 && depth < 2) return subgraph(chance, depth + 1);
  return chance.pick(others)();
}

/** A few nodes in one. None of them would make a cycle around it endless, or begins by itself. */
function subgraph(chance: Chance, depth: number): Shape {
  const { nodes, edges, inputs } = randomGraph(chance, depth);
  const inner = nodes.filter(({ type }) => !['flow.collect', 'flow.join', 'flow.source'].includes(type));
  const [first] = inner;
  if (!first) return { type: 'flow.delay', params: { ms: 7 } };
  const isThere = (id: string) => inner.some((node) => node.id === id);
  const graph: Graph = {
    format: 'handloom.graph',
    version: 1,
    name: 'inner',
    nodes: inner,
    // Something must be able to enter.
    edges: edges.filter(({ source, target }) => isThere(source) && isThere(target) && target !== first.id),
    inputs: chance.happens(0.2)
      ? Object.fromEntries(Object.entries(inputs ?? {}).filter(([id]) => isThere(id)))
      : {},
  };
  return { type: 'flow.subgraph', params: { graph } };
}

function policy(chance: Chance): PolicyInput {
  return {
    mode: chance.pick(modes),
    ...chance.maybe(0.6, () => ({ workers: chance.int(1, 4) })),
    ...chance.maybe(0.25, () => ({ dedupe: true })),
    ...chance.maybe(0.5, () => ({
      retry: {
        max: chance.int(0, 2),
        on: [chance.pick(['*', '*', 'ValueError', 'TimeoutError', 'Nothing'])],
        delayMs: chance.pick([0, 0, 5, 60]),
        ...chance.maybe(0.3, () => ({ jitter: chance.pick([true, 0.5]) })),
        ...chance.maybe(0.3, () => ({ maxDelayMs: 50, factor: 3 })),
      },
    })),
    ...chance.maybe(0.3, () => ({ timeoutMs: 50 })),
    ...chance.maybe(0.06, () => ({ queueTimeoutMs: chance.pick([5, 40, 200]) })),
    ...chance.maybe(0.15, () => ({ queueLimit: chance.int(1, 4) })),
    ...chance.maybe(0.12, () => ({ rateLimit: { count: chance.int(1, 8), perMs: chance.pick([10, 70]) } })),
    ...chance.maybe(0.15, () => ({ priority: chance.int(-2, 2) })),
    ...chance.maybe(0.12, () => ({ maxTasksPerWorker: chance.int(1, 3) })),
    ...chance.maybe(0.15, () => ({ start: 'staged' as const })),
    ...chance.maybe(0.02, () => ({ onError: 'stop' as const })),
  };
}

/** Whether results may be kept for later runs: they depend on the payload alone, also not on the attempt. */
const mayRemember = ({ type, params }: GraphNode): boolean =>
  !['flow.collect', 'flow.reduce', 'flow.join', 'test.effect'].includes(type) &&
  !/ctx.attempt <= [12]\b/.test(String(params?.code));

/** Whether an edge may lead back: each cycle must make ranks grow, and hold no collection, whose lists would not end. */
function mayLeadBack(nodes: GraphNode[], source: number, target: number): boolean {
  const { type, params } = nodes[source] as GraphNode;
  const grows = (type === 'code.js' || type === 'flow.split') && String(params?.code).includes('RangeError');
  return (
    grows &&
    !nodes.slice(target, source + 1).some((between) => ['flow.collect', 'flow.join'].includes(between.type))
  );
}

function randomEdge(chance: Chance, nodes: GraphNode[]): GraphEdge[] {
  const source = chance.int(0, nodes.length - 1);
  const target = chance.int(0, nodes.length - 1);
  const { type } = nodes[source] as GraphNode;
  if ((nodes[target] as GraphNode).type === 'flow.source') return [];
  if (target <= source && !mayLeadBack(nodes, source, target)) return [];
  // Nor may errors lead back: their payloads do not grow.
  const port =
    source < target && chance.happens(0.1)
      ? 'error'
      : type === 'flow.route'
        ? chance.pick(['a', 'b'])
        : undefined;
  const targetPort = nodes[target]?.type === 'flow.join' ? chance.pick(['left', 'right']) : undefined;
  return [
    {
      source: `n${source}`,
      target: `n${target}`,
      ...(port && { sourcePort: port }),
      ...(targetPort && { targetPort }),
    },
  ];
}

/** Whether edges lead only onward, within subgraphs, too. */
const isAcyclic = ({ nodes, edges }: Pick<Graph, 'nodes' | 'edges'>): boolean =>
  edges.every(({ source, target }) => source < target) &&
  nodes.every((node) => isAcyclic(heldBy(node) ?? { nodes: [], edges: [] }));

/** Lets some of the nodes, those within subgraphs too, keep the payloads of failed tasks only. */
export function keepingFailed(graph: Graph, chance: Chance): Graph {
  const nodes = graph.nodes.map((node) => {
    const held = heldBy(node);
    const policy = { ...node.policy, ...chance.maybe(0.6, () => ({ keepPayloads: 'failed' as const })) };
    return {
      ...node,
      policy,
      ...(held && { params: { ...node.params, graph: keepingFailed(held, chance) } }),
    };
  });
  if (!chance.happens(0.3)) return { ...graph, nodes };
  // With some of them, artifacts go.
  const inputs = Object.entries(graph.inputs ?? {}).map(([id, payloads]) => [id, payloads.map(swollen)]);
  return { ...graph, nodes, inputs: Object.fromEntries(inputs) };
}

/** A graph of one to seven nodes with cycles, failures, retries, duplicates, gathering nodes and every policy. */
export function randomGraph(chance: Chance, depth = 0): Graph {
  const size = chance.int(1, depth > 0 ? 3 : 7);
  const nodes = Array.from(
    { length: size },
    (_, i): GraphNode => ({ id: `n${i}`, ...shape(chance, depth), policy: policy(chance) }),
  );
  const remembers = chance.happens(0.12);
  for (const node of nodes) {
    if (remembers && mayRemember(node) && chance.happens(0.7)) node.policy = { ...node.policy, cache: true };
    if (node.type === 'flow.subgraph') node.policy = chance.maybe(0.2, () => ({ start: 'staged' as const }));
  }
  // Lists of several collections could be equal or not, depending on who came first.
  if (nodes.filter(({ type }) => type === 'flow.collect').length > 1) {
    for (const node of nodes) delete node.policy?.dedupe;
  }
  const edges = chance.list(chance.int(0, size + 3), () => randomEdge(chance, nodes)).flat();
  const plain = chance.happens(0.4) || nodes.some(({ params }) => params?.code === reduces[1]?.params?.code);
  const large = chance.happens(0.05) ? 0.2 : 0;
  const inputs: Graph['inputs'] = {};
  for (let i = chance.int(1, 3); i > 0; i--) {
    const node = chance.pick(nodes);
    if (node.type === 'flow.source' && chance.happens(0.8)) continue;
    inputs[node.id] = chance.list(chance.int(0, chance.pick([2, 8, 25])), () =>
      chance.happens(large) ? largePayload(chance) : randomPayload(chance, plain),
    );
  }
  return {
    format: 'handloom.graph',
    version: 1,
    name: 'random',
    nodes,
    edges,
    inputs,
    ...chance.maybe(isAcyclic({ nodes, edges }) ? 0.1 : 0, () => ({
      settings: { schedule: 'staged' as const },
    })),
  };
}
