/** Graphs that nodes hold, as they stand in a document. An inner node `x` of `S` is called `S/x` in a run. */
import type { Graph, GraphNode } from './graph.ts';
import { subgraphType } from './names.ts';

/** The graph that a node holds, if it is a subgraph. */
export function graphWithin(node: GraphNode): Graph | undefined {
  if (node.type !== subgraphType) return undefined;
  const graph = node.params?.graph as Graph | undefined;
  return Array.isArray(graph?.nodes) ? { ...graph, edges: graph.edges ?? [] } : undefined;
}

/** Nodes of a graph from the outside in: the one that is, or holds, what is called so in a run, and what it holds. */
export function pathTo(graph: Graph, id: string): GraphNode[] | undefined {
  for (const node of graph.nodes) {
    if (node.id === id) return [node];
    const within = id.startsWith(`${node.id}/`) ? graphWithin(node) : undefined;
    const rest = within && pathTo(within, id.slice(node.id.length + 1));
    if (rest) return [node, ...rest];
  }
  return undefined;
}

/** All nodes within a subgraph that hold none themselves: what each is called in a run, and the nodes that lead to it. */
export function nodesWithin(subgraph: GraphNode): { id: string; path: GraphNode[] }[] {
  return (graphWithin(subgraph)?.nodes ?? []).flatMap((node) => {
    const inner = node.type === subgraphType ? nodesWithin(node) : [{ id: node.id, path: [node] }];
    const outer = node.type === subgraphType ? [node] : [];
    return inner.map(({ id, path }) => ({ id: `${subgraph.id}/${id}`, path: [...outer, ...path] }));
  });
}
