/** Hundreds of workers that die within thousands of tasks: by their tasks' doing, or killed from outside. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { openChromium } from './chromium-host.ts';
import { runEnded, startRun } from './watch-run.ts';
import { expectDeathsAccountedFor } from './worker-deaths.ts';

test('400 deaths of threads and processes in 4,000 tasks on Node, by the tasks themselves', async () => {
  const server = await startBuiltServer();
  try {
    const deaths = await expectDeathsAccountedFor(createClient(fetch, `${server.url}/api`), {
      host: 'node',
      tasks: 2000,
      every: 20,
    });
    expect(deaths).toBe(400);
  } finally {
    await server.stop();
  }
});

test('500 deaths of workers in 5,000 tasks in Chromium', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'handloom-profile-'));
  const server = await startBuiltServer();
  const { client, close } = await openChromium(server.url, profile);
  try {
    const deaths = await expectDeathsAccountedFor(client, {
      host: 'browser',
      tasks: 2500,
      every: 20,
    });
    expect(deaths).toBe(500);
  } finally {
    await close();
    await server.stop();
    rmSync(profile, { recursive: true, force: true });
  }
});

/** The processes in which a host's tasks run. */
const taskProcesses = (host: number): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, parent, state]) => Number(parent) === host && pid && !state?.startsWith('Z'))
    .map(([pid]) => Number(pid));

test('1,000 tasks in processes that are killed from outside 100 times', async () => {
  const server = await startBuiltServer();
  const client = createClient(fetch, `${server.url}/api`);
  const random = seededRandom('kills of processes', '1');
  const tasks = 1000;
  const kills = 100;
  try {
    const id = await startRun(client, {
      format: 'handloom.graph',
      version: 1,
      name: 'victims',
      nodes: [
        {
          id: 'work',
          type: 'code.js',
          params: { code: '(n) => { const end = Date.now() + 30; while (Date.now() < end); return n; }' },
          // Who is killed by chance may be killed again and again.
          policy: { mode: 'process', retry: { max: 20, on: ['WorkerDiedError'] } },
        },
        {
          id: 'sum',
          type: 'flow.reduce',
          params: { code: '([c, s], n) => [c + 1, s + n]', initial: [0, 0] },
        },
      ],
      edges: [{ source: 'work', target: 'sum' }],
      inputs: { work: Array.from({ length: tasks }, (_, n) => n) },
    });
    const killed = new Set<number>();
    while (killed.size < kills && !hasEnded((await client.getRun(id)).status)) {
      const living = taskProcesses(server.child.pid as number).filter((pid) => !killed.has(pid));
      const pid = living[Math.floor(random() * living.length)];
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
      // It may have a moment to get something done.
      await new Promise((resolve) => setTimeout(resolve, random() * 200));
    }
    const { status, nodes, outputs } = await runEnded(client, id);
    console.log(`${killed.size} processes killed, ${nodes.work?.retried} tasks tried again`);
    expect(status).toBe('succeeded');
    expect(nodes.work).toMatchObject({ input: tasks, succeeded: tasks, failed: 0 });
    expect(outputs.sum).toEqual([[tasks, (tasks * (tasks - 1)) / 2]]);
    expect(killed.size).toBe(kills);
  } finally {
    await server.stop();
  }
});
