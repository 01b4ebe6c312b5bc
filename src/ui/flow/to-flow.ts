/** The one place where a graph of ours becomes the nodes and edges that xyflow draws. */
import type { Edge, Node } from '@xyflow/svelte';
import type { Graph, GraphEdge, GraphNode } from '../../schema/graph.ts';
import { defaultOutput } from '../../schema/names.ts';
import { threadKeys } from '../state/run-view.svelte.ts';

export type CardNode = Node<{ node: GraphNode }, 'card'>;
export type ThreadEdge = Edge<{ edge: GraphEdge }, 'thread'>;

/** Where nodes stand that have no position yet: columns from left to right in the order of the file. */
const column = 300;
const row = 140;

/**
 * Cards for a graph's nodes. A card that is what it was is the very same object, so that xyflow leaves it alone;
 * measured sizes and the present drag survive.
 */
export function toCards(
  graph: Graph,
  selected: ReadonlySet<string>,
  before: CardNode[],
  labels: (node: GraphNode) => string,
): CardNode[] {
  const old = new Map(before.map((card) => [card.id, card]));
  return graph.nodes.map((node, index) => {
    const card = old.get(node.id);
    const position = node.position
      ? { x: node.position.x, y: node.position.y }
      : { x: (index % 4) * column, y: Math.floor(index / 4) * row };
    const isSelected = selected.has(node.id);
    const ariaLabel = labels(node);
    if (
      card &&
      card.data.node === node &&
      card.selected === isSelected &&
      card.ariaLabel === ariaLabel &&
      (card.dragging || (card.position.x === position.x && card.position.y === position.y))
    ) {
      return card;
    }
    return {
      ...card,
      id: node.id,
      type: 'card',
      position: card?.dragging ? card.position : position,
      selected: isSelected,
      ariaLabel,
      data: card?.data.node === node ? card.data : { node },
    };
  });
}

/** Threads for a graph's edges, with names that stay the same while other edges come and go. */
export function toThreads(
  graph: Graph,
  selected: ReadonlySet<string>,
  before: ThreadEdge[],
  labels: (edge: GraphEdge) => string,
  /** The input port of a node that an edge leads to which names none. */
  firstInput: (node: string) => string,
): ThreadEdge[] {
  const old = new Map(before.map((thread) => [thread.id, thread]));
  const keys = threadKeys(graph.edges);
  return graph.edges.map((edge, index) => {
    const id = keys[index] as string;
    const thread = old.get(id);
    const isSelected = selected.has(id);
    const ariaLabel = labels(edge);
    if (thread && thread.selected === isSelected && thread.ariaLabel === ariaLabel) return thread;
    return {
      ...thread,
      id,
      type: 'thread',
      source: edge.source,
      target: edge.target,
      sourceHandle: edge.sourcePort ?? defaultOutput,
      targetHandle: edge.targetPort ?? firstInput(edge.target),
      selected: isSelected,
      ariaLabel,
      data: { edge },
    };
  });
}
