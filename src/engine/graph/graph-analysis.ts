/** What a graph's shape tells: its cycles, pieces and layers, what kind of graph it is, and its longest way. */
import type { GraphAnalysis, GraphKind } from '../../schema/analysis.ts';
import type { Graph } from '../../schema/graph.ts';
import { isTreeLike, kindOf } from './graph-kind.ts';
import { adjacency } from './plan.ts';
import { type Adjacency, type Components, components, isCyclic } from './topology.ts';

/**
 * Analyses a graph whose structure has been checked; types and params of its nodes do not matter. O(nodes + edges).
 * @param work milliseconds of work by node, as a run has measured them; nodes it does not name have none
 */
export function analyzeGraph(graph: Graph, work: Readonly<Record<string, number>> = {}): GraphAnalysis {
  const ids = graph.nodes.map((node) => node.id);
  const successors = simple(adjacency(graph, new Map(ids.map((id, index) => [id, index]))));
  const strong = components(successors);
  const named = (nodes: readonly number[]) => nodes.map((node) => ids[node] as string);
  const cycles = strong.members.filter((members) => isCyclic(members, successors));
  const pieces = piecesOf(successors).map((nodes) => ({
    nodes,
    ...describePiece(nodes, successors, strong),
  }));
  const entered = new Set(successors.flatMap((targets, node) => targets.filter((target) => target !== node)));
  const leadsOn = (node: number) => successors[node]?.some((target) => target !== node) ?? false;
  const nodes = ids.map((_, node) => node);
  return {
    nodes: ids.length,
    edges: graph.edges.length,
    acyclic: cycles.length === 0,
    kind: wholeKind(pieces),
    components: pieces.map((piece) => ({ kind: piece.kind, nodes: named(piece.nodes) })),
    cycles: cycles.map(named),
    layers: layersOf(strong).map(named),
    sources: named(nodes.filter((node) => !entered.has(node))),
    sinks: named(nodes.filter((node) => !leadsOn(node))),
    criticalPath: criticalPath(strong, ids, work),
  };
}

/** Edges between the same nodes count once. */
const simple = (successors: Adjacency): number[][] => successors.map((targets) => [...new Set(targets)]);

/** The pieces that no edge connects, each with its nodes in ascending order, by their first. */
function piecesOf(successors: Adjacency): number[][] {
  const neighbours: number[][] = successors.map((targets) => [...targets]);
  successors.forEach((targets, node) => {
    for (const target of targets) neighbours[target]?.push(node);
  });
  const seen = new Uint8Array(successors.length);
  const pieces: number[][] = [];
  for (let start = 0; start < successors.length; start++) {
    if (seen[start]) continue;
    seen[start] = 1;
    const piece = [start];
    // The list grows while it is walked.
    for (const node of piece) {
      for (const next of neighbours[node] ?? []) {
        if (seen[next]) continue;
        seen[next] = 1;
        piece.push(next);
      }
    }
    pieces.push(piece.sort((a, b) => a - b));
  }
  return pieces;
}

interface PieceShape {
  kind: GraphKind;
  isAcyclic: boolean;
  isTreeLike: boolean;
}

function describePiece(nodes: readonly number[], successors: Adjacency, strong: Components): PieceShape {
  const place = new Map(nodes.map((node, index) => [node, index]));
  const own = nodes.map((node) => (successors[node] ?? []).map((target) => place.get(target) as number));
  const isAcyclic = nodes.every(
    (node) => !isCyclic(strong.members[strong.of[node] as number] ?? [], successors),
  );
  const layer = nodes.map((node) => strong.layer[strong.of[node] as number] ?? 0);
  const edges = own.reduce((sum, targets) => sum + targets.length, 0);
  return {
    kind: kindOf(own, isAcyclic, layer),
    isAcyclic,
    isTreeLike: isTreeLike({ size: nodes.length, edges }),
  };
}

function wholeKind(pieces: readonly PieceShape[]): GraphKind {
  const [only, ...others] = pieces;
  if (!only) return 'empty';
  if (others.length === 0) return only.kind;
  if (pieces.every((piece) => piece.isTreeLike)) return 'forest';
  return pieces.every((piece) => piece.isAcyclic) ? 'acyclic' : 'cyclic';
}

function layersOf({ members, layer }: Components): number[][] {
  const layers: number[][] = [];
  members.forEach((nodes, component) => {
    const at = layer[component] ?? 0;
    const here = (layers[at] ??= []);
    for (const node of nodes) here.push(node);
  });
  return layers.map((nodes) => nodes.sort((a, b) => a - b));
}

/**
 * The way through the components with the most work, and of those with equal work the one with the most nodes. A
 * cycle counts with all its nodes, since a task may pass each.
 */
function criticalPath(
  { members, successors }: Components,
  ids: readonly string[],
  work: Readonly<Record<string, number>>,
): GraphAnalysis['criticalPath'] {
  const workOf = (node: number) => {
    const id = ids[node] as string;
    return Object.hasOwn(work, id) ? (work[id] ?? 0) : 0;
  };
  const best = members.map((nodes) => ({
    work: nodes.reduce((sum, node) => sum + workOf(node), 0),
    nodes: nodes.length,
    before: -1,
  }));
  const arrival = best.map((own) => ({ ...own }));
  const isLonger = (a: { work: number; nodes: number }, b: { work: number; nodes: number }) =>
    a.work !== b.work ? a.work > b.work : a.nodes > b.nodes;
  // Components are numbered so that edges lead to higher numbers, so each is final when its turn comes.
  successors.forEach((targets, from) => {
    const here = arrival[from];
    for (const target of targets) {
      const own = best[target];
      if (!here || !own) continue;
      const through = { work: here.work + own.work, nodes: here.nodes + own.nodes, before: from };
      if (isLonger(through, arrival[target] ?? own)) arrival[target] = through;
    }
  });
  let end = 0;
  arrival.forEach((way, component) => {
    if (isLonger(way, arrival[end] ?? way)) end = component;
  });
  const path: number[] = [];
  for (let at = arrival.length > 0 ? end : -1; at >= 0; at = arrival[at]?.before ?? -1) path.push(at);
  const last = arrival[end];
  const measured = (last?.work ?? 0) > 0;
  return {
    nodes: path
      .reverse()
      .flatMap((component) => (members[component] ?? []).map((node) => ids[node] as string)),
    length: (measured ? last?.work : last?.nodes) ?? 0,
    measure: measured ? 'ms' : 'nodes',
  };
}
