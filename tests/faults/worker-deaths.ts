/** A run in which some tasks take their workers with them, and what must hold of it. */
import { expect } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { runToEnd } from './watch-run.ts';

/** A way to end the worker: what a handler does, and what is told of it. */
interface Way {
  code: string;
  told: string;
}

const thrown: Way = {
  code: 'return new Promise(() => setTimeout(() => { throw new TypeError("stray"); }));',
  told: 'stray',
};
const exit: Way = { code: 'process.exit(3);', told: 'it exited with code 3' };
const soonExit: Way = {
  code: 'return new Promise(() => setTimeout(() => process.exit(4)));',
  told: 'it exited with code 4',
};
const kill: Way = {
  code: 'process.kill(process.pid, "SIGKILL"); for (;;);',
  told: 'it was ended by SIGKILL',
};

/** What ends a worker, by where it is; a node of each mode has as many tasks, and is called after it. */
const ways = {
  node: { thread: [exit, thrown, soonExit], process: [exit, thrown, soonExit, kill] },
  browser: { thread: [thrown], process: [thrown] },
};

/** One task in `every` is guilty. */
export interface Deaths {
  host: keyof typeof ways;
  tasks: number;
  every: number;
}

const modes = ['thread', 'process'] as const;
const isGuilty = (n: number, every: number): boolean => n % every === every >> 1;
/** How the guilty task dies, by turns. */
const wayOf = (n: number, every: number, of: Way[]): Way => of[Math.floor(n / every) % of.length] as Way;

function graphOf({ host, tasks, every }: Deaths): Graph {
  const inputs = Array.from({ length: tasks }, (_, n) => n);
  return {
    format: 'handloom.graph',
    version: 1,
    name: 'worker deaths',
    nodes: modes.flatMap((mode) => [
      {
        id: mode,
        type: 'code.js',
        params: {
          code: `(n) => {
            if (n % ${every} !== ${every >> 1}) return n;
            switch (Math.floor(n / ${every}) % ${ways[host][mode].length}) {
              ${ways[host][mode].map(({ code }, i) => `case ${i}: { ${code} }`).join('\n')}
            }
          }`,
        },
        policy: { mode },
      },
      {
        id: `${mode} sum`,
        type: 'flow.reduce',
        params: { code: '([count, sum], n) => [count + 1, sum + n]', initial: [0, 0] },
      },
    ]),
    edges: modes.map((mode) => ({ source: mode, target: `${mode} sum` })),
    inputs: Object.fromEntries(modes.map((mode) => [mode, inputs])),
  };
}

/**
 * Runs it and checks that the guilty have failed, each after a second try and with how it ended, and that all others
 * have given their result once.
 * @returns how many workers have died at the least
 */
export async function expectDeathsAccountedFor(client: Client, deaths: Deaths): Promise<number> {
  const { host, tasks, every } = deaths;
  const numbers = Array.from({ length: tasks }, (_, n) => n);
  const guilty = numbers.filter((n) => isGuilty(n, every));
  const innocent = numbers.filter((n) => !isGuilty(n, every));
  const sum = innocent.reduce((all, n) => all + n, 0);
  const { report, errors } = await runToEnd(client, graphOf(deaths));
  expect(report.status).toBe('partial');
  for (const id of modes) {
    const failed = errors.filter(({ node }) => node === id);
    const toldOf = (n: number) => wayOf(n, every, ways[host][id]).told;
    const told = failed.map(({ payload, code, attempts, message }) => {
      const reason = toldOf(payload as number);
      return { n: payload as number, code, attempts, told: message.includes(reason) ? reason : message };
    });
    expect(told.sort((a, b) => a.n - b.n)).toEqual(
      guilty.map((n) => ({ n, code: 'worker_died', attempts: 2, told: toldOf(n) })),
    );
    expect({ id, ...report.nodes[id] }).toMatchObject({
      id,
      input: tasks,
      succeeded: innocent.length,
      failed: guilty.length,
      pending: 0,
    });
    expect({ id, given: report.outputs[`${id} sum`] }).toEqual({ id, given: [[innocent.length, sum]] });
  }
  expect(errors.length).toBe(guilty.length * modes.length);
  return errors.reduce((all, { attempts }) => all + attempts, 0);
}
