/** A run in which some tasks never let go of their worker, and what must hold of it. */
import { expect } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import type { Graph } from '../../src/schema/graph.ts';
import type { Mode } from '../../src/schema/policy.ts';
import type { Task } from '../../src/schema/run.ts';
import { runToEnd } from './watch-run.ts';
import { waysToStick } from './ways-to-stick.ts';

export interface Stuck {
  /** Tasks of each mode, of which one in `every` is stuck. */
  tasks: number;
  every: number;
  modes: Mode[];
  timeoutMs: number;
}

const isStuck = (n: number, every: number): boolean => n % every === every >> 1;

function graphOf({ tasks, every, modes, timeoutMs }: Stuck): Graph {
  const inputs = Array.from({ length: tasks }, (_, n) => n);
  const code = `(n) => {
    if (n % ${every} !== ${every >> 1}) return n;
    switch (Math.floor(n / ${every}) % ${waysToStick.length}) {
      ${waysToStick.map((way, i) => `case ${i}: ${way}`).join('\n')}
    }
  }`;
  const sum = { code: '([count, sum], n) => [count + 1, sum + n]', initial: [0, 0] };
  return {
    format: 'handloom.graph',
    version: 1,
    name: 'stuck tasks',
    nodes: [
      ...modes.flatMap((mode) => [
        { id: mode, type: 'code.js', params: { code }, policy: { mode, timeoutMs } },
        { id: `${mode} sum`, type: 'flow.reduce', params: sum },
      ]),
      { id: 'good', type: 'code.js', params: { code: '(n) => n' } },
      { id: 'good sum', type: 'flow.reduce', params: sum },
    ],
    edges: [...modes, 'good'].map((id) => ({ source: id, target: `${id} sum` })),
    inputs: { good: inputs, ...Object.fromEntries(modes.map((mode) => [mode, inputs])) },
  };
}

/**
 * Runs it and checks that the stuck tasks have failed for their time, and that all others have given their result once.
 * @returns by mode: milliseconds beyond its limit until each stuck task was recorded, from when its worker began it
 */
export async function expectStuckEnded(client: Client, stuck: Stuck): Promise<Record<string, number[]>> {
  const { tasks, every, modes, timeoutMs } = stuck;
  const numbers = Array.from({ length: tasks }, (_, n) => n);
  const good = numbers.filter((n) => !isStuck(n, every));
  const { report, errors } = await runToEnd(client, graphOf(stuck));
  const { id } = report;
  expect(report.status).toBe('partial');
  const overrun: Record<string, number[]> = {};
  for (const mode of modes) {
    const failed = errors.filter(({ node }) => node === mode);
    expect(failed.map(({ payload }) => payload as number).sort((a, b) => a - b)).toEqual(
      numbers.filter((n) => isStuck(n, every)),
    );
    expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['task_timeout']));
    expect({ mode, ...report.nodes[mode] }).toMatchObject({
      mode,
      input: tasks,
      succeeded: good.length,
      failed: tasks - good.length,
    });
    const sum = good.reduce((all, n) => all + n, 0);
    expect({ mode, given: report.outputs[`${mode} sum`] }).toEqual({ mode, given: [[good.length, sum]] });
    overrun[mode] = [];
    for (const { task } of failed) overrun[mode].push(lasted(await client.getTask(id, task)) - timeoutMs);
  }
  expect(report.nodes.good).toMatchObject({ input: tasks, succeeded: tasks });
  expect(report.outputs['good sum']).toEqual([[tasks, (tasks * (tasks - 1)) / 2]]);
  return overrun;
}

/** From when a worker began the last attempt to when it was given up. */
function lasted({ history }: Task): number {
  const last = history?.at(-1);
  return last ? Date.parse(last.finishedAt) - Date.parse(last.startedAt) : Number.NaN;
}
