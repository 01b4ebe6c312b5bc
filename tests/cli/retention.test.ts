import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { CliFolder } from './run-cli.ts';

let folder: CliFolder;
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(() => folder.remove());

const graph = {
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: [{ id: 'a', type: 'code.js', params: { code: '(n) => n' } }],
  inputs: { a: [1] },
};

it('a server keeps what its flags say, from its start on', async () => {
  const server = await startBuiltServer(['--keep-runs', '2', '--keep-days', '30', '--keep-mb', '5']);
  try {
    const client = createClient((url, init) => fetch(server.url + url, init));
    const { limits, fixed } = await client.retention();
    expect([limits, fixed]).toEqual([{ maxRuns: 2, maxAgeMs: 30 * 86_400_000, maxBytes: 5_000_000 }, true]);
    await expect(client.setRetention({})).rejects.toMatchObject({ code: 'retention_fixed' });
    const { id } = await client.createGraph(graph as never);
    const started: string[] = [];
    for (let i = 0; i < 3; i++) {
      const run = await client.startRun(id);
      await client.followRun(run.id, () => {});
      started.unshift(run.id);
    }
    let kept: string[] = [];
    do kept = (await client.listRuns()).items.map((run) => run.id);
    while (kept.length > 2);
    expect(kept).toEqual(started.slice(0, 2));
    expect((await client.retention()).removed).toMatchObject({ runs: 1 });
  } finally {
    await server.stop();
  }
}, 60_000);

it.each(['-1', 'all', '1.5'])('%s is no such limit', async (limit) => {
  const { status, stderr } = await folder.run('serve', '--keep-runs', limit);
  expect([status, stderr]).toEqual([2, expect.stringContaining('A whole number from 0')]);
});
