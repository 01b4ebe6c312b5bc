/** A run whose tasks each do something outside, and what must hold of it however often its host is killed. */
import { expect } from 'vitest';
import type { Graph } from '../../src/schema/graph.ts';
import type { RunReport } from '../../src/schema/run.ts';
import type { EffectsLedger } from './effects-ledger.ts';

/** `tasks` tasks that post to the ledger, with a step before and two sums after. */
export const effectsGraph = (url: string, tasks: number): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'effects',
  nodes: [
    { id: 'work', type: 'code.js', params: { code: '(n) => n * 2' } },
    {
      id: 'send',
      type: 'io.http',
      params: { method: 'POST', url: `${url}/effect/{}` },
      policy: { mode: 'async', workers: 16 },
    },
    { id: 'sum', type: 'flow.reduce', params: { code: '(a, b) => a + b', initial: 0 } },
    { id: 'count', type: 'flow.reduce', params: { code: '(n) => n + 1', initial: 0 } },
  ],
  edges: [
    { source: 'work', target: 'send' },
    { source: 'send', target: 'sum' },
    { source: 'send', target: 'count' },
  ],
  inputs: { work: Array.from({ length: tasks }, (_, i) => i) },
  settings: { capabilities: { fetch: ['127.0.0.1'] } },
});

/** Where within a run of so many tasks a host is killed next: anywhere, sometimes before it has done anything. */
export function nextKill(ledger: EffectsLedger, tasks: number, kills: number, random: () => number): number {
  const isFirst = ledger.done.size === 0;
  const further = Math.floor(random() * 2 * (tasks / kills)) * (!isFirst && random() < 0.1 ? 0 : 1);
  return Math.min(tasks, ledger.done.size + further + (isFirst ? 1 : 0));
}

/** Nothing was lost, nothing recorded twice, nothing done twice. */
export function expectExact(
  { status, nodes, outputs, errors }: RunReport,
  ledger: EffectsLedger,
  tasks: number,
): void {
  expect({ status, errors: errors.slice(0, 3) }).toEqual({ status: 'succeeded', errors: [] });
  for (const node of ['work', 'send', 'sum', 'count'])
    expect({ node, ...nodes[node] }).toMatchObject({ node, input: tasks, succeeded: tasks, failed: 0 });
  expect(outputs).toEqual({ sum: [tasks * (tasks - 1)], count: [tasks] });
  expect(ledger.done.size).toBe(tasks);
  expect(new Set(ledger.done.values()).size).toBe(tasks);
}
