/** Which of the well-known kinds a graph is; `graphKinds` in the schema says what each means. */
import type { GraphKind } from '../../schema/analysis.ts';
import type { Adjacency } from './topology.ts';

/** A graph in one piece, without parallel edges, with what every question about it needs. */
interface Piece {
  /** How many nodes. */
  size: number;
  /** How many edges. */
  edges: number;
  successors: Adjacency;
  predecessors: Adjacency;
  isAcyclic: boolean;
  /** Longest way to each node from a source; meaningless in a cyclic graph. */
  layer: readonly number[];
}

const inDegree = (piece: Piece, node: number): number => piece.predecessors[node]?.length ?? 0;
const outDegree = (piece: Piece, node: number): number => piece.successors[node]?.length ?? 0;

const every = (piece: Piece, fits: (node: number) => boolean): boolean => {
  for (let node = 0; node < piece.size; node++) if (!fits(node)) return false;
  return true;
};
const only = (piece: Piece, fits: (node: number) => boolean): number | undefined => {
  let found: number | undefined;
  for (let node = 0; node < piece.size; node++) {
    if (!fits(node)) continue;
    if (found !== undefined) return undefined;
    found = node;
  }
  return found;
};

/** Whether a graph in one piece is a tree if the directions of its edges are left out of account. */
export const isTreeLike = ({ size, edges }: Pick<Piece, 'size' | 'edges'>): boolean => edges === size - 1;

/** In order: the first that fits is the kind. Those with a cycle come before those without. */
const recognisers: [GraphKind, (piece: Piece) => boolean][] = [
  ['single', ({ size, edges }) => size === 1 && edges === 0],
  ['loop', (piece) => every(piece, (node) => inDegree(piece, node) === 1 && outDegree(piece, node) === 1)],
  ['complete', isComplete],
  ['wheel', isWheel],
  ['cyclic', ({ isAcyclic }) => !isAcyclic],
  ['chain', (piece) => isTreeLike(piece) && every(piece, (node) => degreesAtMost(piece, node, 1, 1))],
  [
    'star',
    (piece) => isTreeLike(piece) && every(piece, (node) => outDegree(piece, node) % (piece.size - 1) === 0),
  ],
  [
    'fan_in',
    (piece) => isTreeLike(piece) && every(piece, (node) => inDegree(piece, node) % (piece.size - 1) === 0),
  ],
  ['tree', (piece) => isTreeLike(piece) && every(piece, (node) => inDegree(piece, node) <= 1)],
  ['in_tree', (piece) => isTreeLike(piece) && every(piece, (node) => outDegree(piece, node) <= 1)],
  ['diamond', isDiamond],
  ['grid', isGrid],
  ['cross', isCross],
  ['polytree', isTreeLike],
];

/**
 * The kind of a graph in one piece. O(nodes + edges).
 * @param successors without repeats
 * @param layer the longest way to each node from a source, if there is no cycle
 */
export function kindOf(successors: Adjacency, isAcyclic: boolean, layer: readonly number[]): GraphKind {
  const piece: Piece = {
    size: successors.length,
    edges: successors.reduce((sum, targets) => sum + targets.length, 0),
    successors,
    predecessors: reversed(successors),
    isAcyclic,
    layer,
  };
  return recognisers.find(([, fits]) => fits(piece))?.[0] ?? 'acyclic';
}

/** The same graph with its edges turned round. */
function reversed(successors: Adjacency): number[][] {
  const predecessors: number[][] = successors.map(() => []);
  successors.forEach((targets, node) => {
    for (const target of targets) predecessors[target]?.push(node);
  });
  return predecessors;
}

const degreesAtMost = (piece: Piece, node: number, most: number, mostOut: number): boolean =>
  inDegree(piece, node) <= most && outDegree(piece, node) <= mostOut;

function isComplete(piece: Piece): boolean {
  const { size, successors } = piece;
  return (
    size > 2 &&
    every(piece, (node) => outDegree(piece, node) === size - 1 && !successors[node]?.includes(node))
  );
}

function isWheel(piece: Piece): boolean {
  const { size, edges, successors } = piece;
  if (size < 3 || edges !== 2 * (size - 1)) return false;
  const hub = only(piece, (node) => inDegree(piece, node) === 0);
  if (hub === undefined || outDegree(piece, hub) !== size - 1) return false;
  if (!every(piece, (node) => node === hub || outDegree(piece, node) === 1)) return false;
  // Each node of the rim has one edge out, and one in besides the spoke: one ring, unless it closes too early.
  const start = successors[hub]?.[0] as number;
  let length = 1;
  for (let at = successors[start]?.[0]; at !== start && at !== undefined && length < size; length++) {
    at = successors[at]?.[0];
  }
  return length === size - 1 && every(piece, (node) => node === hub || inDegree(piece, node) === 2);
}

function isDiamond(piece: Piece): boolean {
  const { size, edges } = piece;
  if (size < 4 || edges !== 2 * (size - 2)) return false;
  const first = only(piece, (node) => inDegree(piece, node) === 0);
  const last = only(piece, (node) => outDegree(piece, node) === 0);
  if (first === undefined || last === undefined) return false;
  if (outDegree(piece, first) !== size - 2 || inDegree(piece, last) !== size - 2) return false;
  const isBetween = (node: number) =>
    piece.successors[node]?.length === 1 && piece.successors[node][0] === last;
  return every(piece, (node) => node === first || node === last || isBetween(node));
}

/**
 * Lays the nodes out as a grid would have them: the first row goes on from a corner through nodes with one
 * predecessor; every other node is the one that follows both its upper and its left neighbour. If all edges of such a
 * grid are there, and no others, it is one.
 */
function isGrid(piece: Piece): boolean {
  const { size, edges, successors } = piece;
  const corner = only(piece, (node) => inDegree(piece, node) === 0);
  if (corner === undefined || outDegree(piece, corner) !== 2) return false;
  if (!every(piece, (node) => degreesAtMost(piece, node, 2, 2))) return false;
  const [right, down] = successors[corner] as [number, number];
  const firstRow = [corner, ...straightFrom(piece, right)];
  const firstColumn = [corner, ...straightFrom(piece, down)];
  const width = firstRow.length;
  const height = firstColumn.length;
  if (width * height !== size || edges !== height * (width - 1) + width * (height - 1)) return false;

  const placed = new Set(firstRow);
  let above = firstRow;
  for (const start of firstColumn.slice(1)) {
    if (!successors[above[0] as number]?.includes(start)) return false;
    const row = [start];
    placed.add(start);
    for (let column = 1; column < width; column++) {
      const fromAbove = successors[above[column] as number] ?? [];
      const next = successors[row[column - 1] as number]?.find((node) => fromAbove.includes(node));
      if (next === undefined) return false;
      row.push(next);
      placed.add(next);
    }
    above = row;
  }
  return placed.size === size;
}

/** A node with one predecessor, and after it those that follow in the same way. */
function straightFrom(piece: Piece, start: number): number[] {
  const line: number[] = [];
  let at: number | undefined = start;
  while (at !== undefined && inDegree(piece, at) === 1 && line.length < piece.size) {
    line.push(at);
    at = piece.successors[at]?.find((node) => inDegree(piece, node) === 1);
  }
  return line;
}

function isCross(piece: Piece): boolean {
  const { successors, layer } = piece;
  const sizes: number[] = [];
  for (const at of layer) sizes[at] = (sizes[at] ?? 0) + 1;
  return every(piece, (node) => {
    const next = (layer[node] ?? 0) + 1;
    // No parallel edges: as many edges as the next layer has nodes, all to it, is an edge to each.
    return (
      outDegree(piece, node) === (sizes[next] ?? 0) &&
      (successors[node] ?? []).every((target) => layer[target] === next)
    );
  });
}
