import { describe, expect, test } from 'vitest';
import { analyzeGraph } from '../../src/engine/graph/graph-analysis.ts';
import type { GraphKind } from '../../src/schema/analysis.ts';
import { emptyGraph, type Graph } from '../../src/schema/graph.ts';
import fc from '../property.ts';
import { chain, complete, cross, grid, loop, named, type Shape, star, wheel } from './graph-kinds.ts';

/** The graph of a shape: nodes `n0`, `n1`, … of a type nobody knows. */
const graphOf = (successors: Shape): Graph => ({
  ...emptyGraph(),
  nodes: successors.map((_, i) => ({ id: `n${i}`, type: 'no.such' })),
  edges: successors.flatMap((targets, i) => targets.map((to) => ({ source: `n${i}`, target: `n${to}` }))),
});
const analyze = (successors: Shape, work?: Record<string, number>) => analyzeGraph(graphOf(successors), work);
const kindOf = (successors: Shape): GraphKind => analyze(successors).kind;
const relabel = (successors: Shape, order: readonly number[]): Shape => {
  const result: Shape = [];
  successors.forEach((targets, from) => {
    result[order[from] as number] = targets.map((to) => order[to] as number);
  });
  return result;
};
/** Both beside each other, without an edge between them. */
const beside = (a: Shape, b: Shape): Shape => [
  ...a,
  ...b.map((targets) => targets.map((to) => to + a.length)),
];
const indexes = (nodes: readonly string[]) => nodes.map((id) => Number(id.slice(1)));

const shapes = (most: number) =>
  fc
    .integer({ min: 1, max: most })
    .chain((size) =>
      fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
    );
const order = (size: number) =>
  fc.shuffledSubarray(
    Array.from({ length: size }, (_, i) => i),
    { minLength: size, maxLength: size },
  );

/** What naive code says of a graph, straight from the definitions. */
const naive = (successors: Shape) => {
  const size = successors.length;
  const nodes = successors.map((_, i) => i);
  const reach = (from: number, next: (node: number) => number[]): Set<number> => {
    const seen = new Set<number>();
    const open = [...next(from)];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (!seen.has(at) && seen.add(at)) open.push(...next(at));
    }
    return seen;
  };
  const forward = nodes.map((node) => reach(node, (at) => successors[at] ?? []));
  const sameCycle = (a: number, b: number) => a === b || (forward[a]?.has(b) && forward[b]?.has(a)) === true;
  const around = nodes.map((node) =>
    reach(node, (at) => [...(successors[at] ?? []), ...nodes.filter((b) => successors[b]?.includes(at))]),
  );
  return {
    size,
    nodes,
    forward,
    sameCycle,
    around,
    isAcyclic: nodes.every((node) => !forward[node]?.has(node)),
  };
};

/** Longest way from `from` over the condensation, as every way tried out: each step leaves the cycle it is in. */
function longest(successors: Shape, from: number, value: (node: number) => number): number {
  const { nodes, sameCycle } = naive(successors);
  const visit = (node: number): number => {
    const cycle = nodes.filter((other) => sameCycle(node, other));
    const here = cycle.reduce((sum, member) => sum + value(member), 0);
    const further = cycle
      .flatMap((member) => successors[member] ?? [])
      .filter((target) => !sameCycle(node, target));
    return here + Math.max(0, ...further.map(visit));
  };
  return visit(from);
}

describe('the analysis of a graph', () => {
  test('finds cycles, pieces, sources and sinks as their definitions say', () => {
    fc.assert(
      fc.property(shapes(7), (successors) => {
        const found = analyze(successors);
        const { nodes, forward, sameCycle, around, isAcyclic } = naive(successors);
        expect(found.acyclic).toBe(isAcyclic);
        const inCycles = nodes.filter((node) => forward[node]?.has(node));
        expect(found.cycles.flatMap(indexes).sort((a, b) => a - b)).toEqual(inCycles);
        for (const cycle of found.cycles.map(indexes)) {
          expect(cycle).toEqual(nodes.filter((node) => sameCycle(cycle[0] as number, node)));
        }
        for (const piece of found.components.map((component) => indexes(component.nodes))) {
          const [first] = piece as [number];
          expect(piece).toEqual(nodes.filter((node) => node === first || around[first]?.has(node)));
        }
        expect(found.components.flatMap((component) => component.nodes)).toHaveLength(nodes.length);
        const others = (node: number) => nodes.filter((other) => other !== node);
        expect(indexes(found.sources)).toEqual(
          nodes.filter((node) => others(node).every((other) => !successors[other]?.includes(node))),
        );
        expect(indexes(found.sinks)).toEqual(
          nodes.filter((node) => others(node).every((other) => !successors[node]?.includes(other))),
        );
      }),
    );
  });

  test('puts each node in the layer of the longest way to it, a cycle as a whole', () => {
    fc.assert(
      fc.property(shapes(6), (successors) => {
        const { nodes, sameCycle } = naive(successors);
        const layerOf = (node: number): number => {
          const before = nodes.filter(
            (other) =>
              !sameCycle(node, other) && successors[other]?.some((target) => sameCycle(node, target)),
          );
          return before.length === 0 ? 0 : 1 + Math.max(...before.map(layerOf));
        };
        const { layers } = analyze(successors);
        expect(layers.map(indexes)).toEqual(
          layers.map((_, at) => nodes.filter((node) => layerOf(node) === at)),
        );
        expect(layers.flat()).toHaveLength(nodes.length);
      }),
    );
  });

  test('has as critical path a way that no other way exceeds, in nodes or in work', () => {
    fc.assert(
      fc.property(shapes(6), fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }), (successors, costs) => {
        const nodes = successors.map((_, i) => i);
        const longestWay = (value: (node: number) => number) =>
          Math.max(...nodes.map((node) => longest(successors, node, value)));
        const plain = analyze(successors).criticalPath;
        expect([plain.measure, plain.length]).toEqual(['nodes', longestWay(() => 1)]);
        expect(plain.nodes).toHaveLength(plain.length);

        const work = Object.fromEntries(nodes.map((node) => [`n${node}`, costs[node] as number]));
        const path = analyze(successors, work).criticalPath;
        const most = longestWay((node) => costs[node] as number);
        if (most === 0) expect(path).toEqual(plain);
        else expect([path.measure, path.length]).toEqual(['ms', most]);
        const along = indexes(path.nodes);
        if (most > 0) expect(along.reduce((sum, node) => sum + (costs[node] as number), 0)).toBe(most);
        // It is a way: from each node on it an edge leads to the next, or into or within the cycle it is in.
        const { sameCycle } = naive(successors);
        along.slice(1).forEach((node, i) => {
          const before = along[i] as number;
          const edge = nodes.some(
            (a) => sameCycle(a, before) && successors[a]?.some((b) => sameCycle(b, node)),
          );
          expect(edge || sameCycle(before, node)).toBe(true);
        });
      }),
    );
  });

  test('takes 10,000 nodes of any kind', () => {
    expect(kindOf(chain(10_000))).toBe('chain');
    expect(kindOf(grid(100, 100))).toBe('grid');
    expect(kindOf(star(10_000))).toBe('star');
    expect(kindOf(loop(10_000))).toBe('loop');
    expect(kindOf(wheel(10_000))).toBe('wheel');
    expect(kindOf(cross(100, 100, 100))).toBe('cross');
    expect(kindOf(complete(200))).toBe('complete');
    expect(kindOf(Array.from({ length: 10_000 }, () => []))).toBe('forest');
  });

  test('does not mind ids that name what every object has', () => {
    const graph: Graph = { ...emptyGraph(), nodes: [{ id: 'constructor', type: 'a.b' }], edges: [] };
    expect(analyzeGraph(graph, {}).criticalPath).toEqual({
      nodes: ['constructor'],
      length: 1,
      measure: 'nodes',
    });
    expect(analyzeGraph({ ...emptyGraph(), nodes: [], edges: [] })).toMatchObject({
      kind: 'empty',
      criticalPath: { nodes: [], length: 0 },
    });
  });
});

describe('the kind of a graph', () => {
  /** The first kind that fits, by trying every way to lay the graph over those that kinds name. */
  function naiveKind(successors: Shape): GraphKind {
    const { size, nodes, isAcyclic } = naive(successors);
    const edges = new Set(successors.flatMap((targets, from) => targets.map((to) => from * size + to)));
    const isSame = (template: Shape) => {
      const templateEdges = template.flatMap((targets, from) =>
        targets.map((to): [number, number] => [from, to]),
      );
      return (
        templateEdges.length === edges.size &&
        permutations(size).some((order) =>
          templateEdges.every(([from, to]) =>
            edges.has((order[from] as number) * size + (order[to] as number)),
          ),
        )
      );
    };
    const entries = nodes.map((node) => [...edges].filter((edge) => edge % size === node).length);
    const exits = nodes.map((node) => [...edges].filter((edge) => Math.floor(edge / size) === node).length);
    const isTree = edges.size === size - 1;
    const fitting = new Set(
      named(size)
        .filter(([, template]) => isSame(template))
        .map(([kind]) => kind),
    );
    const steps: [GraphKind, boolean][] = [
      ...(['single', 'loop', 'complete', 'wheel'] as const).map((kind): [GraphKind, boolean] => [
        kind,
        fitting.has(kind),
      ]),
      ['cyclic', !isAcyclic],
      ...(['chain', 'star', 'fan_in'] as const).map((kind): [GraphKind, boolean] => [
        kind,
        fitting.has(kind),
      ]),
      ['tree', isTree && entries.every((count) => count <= 1)],
      ['in_tree', isTree && exits.every((count) => count <= 1)],
      ...(['diamond', 'grid', 'cross'] as const).map((kind): [GraphKind, boolean] => [
        kind,
        fitting.has(kind),
      ]),
      ['polytree', isTree],
      ['acyclic', true],
    ];
    return steps.find(([, fits]) => fits)?.[0] ?? 'acyclic';
  }

  const known = new Map<number, number[][]>();
  function permutations(size: number): number[][] {
    const kept = known.get(size);
    if (kept) return kept;
    const all = (rest: number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((first) =>
            all(rest.filter((other) => other !== first)).map((more) => [first, ...more]),
          );
    const result = all(Array.from({ length: size }, (_, i) => i));
    known.set(size, result);
    return result;
  }

  const inOnePiece = (successors: Shape) => analyze(successors).components.length === 1;

  test('is the same as by trying every layout, for every graph of up to three nodes and many of four', () => {
    for (const size of [1, 2, 3]) {
      for (let edges = 0; edges < 2 ** (size * size); edges++) {
        const successors = Array.from({ length: size }, (_, from) =>
          Array.from({ length: size }, (__, to) => to).filter((to) => edges & (1 << (from * size + to))),
        );
        if (inOnePiece(successors))
          expect(kindOf(successors), JSON.stringify(successors)).toBe(naiveKind(successors));
      }
    }
    // Of four nodes, those without edges to themselves.
    const pairs = [0, 1, 2, 3].flatMap((from) =>
      [0, 1, 2, 3].filter((to) => to !== from).map((to) => [from, to]),
    );
    for (let edges = 0; edges < 2 ** pairs.length; edges++) {
      const successors: Shape = [[], [], [], []];
      pairs.forEach(([from, to], bit) => {
        if (edges & (1 << bit)) successors[from as number]?.push(to as number);
      });
      if (inOnePiece(successors))
        expect(kindOf(successors), JSON.stringify(successors)).toBe(naiveKind(successors));
    }
  });

  /** A graph that a kind names, with an edge added or taken away half of the time. */
  const almostNamed = fc
    .integer({ min: 2, max: 6 })
    .chain((size) =>
      fc.tuple(
        fc.constantFrom(...named(size).map(([, successors]) => successors)),
        fc.boolean(),
        fc.nat(size - 1),
        fc.nat(size - 1),
        order(size),
      ),
    )
    .map(([successors, change, from, to, names]) => {
      const changed = successors.map((targets, at) => {
        if (!change || at !== from) return targets;
        return targets.includes(to) ? targets.filter((target) => target !== to) : [...targets, to];
      });
      return relabel(changed, names);
    });

  test('is the same as by trying every layout, for graphs that are nearly of a kind', () => {
    fc.assert(
      fc.property(almostNamed, (successors) => {
        fc.pre(inOnePiece(successors));
        expect(kindOf(successors)).toBe(naiveKind(successors));
      }),
    );
  });

  test('does not depend on the names and the order of nodes, nor on parallel edges', () => {
    const named = shapes(8).chain((successors) =>
      fc.tuple(fc.constant(successors), order(successors.length)),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          named,
          almostNamed.map((shape) => [shape, shape.map((_, i) => i).reverse()] as const),
        ),
        ([successors, names]) => {
          const twice = successors.map((targets) => [...targets, ...targets]);
          expect(kindOf(relabel(successors, names))).toBe(kindOf(successors));
          expect(kindOf(twice)).toBe(kindOf(successors));
        },
      ),
    );
  });

  test.each<[GraphKind, Shape]>([
    ['tree', [[1, 2], [3, 4], [], [], []]],
    ['in_tree', [[2], [2], [3], []]],
    ['polytree', [[2], [2], [3, 4], [5], [], []]],
    ['forest', beside(chain(3), star(4))],
    ['forest', [[2], [2], [4], [4], [], [7, 8], [], [9], [10], [], []]],
    ['acyclic', beside(chain(2), grid(2, 3))],
    ['cyclic', beside(chain(2), loop(3))],
    ['cyclic', [[0, 1], []]],
    ['loop', [[0]]],
    ['diamond', grid(2, 2)],
    ['cross', cross(3, 1, 3)],
    ['cross', cross(2, 3, 1)],
    ['grid', grid(4, 4)],
    ['grid', grid(2, 5)],
  ])('is %s for %j', (kind, successors) => {
    expect(kindOf(successors)).toBe(kind);
  });
});
