/** A graph made ready to run: indexes instead of ids, ports resolved, components known. */
import { defaultInput, defaultOutput, errorPort, type Graph, type GraphEdge } from '../../schema/graph.ts';
import type { PreparedNode } from '../executor.ts';
import { type FlatEdge, type FlatGraph, type FlatNode, flatten } from './subgraphs.ts';
import { type Adjacency, type Components, components } from './topology.ts';

export interface PlannedEdge {
  /** Position in the document's `edges`; none within subgraphs. */
  index: number | undefined;
  target: number;
  port: string;
}

export interface PlannedNode extends PreparedNode {
  index: number;
  /** Edges by output port, the error port included. */
  edges: Map<string, PlannedEdge[]>;
  /** No edge leaves it but from its error port: its results are outputs of the run. */
  isEnd: boolean;
  /** The node of the document under whose id they are: itself, or the subgraph that holds it. */
  outputOf: string;
  hasIncoming: boolean;
  /** Starts only when everything upstream has ended. */
  staged: boolean;
  /** The edge along which a worker may go on by itself with what this node gives. */
  onward?: PlannedEdge | undefined;
}

export interface Plan {
  nodes: PlannedNode[];
  indexOf: Map<string, number>;
  components: Components;
  edgeCount: number;
  inputs: Map<string, unknown[]>;
}

/** Where an edge leaves: the port it names, else `out`, else the node's only port. Undefined: it has to say. */
export function sourcePortOf(
  edge: Pick<GraphEdge, 'sourcePort'>,
  outputs: readonly string[],
): string | undefined {
  if (edge.sourcePort !== undefined) return edge.sourcePort;
  if (outputs.includes(defaultOutput)) return defaultOutput;
  return outputs.length === 1 ? outputs[0] : undefined;
}

/** Where an edge arrives: the port it names, else the node's first. */
function targetPortOf(edge: Pick<GraphEdge, 'targetPort'>, inputs: readonly string[]): string {
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

/** Lays out a graph that has passed validation. `prepared` holds its nodes, those of its subgraphs included. */
export function planGraph(graph: Graph, prepared: PreparedNode[]): Plan {
  const withoutInput = new Set(prepared.flatMap((n) => (n.definition.inputs.length === 0 ? [n.type] : [])));
  const flat = flatten(graph, (type) => !withoutInput.has(type));
  const indexOf = new Map(flat.nodes.map(({ id }, index) => [id, index]));
  const nodes = prepared.map((node, index): PlannedNode => {
    const { top, isStaged } = flat.nodes[index] as FlatNode;
    const isEnd = node.definition.kind !== 'relay';
    return { ...node, index, edges: new Map(), isEnd, outputOf: top, hasIncoming: false, staged: isStaged };
  });
  for (const edge of flat.edges) {
    const source = nodes[indexOf.get(edge.source) ?? -1];
    const target = nodes[indexOf.get(edge.target) ?? -1];
    if (source && target) connect(edge, source, target);
  }
  markFed(flat, nodes, indexOf);
  for (const node of nodes) node.onward = onwardEdge(node, nodes);
  return {
    nodes,
    indexOf,
    components: components(nodes.map(successorsOf)),
    edgeCount: graph.edges.length,
    inputs: flat.inputs,
  };
}

function connect(edge: FlatEdge, source: PlannedNode, target: PlannedNode): void {
  const inputs = target.definition.inputs.map((input) => input.name);
  const planned = { index: edge.index, target: target.index, port: targetPortOf(edge, inputs) };
  const ports = edge.fromAll ? source.outputs : [sourcePortOf(edge, source.outputs) ?? defaultOutput];
  for (const port of ports) {
    source.edges.set(port, [...(source.edges.get(port) ?? []), planned]);
    if (port !== errorPort) source.isEnd = false;
  }
  if (!edge.feeds) target.hasIncoming = true;
}

/** The entries of a subgraph to which nothing leads start by themselves, where their type does. */
function markFed(flat: FlatGraph, nodes: PlannedNode[], indexOf: ReadonlyMap<string, number>): void {
  // A subgraph comes before those within it.
  for (const { source, target } of flat.edges.filter((edge) => edge.feeds)) {
    const subgraph = nodes[indexOf.get(source) as number] as PlannedNode;
    const entry = nodes[indexOf.get(target) as number] as PlannedNode;
    if (subgraph.hasIncoming || flat.inputs.get(source)?.length) entry.hasIncoming = true;
  }
}

/** Indexes of the nodes its edges lead to, with repeats. */
export const successorsOf = ({ edges }: PlannedNode): number[] =>
  [...edges.values()].flatMap((some) => some.map(({ target }) => target));

/** The edge along which a worker may go on with what a node gives (`chains.ts`), where nothing must come back first. */
function onwardEdge(source: PlannedNode, nodes: readonly PlannedNode[]): PlannedEdge | undefined {
  const edges = source.edges.get(defaultOutput) ?? [];
  const [edge] = edges;
  if (!edge || edges.length > 1 || !mayChain(source)) return undefined;
  const target = nodes[edge.target] as PlannedNode;
  const { dedupe, queueLimit, rateLimit } = target.policy;
  const waits = dedupe || queueLimit !== undefined || rateLimit !== undefined || target.staged;
  return waits || !mayChain(target) ? undefined : edge;
}

/** Whether nothing about a node asks for a look at its single tasks or for a worker of its own. */
function mayChain({ definition, policy }: PlannedNode): boolean {
  const { mode, timeoutMs, maxTasksPerWorker, cache } = policy;
  return (
    definition.kind === 'map' &&
    definition.place === 'worker' &&
    !definition.effects &&
    mode === 'thread' &&
    !cache &&
    timeoutMs === undefined &&
    maxTasksPerWorker === undefined
  );
}
