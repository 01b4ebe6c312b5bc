/** The shape of a graph: which nodes form cycles, and in what order their components follow each other. */

/** A directed graph by node index: `successors[i]` lists where edges from `i` lead. */
export type Adjacency = readonly (readonly number[])[];

export interface Components {
  /** Component of each node. Components are numbered so that every edge leads to an equal or higher number. */
  of: number[];
  /** Nodes of each component, in ascending order. */
  members: number[][];
  /** Components reached by an edge from another one, without repeats. */
  successors: number[][];
  /** How many components have an edge into each. */
  predecessorCount: number[];
  /** Longest way from a source, in components; all nodes of a cycle share a layer. */
  layer: number[];
}

/**
 * Strongly connected components and their order.
 * Tarjan (1972), Depth-first search and linear graph algorithms; without recursion, so that a chain of 10,000 nodes
 * does not exhaust the stack. O(nodes + edges).
 */
export function components(successors: Adjacency): Components {
  const found = tarjan(successors);
  const count = found.length;
  // Tarjan finds a component after everything it leads to, so the reverse order is a topological one.
  const members = found.reverse();
  const of = new Array<number>(successors.length).fill(0);
  members.forEach((nodes, component) => {
    for (const node of nodes) of[node] = component;
  });

  const reached = members.map(() => new Set<number>());
  successors.forEach((targets, node) => {
    const from = of[node] as number;
    for (const target of targets) if (of[target] !== from) reached[from]?.add(of[target] as number);
  });
  const predecessorCount = new Array<number>(count).fill(0);
  const layer = new Array<number>(count).fill(0);
  reached.forEach((targets, from) => {
    for (const target of targets) {
      predecessorCount[target] = (predecessorCount[target] ?? 0) + 1;
      layer[target] = Math.max(layer[target] ?? 0, (layer[from] ?? 0) + 1);
    }
  });
  return { of, members, successors: reached.map((targets) => [...targets]), predecessorCount, layer };
}

/** Whether a component holds a cycle: several nodes, or one with an edge to itself. */
export function isCyclic(members: readonly number[], successors: Adjacency): boolean {
  const [first] = members;
  return members.length > 1 || (first !== undefined && (successors[first]?.includes(first) ?? false));
}

function tarjan(successors: Adjacency): number[][] {
  const size = successors.length;
  const index = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const onStack = new Uint8Array(size);
  const stack: number[] = [];
  const found: number[][] = [];
  let next = 0;

  for (let root = 0; root < size; root++) {
    if (index[root] !== -1) continue;
    const path: { node: number; edge: number }[] = [{ node: root, edge: 0 }];
    while (path.length > 0) {
      const frame = path[path.length - 1] as { node: number; edge: number };
      const { node } = frame;
      if (frame.edge === 0) {
        index[node] = low[node] = next++;
        stack.push(node);
        onStack[node] = 1;
      }
      const target = successors[node]?.[frame.edge];
      if (target !== undefined) {
        frame.edge++;
        if (index[target] === -1) path.push({ node: target, edge: 0 });
        else if (onStack[target]) low[node] = Math.min(low[node] as number, index[target] as number);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent) low[parent.node] = Math.min(low[parent.node] as number, low[node] as number);
      if (low[node] === index[node]) found.push(popComponent(stack, onStack, node));
    }
  }
  return found;
}

function popComponent(stack: number[], onStack: Uint8Array, root: number): number[] {
  const members: number[] = [];
  for (;;) {
    const member = stack.pop() as number;
    onStack[member] = 0;
    members.push(member);
    if (member === root) return members.sort((a, b) => a - b);
  }
}
