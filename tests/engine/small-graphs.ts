/** Graphs of a few nodes, for tests that write their own. */
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';

/** A `code.js` node. */
export const code = (id: string, source: string, rest: Partial<GraphNode> = {}): GraphNode => ({
  id,
  type: 'code.js',
  params: { code: source },
  ...rest,
});

export const graph = (nodes: GraphNode[], inputs: Graph['inputs'], edges: GraphEdge[] = []): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'test',
  nodes,
  edges,
  inputs,
});
