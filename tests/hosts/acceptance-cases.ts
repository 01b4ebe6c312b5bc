/** Graphs with what a naive simulation gives for them, and how to compare; free of any test runner and of `node:`. */
import type { Graph } from '../../src/schema/graph.ts';
import type { RunReport } from '../../src/schema/run.ts';
import { canonical } from './assert.ts';

export interface AcceptanceCase {
  graph: Graph;
  expect: {
    status: string;
    nodes: Record<string, Record<string, number>>;
    outputs: Record<string, unknown[]>;
  };
}

const modules = import.meta.glob<{ default: AcceptanceCase }>('../fixtures/acceptance/*.json', {
  eager: true,
});
export const acceptanceCases: AcceptanceCase[] = Object.values(modules).map((module) => module.default);

/** How a report differs from what was expected; empty when it does not. The order of outputs does not matter. */
export function differences(
  expect: AcceptanceCase['expect'],
  report: Pick<RunReport, 'status' | 'nodes' | 'outputs'>,
): string[] {
  const bad: string[] = [];
  if (report.status !== expect.status) bad.push(`status ${report.status}, expected ${expect.status}`);
  for (const [id, want] of Object.entries(expect.nodes)) {
    const got: Record<string, number> = report.nodes[id] ?? {};
    for (const [name, count] of Object.entries(want)) {
      if (got[name] !== count) bad.push(`${id}.${name} ${got[name]}, expected ${count}`);
    }
    const ended = ['succeeded', 'failed', 'duplicate', 'cancelled'].reduce(
      (sum, name) => sum + (got[name] ?? 0),
      0,
    );
    if (got.input !== ended) bad.push(`${id}: input ${got.input} but ${ended} accounted for`);
  }
  for (const [id, want] of Object.entries(expect.outputs)) {
    const [wanted, got] = [want, report.outputs[id] ?? []].map((values) => values.map(canonical).sort());
    if (canonical(wanted) !== canonical(got))
      bad.push(`outputs of ${id} differ: ${got?.length}, expected ${wanted?.length}`);
  }
  return bad;
}
