/** A part of a graph that runs by itself: a node and all it leads to, or the node alone. */
import { ValidationError } from '../errors.ts';
import type { Graph } from '../schema/graph.ts';

export interface Scope {
  /** The node where the run begins. */
  from: string;
  /** Nothing downstream of it either. */
  only?: boolean | undefined;
}

/**
 * The graph without what is out of scope: nodes, their edges, and the inputs of all nodes but the first.
 * @throws ValidationError `unknown_node`
 */
export function restrictGraph(graph: Graph, { from, only }: Scope): Graph {
  if (!graph.nodes.some(({ id }) => id === from)) {
    const message = `There is no node ${JSON.stringify(from)}.`;
    throw new ValidationError('unknown_node', message, { issues: [{ code: 'unknown_node', message }] });
  }
  const kept = only ? new Set([from]) : reached(graph, from);
  const inputs = graph.inputs?.[from];
  return {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => kept.has(id)),
    edges: only ? [] : graph.edges.filter(({ source }) => kept.has(source)),
    inputs: inputs ? { [from]: inputs } : {},
  };
}

function reached({ edges }: Graph, from: string): Set<string> {
  const targets = new Map<string, string[]>();
  for (const { source, target } of edges) {
    const known = targets.get(source);
    if (known) known.push(target);
    else targets.set(source, [target]);
  }
  const found = new Set([from]);
  // A set visits what is added while it is walked.
  for (const node of found) for (const target of targets.get(node) ?? []) found.add(target);
  return found;
}
