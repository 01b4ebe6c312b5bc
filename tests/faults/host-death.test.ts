/** A task at which V8 ends the whole process: the command line goes on with the run, and the task takes it down no more. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliFile } from '../hosts/built-server.ts';

/** A list larger than there can be, made without the limit to memory being reached before. */
const deadly = '(n) => { if (n === 7) "x".repeat(2 ** 28).split(""); return n; }';

const graph = {
  format: 'handloom.graph',
  version: 1,
  name: 'deadly',
  nodes: [{ id: 'work', type: 'code.js', params: { code: deadly } }],
  edges: [],
  inputs: { work: Array.from({ length: 100 }, (_, n) => n) },
};

test('a task that has taken the host down fails in a process, with the reason, and the rest is done', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'handloom-deadly-'));
  const [file, report, data] = ['graph.json', 'report.json', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, JSON.stringify(graph));
  const handloom = (...args: string[]) =>
    new Promise<number | string | null>((resolve) => {
      const options = ['--data', data, '--report', report, '--quiet'];
      spawn(process.execPath, [cliFile, ...args, ...options], { stdio: 'ignore' }).once(
        'exit',
        (code, signal) => resolve(code ?? signal),
      );
    });
  try {
    // The process has died of a signal, whatever its name is here.
    expect(await handloom('run', file)).toEqual(expect.stringMatching(/^SIG/));
    expect(await handloom('resume')).toBe(1);
    const { status, nodes, errors } = JSON.parse(readFileSync(report, 'utf8'));
    expect({ status, ...nodes.work }).toMatchObject({
      status: 'partial',
      input: 100,
      succeeded: 99,
      failed: 1,
    });
    expect(errors).toMatchObject([{ node: 'work', code: 'worker_died', attempts: 2 }]);
    expect(errors[0].message).toContain('it ran out of memory');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
