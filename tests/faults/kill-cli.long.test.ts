/** The command line killed again and again while its tasks do things outside, which a ledger keeps count of. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import { cliFile } from '../hosts/built-server.ts';
import { openEffectsLedger } from './effects-ledger.ts';

const tasks = 10_000;
const kills = 50;

const graphFor = (url: string) => ({
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

test(`${tasks} tasks with effects, killed ${kills} times: nothing is lost, nothing is done twice`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'handloom-kills-'));
  const ledger = await openEffectsLedger();
  const random = seededRandom('kills', '1');
  const file = join(folder, 'graph.json');
  const report = join(folder, 'report.json');
  const data = join(folder, 'data');
  writeFileSync(file, JSON.stringify(graphFor(ledger.url)));
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [cliFile, ...args, '--data', data, '--quiet'], {
      stdio: 'inherit',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, ended };
  };
  try {
    let life = start('run', file, '--report', report);
    let killed = 0;
    for (; killed < kills; killed++) {
      // Anywhere on the way, sometimes before a life has done anything.
      const further =
        Math.floor(random() * 2 * (tasks / kills)) * (killed > 0 && random() < 0.1 ? 0 : 1) +
        (killed === 0 ? 1 : 0);
      const over = await Promise.race([
        ledger.reaches(Math.min(tasks, ledger.done.size + further)).then(() => false),
        life.ended.then(() => true),
      ]);
      if (over) break;
      life.child.kill('SIGKILL');
      await life.ended;
      life = start('resume', '--report', report);
    }
    const exit = await life.ended;
    const { status, nodes, outputs, errors } = JSON.parse(readFileSync(report, 'utf8'));
    console.log(
      `killed ${killed} times; ${ledger.repeats()} requests were repeats that their key made harmless`,
    );
    expect({ exit, status, errors: errors.slice(0, 3) }).toEqual({
      exit: 0,
      status: 'succeeded',
      errors: [],
    });
    expect(killed).toBeGreaterThan(kills / 2);
    for (const node of ['work', 'send', 'sum', 'count'])
      expect({ node, ...nodes[node] }).toMatchObject({ node, input: tasks, succeeded: tasks, failed: 0 });
    expect(outputs).toEqual({ sum: [tasks * (tasks - 1)], count: [tasks] });
    expect(ledger.done.size).toBe(tasks);
    expect(new Set(ledger.done.values()).size).toBe(tasks);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
