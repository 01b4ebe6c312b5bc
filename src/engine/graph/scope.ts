/** A part of a graph that runs by itself: a node and all it leads to, or the node alone. */
import { type Issue, ValidationError } from '../../errors.ts';
import type { Graph, GraphNode } from '../../schema/graph.ts';
import { graphWithin } from '../../schema/subgraph.ts';

export interface Scope {
  /** The node where the run begins; within a subgraph `S` it is called `S/x`. */
  from: string;
  /** Nothing downstream of it either. */
  only?: boolean | undefined;
}

/**
 * The graph without what is out of scope: nodes, their edges, and the inputs of all nodes but the first.
 * @throws ValidationError `unknown_node`, `from_within_cycle`
 */
export function restrictGraph(graph: Graph, { from, only = false }: Scope): Graph {
  const part = partFrom(graph, from, only, from);
  if (!part) throw refusal('unknown_node', `There is no node ${JSON.stringify(from)}.`);
  const inputs = graph.inputs?.[from] ?? part.inputs;
  return { ...part.graph, inputs: inputs ? { [from]: inputs } : {} };
}

interface Part {
  graph: Graph;
  /** The first node's own. */
  inputs: unknown[] | undefined;
}

/**
 * @param id what the first node is called in this graph
 * @param from what it is called in the document
 */
function partFrom(graph: Graph, id: string, only: boolean, from: string): Part | undefined {
  const first = graph.nodes.find((node) => node.id === id);
  if (first) return { graph: keep(graph, first, only), inputs: graph.inputs?.[id] };
  for (const holder of graph.nodes) {
    const within = id.startsWith(`${holder.id}/`) ? graphWithin(holder) : undefined;
    const part = within && partFrom(within, id.slice(holder.id.length + 1), only, from);
    if (!part) continue;
    if (!only && isOnCycle(graph, holder.id)) {
      const message = `A run cannot begin at ${JSON.stringify(from)}, since what it gives comes back to the subgraph ${JSON.stringify(holder.id)} around it: begin there.`;
      throw refusal('from_within_cycle', message);
    }
    const inner = { ...holder, params: { ...holder.params, graph: { ...part.graph, inputs: {} } } };
    return { graph: keep(graph, inner, only), inputs: part.inputs };
  }
  return undefined;
}

/** What of a graph begins at this node, which may have been narrowed itself. */
function keep(graph: Graph, first: GraphNode, only: boolean): Graph {
  const kept = only ? new Set([first.id]) : reached(graph, first.id);
  return {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => kept.has(id)).map((node) => (node.id === first.id ? first : node)),
    edges: only ? [] : graph.edges.filter(({ source }) => kept.has(source)),
  };
}

const isOnCycle = (graph: Graph, id: string): boolean =>
  graph.edges.some(({ source, target }) => target === id && reached(graph, id).has(source));

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

function refusal(code: string, message: string): ValidationError {
  const issue: Issue = { code, message };
  return new ValidationError(code, message, { issues: [issue] });
}
