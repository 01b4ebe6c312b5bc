/** A graph made ready to run: indexes instead of ids, ports resolved, components known. */
import { defaultInput, defaultOutput, errorPort, type Graph, type GraphEdge } from '../schema/graph.ts';
import type { PreparedNode } from './executor.ts';
import { type Adjacency, type Components, components } from './topology.ts';

export interface PlannedEdge {
  /** Position in the document's `edges`. */
  index: number;
  target: number;
  port: string;
}

export interface PlannedNode extends PreparedNode {
  index: number;
  /** Edges by output port, the error port included. */
  edges: Map<string, PlannedEdge[]>;
  /** No edge leaves it but from its error port: its results are outputs of the run. */
  isEnd: boolean;
  hasIncoming: boolean;
  /** Starts only when everything upstream has ended. */
  staged: boolean;
}

export interface Plan {
  nodes: PlannedNode[];
  indexOf: Map<string, number>;
  components: Components;
  edgeCount: number;
  inputs: Map<string, unknown[]>;
}

/** Where an edge leaves: the port it names, else `out`, else the node's only port. Undefined: it has to say. */
export function sourcePortOf(edge: GraphEdge, outputs: readonly string[]): string | undefined {
  if (edge.sourcePort !== undefined) return edge.sourcePort;
  if (outputs.includes(defaultOutput)) return defaultOutput;
  return outputs.length === 1 ? outputs[0] : undefined;
}

/** Where an edge arrives: the port it names, else the node's first. */
export function targetPortOf(edge: GraphEdge, inputs: readonly string[]): string {
  return edge.targetPort ?? inputs[0] ?? defaultInput;
}

/** Edges between node indexes, as the topology wants them. Edges to unknown nodes are left out. */
export function adjacency(graph: Graph, indexOf: ReadonlyMap<string, number>): Adjacency {
  const successors: number[][] = graph.nodes.map(() => []);
  for (const edge of graph.edges) {
    const source = indexOf.get(edge.source);
    const target = indexOf.get(edge.target);
    if (source !== undefined && target !== undefined) successors[source]?.push(target);
  }
  return successors;
}

/** Lays out a graph that has passed validation. `prepared` holds its nodes in the document's order. */
export function planGraph(graph: Graph, prepared: PreparedNode[]): Plan {
  const indexOf = new Map(graph.nodes.map((node, index) => [node.id, index]));
  const allStaged = graph.settings?.schedule === 'staged';
  const nodes = prepared.map(
    (node, index): PlannedNode => ({
      ...node,
      index,
      edges: new Map(),
      isEnd: true,
      hasIncoming: false,
      staged: allStaged || node.policy.start === 'staged',
    }),
  );
  graph.edges.forEach((edge, index) => {
    const source = nodes[indexOf.get(edge.source) ?? -1];
    const target = nodes[indexOf.get(edge.target) ?? -1];
    if (!source || !target) return;
    const port = sourcePortOf(edge, source.outputs) ?? defaultOutput;
    const inputs = target.definition.inputs.map((input) => input.name);
    const planned = { index, target: target.index, port: targetPortOf(edge, inputs) };
    source.edges.set(port, [...(source.edges.get(port) ?? []), planned]);
    target.hasIncoming = true;
    if (port !== errorPort) source.isEnd = false;
  });
  return {
    nodes,
    indexOf,
    components: components(adjacency(graph, indexOf)),
    edgeCount: graph.edges.length,
    inputs: new Map(Object.entries(graph.inputs ?? {})),
  };
}
