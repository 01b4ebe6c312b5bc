import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { CliFolder } from './run-cli.ts';

const flaky = "(n, ctx) => { if (n > 3 && ctx.attempt === 1) throw new RangeError('big'); return n * 10; }";
const graph = {
  format: 'handloom.graph',
  version: 1,
  name: 'a graph',
  nodes: [
    { id: 'a', type: 'code.js', params: { code: '(n) => n + 1' } },
    { id: 'b', type: 'code.js', params: { code: flaky } },
  ],
  edges: [{ source: 'a', target: 'b' }],
  inputs: { a: [1, 2, 3] },
};
const sorted = (values: number[]) => values.toSorted((a, b) => a - b);

let folder: CliFolder;
beforeEach(() => {
  folder = new CliFolder();
  folder.file('g.json', graph);
});
afterEach(() => folder.remove());

const report = (name: string) => JSON.parse(readFileSync(join(folder.path, name), 'utf8'));

/** A run in a process of its own that waits for tasks. */
async function keptOpen(...args: string[]) {
  const { child, ended } = folder.start('run', 'g.json', '--keep-open', ...args);
  const id = await new Promise<string>((resolve) => {
    let text = '';
    child.stderr?.on('data', (more) => {
      text += more;
      const [, name] = /run (\w+): kept open/.exec(text) ?? [];
      if (name) resolve(name);
    });
  });
  return { id, child, ended };
}

/** Looks until the run is as it should be in the list. */
async function until(id: string, isSo: (run: { nodes: Record<string, { failed: number }> }) => boolean) {
  for (;;) {
    const runs = JSON.parse((await folder.run('runs', '--json')).stdout);
    if (isSo(runs.find((run: { id: string }) => run.id === id))) return;
  }
}

it('steers a run that goes on in another process', async () => {
  const { id, ended } = await keptOpen('--report', 'out.json');
  await until(id, ({ nodes }) => nodes.b?.failed === 1);
  expect(await folder.run('pause')).toEqual({ status: 0, stdout: '', stderr: `run ${id}: paused\n` });
  folder.file('more.json', [9]);
  expect(await folder.run('inject', id, '--input', 'a=more.json')).toMatchObject({
    status: 0,
    stderr: `run ${id}: tasks added: 1\n`,
  });
  expect(await folder.run('inject', id, '--input', 'ghost=more.json')).toMatchObject({
    status: 2,
    stderr: `run ${id}: There is no node "ghost".\n`,
  });
  expect((await folder.run('resume', id)).status).toBe(0);
  await until(id, ({ nodes }) => nodes.b?.failed === 2);
  expect(await folder.run('retry', '--error', 'TypeError')).toMatchObject({
    status: 2,
    stderr: `run ${id}: no failed task fits\n`,
  });
  expect((await folder.run('retry', id, '--node', 'b', '--quiet')).status).toBe(0);
  expect((await folder.run('close')).status).toBe(0);
  expect((await ended).status).toBe(0);
  expect(sorted(report('out.json').outputs.b)).toEqual([20, 30, 40, 100]);
  expect(readdirSync(join(folder.path, 'data', 'live'))).toEqual([]);
  expect(await folder.run('close', id)).toMatchObject({
    status: 2,
    stderr: `run ${id}: it has ended already: succeeded\n`,
  });
}, 60_000);

it('adds values that JSON cannot say', async () => {
  folder.file('dates.json', {
    ...graph,
    nodes: [{ ...graph.nodes[0], params: { code: '(at) => at.getTime() + 1' } }],
    edges: [],
    inputs: {},
  });
  const { child, ended } = folder.start('run', 'dates.json', '--keep-open', '--report', 'out.json');
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  folder.file('more.json', [{ $type: 'Date', value: new Date(5).toISOString() }]);
  expect((await folder.run('inject', '--typed', '--input', 'a=more.json')).status).toBe(0);
  expect((await folder.run('close')).status).toBe(0);
  expect((await ended).status).toBe(0);
  expect(report('out.json').outputs).toEqual({ a: [6] });
}, 60_000);

it('says that a run whose process died is not live, and cancels it all the same', async () => {
  const { id, child, ended } = await keptOpen();
  child.kill('SIGKILL');
  await ended;
  expect(readdirSync(join(folder.path, 'data', 'live'))).not.toEqual([]);
  expect((await folder.run('runs')).stdout).toContain(`${id}  interrupted  `);
  expect(await folder.run('pause', id)).toMatchObject({
    status: 2,
    stderr: `run ${id}: it is not live, since its process has ended; handloom resume ${id} goes on with it\n`,
  });
  expect(await folder.run('cancel')).toMatchObject({ status: 0, stderr: `run ${id}: cancelled\n` });
  const [run] = JSON.parse((await folder.run('runs', '--json')).stdout);
  expect(run).toMatchObject({ id, status: 'cancelled' });
  // What the dead process had left behind is gone.
  expect(readdirSync(join(folder.path, 'data', 'live'))).toEqual([]);
}, 60_000);

it('does again in this process what has ended, or only a part', async () => {
  expect((await folder.run('run', 'g.json')).status).toBe(1);
  expect((await folder.run('rerun', '--node', 'b', '--report', 'b.json')).status).toBe(1);
  expect(report('b.json')).toMatchObject({ status: 'partial', from: 'b', nodes: { b: { input: 3 } } });
  const { id, errors } = report('b.json');
  expect((await folder.run('retry', '--task', errors[0].task, '--report', 'b.json')).status).toBe(0);
  expect(report('b.json')).toMatchObject({ id, status: 'succeeded' });

  expect((await folder.run('run', 'g.json', '--only', 'a', '--report', 'a.json')).status).toBe(0);
  expect(sorted(report('a.json').outputs.a)).toEqual([2, 3, 4]);
  expect(await folder.run('run', 'g.json', '--from', 'ghost')).toMatchObject({
    status: 2,
    stderr: '--from ghost: there is no such node\n',
  });
  expect(await folder.run('rerun', '--node', 'ghost')).toMatchObject({
    status: 2,
    stderr: './data: no run has delivered anything to "ghost"\n',
  });
  expect((await folder.run('runs')).stdout).toMatch(
    /a graph \(only a\)\n.* a graph \(from b\)\n.* a graph\n/,
  );
  expect((await folder.run('close', '--data', 'none')).stderr).toBe('none: no runs are kept here\n');
  expect(existsSync(join(folder.path, 'none'))).toBe(false);
}, 60_000);

it('has a server run again what it ran', async () => {
  const server = await startBuiltServer();
  try {
    const data = ['--data', server.dataDir];
    const first = await folder.run('run', 'g.json', '--report', 'first.json', ...data);
    expect(first.status).toBe(1);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ node: 'b' });
    const { id } = await (
      await fetch(`${server.url}/api/runs/${report('first.json').id}/rerun`, {
        method: 'POST',
        headers,
        body,
      })
    ).json();
    const again = await folder.run('rerun', id, '--node', 'b', '--only', '--report', 'again.json', ...data);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining(`run ${id}: run again as `) });
    expect(report('again.json')).toMatchObject({
      rerunOf: id,
      only: true,
      owner: expect.stringContaining(`:${server.child.pid}`),
    });
  } finally {
    await server.stop();
  }
}, 60_000);

it('is followed and steered through a server on the same folder', async () => {
  const { id, ended } = await keptOpen('--report', 'out.json');
  const server = await startBuiltServer(['--data', join(folder.path, 'data')]);
  const client = createClient((path, init) => fetch(server.url + path, init));
  try {
    const seen: number[] = [];
    const followed = client.followRun(id, ({ run }) => seen.push(run.nodes.a?.input ?? 0));
    await client.pauseRun(id);
    expect((await client.getRun(id)).status).toBe('paused');
    await client.resumeRun(id);
    await client.inject(id, { a: [9] });
    await client.closeRun(id);
    await followed;
    expect((await ended).status).toBe(1);
    expect(seen.at(-1)).toBe(4);
    expect((await client.getRun(id)).status).toBe('partial');
  } finally {
    await server.stop();
  }
}, 60_000);
