/** What can be said about a graph before it runs, found without the engine's plan. */
import type { NodeDefinition } from '../../src/nodes/define-node.ts';
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import { type Policy, policySchema } from '../../src/schema/policy.ts';
import { isEndNode, reaches } from '../engine/oracle.ts';
import { simulationRegistry } from './node-types.ts';

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
  edges: Map<string, { index: number; edge: GraphEdge }[]>;
  /** Nodes that lead here, and to which nothing leads back. */
  upstream: string[];
  /** Nodes outside its cycle with an edge to it. */
  feeders: Set<string>;
}

export type GraphFacts = Map<string, NodeFacts>;

export function graphFacts(graph: Graph): GraphFacts {
  return new Map(graph.nodes.map((node, index) => [node.id, nodeFacts(graph, node, index)]));
}

function nodeFacts(graph: Graph, node: GraphNode, index: number): NodeFacts {
  const { id } = node;
  const definition = simulationRegistry.get(node.type);
  const policy = policySchema.parse(node.policy ?? {});
  const kind = definition?.kind ?? 'map';
  const edges: NodeFacts['edges'] = new Map();
  graph.edges.forEach((edge, at) => {
    if (edge.source !== id) return;
    const port = edge.sourcePort ?? 'out';
    edges.set(port, [...(edges.get(port) ?? []), { index: at, edge }]);
  });
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
    feeders: new Set(
      graph.edges.filter(({ source, target }) => target === id && !inCycleWith(source)).map((e) => e.source),
    ),
  };
}
