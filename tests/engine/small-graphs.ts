/** Graphs of a few nodes, for tests that write their own. */
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';

/** A `code.js` node, which passes on what it gets unless told otherwise. */
export const code = (id: string, source = '(n) => n', rest: Partial<GraphNode> = {}): GraphNode => ({
  id,
  type: 'code.js',
  params: { code: source },
  ...rest,
});

export const edge = (source: string, target: string, sourcePort?: string): GraphEdge => ({
  source,
  target,
  ...(sourcePort && { sourcePort }),
});

export const graph = (
  nodes: GraphNode[],
  inputs: NonNullable<Graph['inputs']> = {},
  edges: GraphEdge[] = [],
): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'test',
  nodes,
  edges,
  inputs,
});

/** The whole numbers from 0 on. */
export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
