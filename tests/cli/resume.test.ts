import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'handloom-resume-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['dist/server/cli.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

const ended = (child: ChildProcess) =>
  new Promise<{ status: number | null; stderr: string }>((resolve) => {
    let stderr = '';
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    child.on('close', (status) => resolve({ status, stderr }));
  });

const count = 400;
const graph = {
  format: 'handloom.graph',
  version: 1,
  name: 'slow squares',
  nodes: [
    // Says in a file of its own that a task ran, so that the test knows when to strike.
    {
      id: 'work',
      type: 'code.js',
      params: { code: '(n) => { const end = Date.now() + 8; while (Date.now() < end); return n * n; }' },
    },
    { id: 'mark', type: 'io.write', params: { path: 'mark.txt', as: 'text' }, policy: { mode: 'serial' } },
    { id: 'text', type: 'code.js', params: { code: 'String' } },
    { id: 'sum', type: 'flow.reduce', params: { code: '(a, b) => a + b', initial: 0 } },
  ],
  edges: [
    { source: 'work', target: 'sum' },
    { source: 'work', target: 'text' },
    { source: 'text', target: 'mark' },
  ],
  inputs: { work: Array.from({ length: count }, (_, i) => i) },
};

test('a run whose process was killed goes on where it was, and ends as if nothing had happened', async () => {
  const file = join(folder, 'graph.json');
  const report = join(folder, 'report.json');
  const data = join(folder, 'data');
  writeFileSync(file, JSON.stringify(graph));

  const first = start('run', file, '--data', data, '--quiet');
  const death = ended(first);
  await until(() => readFileSync(join(data, 'files', 'mark.txt'), 'utf8').length > 0);
  first.kill('SIGKILL');
  await death;

  const second = await ended(start('resume', '--data', data, '--report', report, '--quiet'));
  expect(second).toEqual({ status: 0, stderr: '' });
  const { status, nodes, outputs } = JSON.parse(readFileSync(report, 'utf8'));
  expect(status).toBe('succeeded');
  expect(nodes.work).toMatchObject({ input: count, succeeded: count, failed: 0, pending: 0 });
  expect(outputs.sum).toEqual([Array.from({ length: count }, (_, i) => i * i).reduce((a, b) => a + b)]);

  const third = await ended(start('resume', '--data', data));
  expect(third.status).toBe(2);
  expect(third.stderr).toContain('no run was interrupted');
}, 60_000);

test('a folder without runs has none to go on with', async () => {
  const { status, stderr } = await ended(start('resume', '--data', join(folder, 'none')));
  expect(status).toBe(2);
  expect(stderr).toContain('no runs are kept here');
});

/** Asks again until it is so; a file that is not there yet is not so. */
async function until(isSo: () => boolean): Promise<void> {
  for (;;) {
    try {
      if (isSo()) return;
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
