/** A graph with all that its subgraphs hold laid out beside them, found naively: what a run of it must do. */
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';

export interface FlatEdge extends GraphEdge {
  /** Position in the document's `edges`; none within subgraphs. */
  index?: number;
}

export interface FlatGraph extends Graph {
  edges: FlatEdge[];
}

export const heldBy = ({ type, params }: GraphNode): Graph | undefined =>
  type === 'flow.subgraph' ? (params?.graph as Graph) : undefined;

/** The node of the document under whose id the results of a node are outputs. */
export const outputOf = (id: string): string => id.split('/')[0] as string;

/** Inner nodes `x` of a subgraph `S` are called `S/x`; `S` itself hands on what comes to it. */
export function unfolded(graph: Graph): FlatGraph {
  const flat: FlatGraph = { ...graph, nodes: [], edges: [], inputs: { ...graph.inputs } };
  for (const node of graph.nodes) unfoldNode(node, '', flat);
  graph.edges.forEach((edge, index) => {
    for (const each of unfoldEdge(edge, graph, '')) flat.edges.push({ ...each, index });
  });
  return flat;
}

function unfoldNode(node: GraphNode, prefix: string, flat: FlatGraph): void {
  const id = prefix + node.id;
  flat.nodes.push({ ...node, id });
  const held = heldBy(node);
  if (!held) return;
  const within = `${id}/`;
  const entries = entriesOf(held);
  for (const inner of held.nodes) {
    const waits = node.policy?.start === 'staged' && entries.includes(inner);
    const policy = { ...inner.policy, ...(waits && { start: 'staged' as const }) };
    unfoldNode({ ...inner, policy }, within, flat);
  }
  for (const entry of entries) flat.edges.push({ source: id, target: within + entry.id });
  for (const edge of held.edges) flat.edges.push(...unfoldEdge(edge, held, within));
  for (const [name, payloads] of Object.entries(held.inputs ?? {}))
    flat.inputs = { ...flat.inputs, [within + name]: payloads };
}

function unfoldEdge(edge: GraphEdge, graph: Graph, prefix: string): GraphEdge[] {
  const target = prefix + edge.target;
  const source = graph.nodes.find(({ id }) => id === edge.source) as GraphNode;
  const held = heldBy(source);
  if (!held) return [{ ...edge, source: prefix + edge.source, target }];
  const within = `${prefix}${edge.source}/`;
  const ways = edge.sourcePort === 'error' ? waysOfErrors(held, within) : waysOut(held, within);
  return ways.map((way) => ({ ...edge, ...way, target }));
}

/** First nodes; those with values of their own only if there are no others. */
function entriesOf({ nodes, edges, inputs = {} }: Graph): GraphNode[] {
  const first = nodes.filter(({ id }) => !edges.some(({ target }) => target === id));
  const free = first.filter(({ id }) => !inputs[id]?.length);
  return free.length > 0 ? free : first;
}

/** Every port of every last node. */
function waysOut({ nodes, edges }: Graph, prefix: string): { source: string; sourcePort: string }[] {
  const last = nodes.filter(
    ({ id }) => !edges.some(({ source, sourcePort }) => source === id && sourcePort !== 'error'),
  );
  return last.flatMap((node) => {
    const held = heldBy(node);
    if (held) return waysOut(held, `${prefix}${node.id}/`);
    const ports = node.type === 'flow.route' ? (node.params?.ports as string[]) : ['out'];
    return ports.map((sourcePort) => ({ source: prefix + node.id, sourcePort }));
  });
}

/** Nodes whose failed tasks no edge takes up within. */
function waysOfErrors({ nodes, edges }: Graph, prefix: string): { source: string; sourcePort: string }[] {
  const open = nodes.filter(
    ({ id }) => !edges.some(({ source, sourcePort }) => source === id && sourcePort === 'error'),
  );
  return open.flatMap((node) => {
    const held = heldBy(node);
    return held
      ? waysOfErrors(held, `${prefix}${node.id}/`)
      : [{ source: prefix + node.id, sourcePort: 'error' }];
  });
}
