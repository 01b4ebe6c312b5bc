/**
 * Graphs within graphs, laid out flat. A node `S` that holds a graph stays, as a relay: what comes to it goes on to
 * the entries of its graph, and what the ends of that graph give leaves by the edges of `S`. An inner node `x` is
 * called `S/x`; everything else is as if it had been drawn outside.
 */
import { errorPort, type Graph, type GraphEdge, type GraphNode } from '../../schema/graph.ts';
import { graphWithin } from '../../schema/subgraph.ts';

/** Graphs may lie within each other this deep. */
export const deepestSubgraph = 16;

export interface FlatNode {
  id: string;
  node: GraphNode;
  /** The node of the document that holds it, or that it is: under its id its results are outputs of the run. */
  top: string;
  /** Starts only when everything upstream has ended. */
  isStaged: boolean;
}

export interface FlatEdge {
  source: string;
  target: string;
  sourcePort?: string | undefined;
  targetPort?: string | undefined;
  /** Position in the document's `edges`; absent within subgraphs. */
  index?: number;
  /** Takes the results of every output port, since the source is an end of a subgraph. */
  fromAll?: boolean;
  /** Leads from a subgraph to one of its entries. */
  feeds?: boolean;
}

export interface FlatGraph {
  /** In the document's order, those of a subgraph right after it. */
  nodes: FlatNode[];
  edges: FlatEdge[];
  inputs: Map<string, unknown[]>;
}

/**
 * Nodes of a graph that take in what comes to the node that holds it: those that no edge leads to. Nodes without an
 * input port (sources) are among them only when there is no other, and nodes with inputs of their own when there are
 * not even those.
 */
export function entriesOf(graph: Graph, takesInput: (type: string) => boolean): GraphNode[] {
  const reached = new Set(graph.edges.map((edge) => edge.target));
  const first = graph.nodes.filter(({ id }) => !reached.has(id));
  const free = first.filter(({ id }) => !graph.inputs?.[id]?.length);
  const open = free.filter(({ type }) => takesInput(type));
  return [open, free, first].find((nodes) => nodes.length > 0) ?? [];
}

/** Lays out a graph that has passed validation. */
export function flatten(graph: Graph, takesInput: (type: string) => boolean): FlatGraph {
  const flat: FlatGraph = { nodes: [], edges: [], inputs: new Map() };
  const root = { graph, prefix: '', top: undefined, isStaged: false, stagedEntries: false };
  lay(root, flat, takesInput);
  // Last, so that inputs given from outside to a node within a subgraph replace its own.
  for (const [id, payloads] of Object.entries(graph.inputs ?? {})) flat.inputs.set(id, payloads);
  return flat;
}

interface Level {
  graph: Graph;
  /** What the ids of its nodes begin with. */
  prefix: string;
  top: string | undefined;
  isStaged: boolean;
  /** Its entries wait until what is upstream of the subgraph has ended. */
  stagedEntries: boolean;
}

function lay(level: Level, flat: FlatGraph, takesInput: (type: string) => boolean): void {
  const { graph, prefix, top } = level;
  const isStaged = level.isStaged || graph.settings?.schedule === 'staged';
  const entries = new Set(prefix === '' ? [] : entriesOf(graph, takesInput));
  if (prefix !== '') {
    for (const [id, payloads] of Object.entries(graph.inputs ?? {})) flat.inputs.set(prefix + id, payloads);
    for (const { id } of entries)
      flat.edges.push({ source: prefix.slice(0, -1), target: prefix + id, feeds: true });
  }
  for (const node of graph.nodes) {
    const id = prefix + node.id;
    const waits = node.policy?.start === 'staged' || (level.stagedEntries && entries.has(node));
    flat.nodes.push({ id, node, top: top ?? id, isStaged: isStaged || waits });
    const within = graphWithin(node);
    if (!within) continue;
    const inner = { graph: within, prefix: `${id}/`, top: top ?? id, isStaged, stagedEntries: waits };
    lay(inner, flat, takesInput);
  }
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  graph.edges.forEach((edge, index) => {
    const source = byId.get(edge.source);
    if (!source || !byId.has(edge.target)) return;
    const { targetPort } = edge;
    const target = { target: prefix + edge.target, targetPort, ...(prefix === '' && { index }) };
    for (const from of sourcesOf(source, edge, prefix)) flat.edges.push({ ...from, ...target });
  });
}

/** Where an edge really begins: at a subgraph, its ends, or for the error port all within whose failures are its. */
function sourcesOf(node: GraphNode, edge: GraphEdge, prefix: string): Omit<FlatEdge, 'target'>[] {
  const within = graphWithin(node);
  const inner = `${prefix}${node.id}/`;
  if (!within) return [{ source: prefix + node.id, sourcePort: edge.sourcePort }];
  if (edge.sourcePort === errorPort) {
    return failing(within, inner).map((source) => ({ source, sourcePort: errorPort }));
  }
  return endsOf(within, inner).map((source) => ({ source, fromAll: true }));
}

/** Nodes that no edge leaves but from their error port. */
function endsOf(graph: Graph, prefix: string): string[] {
  const sources = new Set(graph.edges.filter((e) => e.sourcePort !== errorPort).map((e) => e.source));
  return graph.nodes.flatMap((node) => {
    if (sources.has(node.id)) return [];
    const within = graphWithin(node);
    return within ? endsOf(within, `${prefix}${node.id}/`) : [prefix + node.id];
  });
}

/** Nodes whose failed tasks no error edge takes up within the graph. */
function failing(graph: Graph, prefix: string): string[] {
  const handled = new Set(graph.edges.filter((e) => e.sourcePort === errorPort).map((e) => e.source));
  return graph.nodes.flatMap((node) => {
    if (handled.has(node.id)) return [];
    const within = graphWithin(node);
    return within ? failing(within, `${prefix}${node.id}/`) : [prefix + node.id];
  });
}
