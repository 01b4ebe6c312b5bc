/** What can be said about a graph before it runs, found without the engine's plan. */
import type { NodeDefinition } from '../../src/nodes/define-node.ts';
import type { GraphNode } from '../../src/schema/graph.ts';
import { type Policy, policySchema } from '../../src/schema/policy.ts';
import { isEndNode, reaches } from '../engine/oracle.ts';
import { simulationRegistry } from './node-types.ts';
import type { FlatEdge, FlatGraph } from './unfolded.ts';

export interface NodeFacts {
  node: GraphNode;
  id: string;
  index: number;
  policy: Policy;
  kind: NodeDefinition['kind'];
  hasEffects: boolean;
  isEnd: boolean;
  isStaged: boolean;
  /** On the workers that thread and serial nodes share. */
  isShared: boolean;
  /** Edges by output port. */
  edges: Map<string, FlatEdge[]>;
  /** Nodes that lead here, and to which nothing leads back. */
  upstream: string[];
  /** Nodes outside its cycle with an edge to it. */
  feeders: Set<string>;
}

export type GraphFacts = Map<string, NodeFacts>;

export function graphFacts(graph: FlatGraph): GraphFacts {
  return new Map(graph.nodes.map((node, index) => [node.id, nodeFacts(graph, node, index)]));
}

function nodeFacts(graph: FlatGraph, node: GraphNode, index: number): NodeFacts {
  const { id } = node;
  const definition = simulationRegistry.get(node.type);
  const policy = policySchema.parse(node.policy ?? {});
  const kind = definition?.kind ?? 'map';
  const edges: NodeFacts['edges'] = new Map();
  for (const edge of graph.edges) {
    if (edge.source !== id) continue;
    const port = edge.sourcePort ?? 'out';
    edges.set(port, [...(edges.get(port) ?? []), edge]);
  }
  const inCycleWith = (other: string) =>
    other === id || (reaches(graph, id, other) && reaches(graph, other, id));
  return {
    node,
    id,
    index,
    policy,
    kind,
    hasEffects: definition?.effects === true,
    isEnd: isEndNode(graph, id),
    isStaged: policy.start === 'staged' || graph.settings?.schedule === 'staged',
    isShared:
      definition?.place === 'worker' &&
      kind !== 'collect' &&
      (policy.mode === 'thread' || policy.mode === 'serial'),
    edges,
    upstream: graph.nodes.map((n) => n.id).filter((from) => reaches(graph, from, id) && !inCycleWith(from)),
    feeders: new Set(sourcesOf(graph, id).filter((source) => !inCycleWith(source))),
  };
}

/** Nodes whose results come to a node; what comes to a subgraph comes to its first nodes. */
const sourcesOf = (graph: FlatGraph, id: string): string[] =>
  graph.edges.flatMap(({ source, target }) => {
    if (target !== id) return [];
    const isRelay = graph.nodes.some((node) => node.id === source && node.type === 'flow.subgraph');
    return isRelay ? sourcesOf(graph, source) : [source];
  });
