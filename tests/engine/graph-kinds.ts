/** Graphs of every kind, each made as its definition says, for tests. */
import type { GraphKind } from '../../src/schema/analysis.ts';

/** `successors[i]`: where edges from node i lead. */
export type Shape = number[][];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const shape = (size: number, edges: [number, number][]): Shape => {
  const successors: Shape = range(size).map(() => []);
  for (const [from, to] of edges) successors[from]?.push(to);
  return successors;
};

export const chain = (n: number): Shape =>
  shape(
    n,
    range(n - 1).map((i) => [i, i + 1]),
  );
export const loop = (n: number): Shape =>
  shape(
    n,
    range(n).map((i) => [i, (i + 1) % n]),
  );
export const complete = (n: number): Shape => range(n).map((i) => range(n).filter((j) => j !== i));
export const wheel = (n: number): Shape => [
  range(n - 1).map((i) => i + 1),
  ...loop(n - 1).map((targets) => targets.map((target) => target + 1)),
];
export const star = (n: number): Shape =>
  shape(
    n,
    range(n - 1).map((i) => [0, i + 1]),
  );
export const fanIn = (n: number): Shape =>
  shape(
    n,
    range(n - 1).map((i) => [i + 1, 0]),
  );
export const diamond = (n: number): Shape =>
  shape(
    n,
    range(n - 2).flatMap((i): [number, number][] => [
      [0, i + 2],
      [i + 2, 1],
    ]),
  );
export const grid = (rows: number, columns: number): Shape =>
  range(rows * columns).map((at) => [
    ...(at % columns < columns - 1 ? [at + 1] : []),
    ...(at < (rows - 1) * columns ? [at + columns] : []),
  ]);
export const cross = (...layers: number[]): Shape => {
  const starts = layers.map((_, i) => layers.slice(0, i).reduce((sum, size) => sum + size, 0));
  return layers.flatMap((size, i) =>
    range(size).map(() => range(layers[i + 1] ?? 0).map((at) => (starts[i + 1] ?? 0) + at)),
  );
};

/** Every graph of so many nodes that a kind names outright, those in front whose kind comes first. */
export function named(n: number): [GraphKind, Shape][] {
  const grids = range(n + 1).flatMap((rows): [GraphKind, Shape][] =>
    rows >= 2 && n % rows === 0 && n / rows >= 2 ? [['grid', grid(rows, n / rows)]] : [],
  );
  return [
    ...(n === 1 ? ([['single', [[]]]] as [GraphKind, Shape][]) : []),
    ['loop', loop(n)],
    ...(n >= 3
      ? ([
          ['complete', complete(n)],
          ['wheel', wheel(n)],
        ] as [GraphKind, Shape][])
      : []),
    ...(n >= 2 ? ([['chain', chain(n)]] as [GraphKind, Shape][]) : []),
    ...(n >= 3
      ? ([
          ['star', star(n)],
          ['fan_in', fanIn(n)],
        ] as [GraphKind, Shape][])
      : []),
    ...(n >= 4 ? ([['diamond', diamond(n)]] as [GraphKind, Shape][]) : []),
    ...grids,
    ...compositions(n).map((layers): [GraphKind, Shape] => ['cross', cross(...layers)]),
  ];
}

/** The ways to write n as a sum of two or more positive numbers, order included. */
function compositions(n: number): number[][] {
  const all = (rest: number): number[][] =>
    rest === 0
      ? [[]]
      : range(rest).flatMap((first) => all(rest - first - 1).map((more) => [first + 1, ...more]));
  return all(n).filter((layers) => layers.length > 1);
}
