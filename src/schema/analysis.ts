/** What can be told of a graph from its shape. */
import { z } from 'zod';

/**
 * Kinds of graph. Edges between the same two nodes, whatever their ports, count as one, and the labels of nodes do
 * not matter. A graph in one piece is of the first kind that fits; n is the number of nodes.
 *
 * - `empty`: no node.
 * - `single`: one node, no edge.
 * - `loop`: a ring that all edges go round in one direction; a node with an edge to itself is the smallest.
 * - `complete`: n ≥ 3; an edge from every node to every other, none to itself.
 * - `wheel`: n ≥ 3; a hub with an edge to every other node and none to it; the others form a `loop`.
 * - `cyclic`: any other with a cycle.
 * - `chain`: nodes one after the other, each with an edge to the next, n ≥ 2.
 * - `star`: n ≥ 3; one node with an edge to each of the others, and no other edge.
 * - `fan_in`: n ≥ 3; one node to which each of the others has an edge, and no other edge.
 * - `tree`: one root; every other node has exactly one predecessor.
 * - `in_tree`: a tree with its edges turned round: branches flow together into one node.
 * - `diamond`: one node, from it edges to two or more, and from each of those one edge to a last one.
 * - `grid`: r rows of c nodes, r and c ≥ 2, edges to the right and to the next row.
 * - `cross`: layers, where each node has edges to all nodes of the next layer and to no other.
 * - `polytree`: a tree as soon as the directions of its edges are left out of account.
 * - `acyclic`: any other without a cycle.
 *
 * A graph in several pieces is a `forest` when each of them is a tree if the directions of its edges are left out of
 * account, else `cyclic` or `acyclic`.
 */
export const graphKinds = [
  'empty',
  'single',
  'loop',
  'complete',
  'wheel',
  'cyclic',
  'chain',
  'star',
  'fan_in',
  'tree',
  'in_tree',
  'diamond',
  'grid',
  'cross',
  'polytree',
  'acyclic',
  'forest',
] as const;
export type GraphKind = (typeof graphKinds)[number];

export const analysisQuerySchema = z.object({
  run: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Id of a run; the critical path then goes by the work it measured.' }),
});

const ids = z.array(z.string());

export const graphAnalysisSchema = z.object({
  nodes: z.int(),
  edges: z.int(),
  acyclic: z.boolean(),
  kind: z.enum(graphKinds),
  components: z.array(z.object({ kind: z.enum(graphKinds), nodes: ids })).meta({
    description: 'The pieces that no edge connects, with their nodes in the order of the document.',
  }),
  cycles: z.array(ids).meta({
    description: 'Nodes that lead back to themselves, together with those they share a cycle with.',
  }),
  layers: z.array(ids).meta({
    description: 'Nodes by the longest way to them from a source; nodes of one cycle share a layer.',
  }),
  sources: ids.meta({ description: 'Nodes to which no edge leads from another.' }),
  sinks: ids.meta({ description: 'Nodes from which no edge leads to another.' }),
  criticalPath: z
    .object({
      nodes: ids,
      length: z.number(),
      measure: z.enum(['nodes', 'ms']),
    })
    .meta({
      description:
        'The way through the graph with the most nodes or, where a run has measured it, the most work in milliseconds. A cycle on the way counts with all its nodes.',
    }),
});
export type GraphAnalysis = z.infer<typeof graphAnalysisSchema>;
