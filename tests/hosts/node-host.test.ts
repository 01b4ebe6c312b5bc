import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNodeHost } from '../../server/node-host.ts';
import { createApp } from '../../src/api/create-app.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'handloom-host-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('a Node host', () => {
  it('gives rows of tables page by page, also after it was opened anew', async () => {
    const rows = Array.from({ length: 5 }, (_, n) => ({ n, name: `row ${n}` }));
    const first = await openNodeHost({ dataDir });
    const { $table } = await (await first.services()).tables.fromRows(rows);
    await first.close();

    const host = await openNodeHost({ dataDir });
    const app = createApp(await host.services());
    const get = async (query: string) => (await app.request(`/api/tables/${$table}/rows?${query}`)).json();
    const page = await get('limit=3');
    expect(page).toEqual({ items: rows.slice(0, 3), nextCursor: '3' });
    expect(await get(`limit=3&cursor=${page.nextCursor}`)).toEqual({
      items: rows.slice(3),
      nextCursor: null,
    });
    const missing = await app.request('/api/tables/none/rows');
    expect([missing.status, (await missing.json()).code]).toEqual([404, 'table_not_found']);
    await host.close();
  });

  it('leaves a run it is in the midst of to its successor, whole', async () => {
    const inputs = Array.from({ length: 20_000 }, (_, n) => n);
    const node = { id: 'wait', type: 'flow.delay', params: { ms: 3_600_000 } };
    const graph = { format: 'handloom.graph' as const, version: 1 as const, name: 'long', nodes: [node] };
    const first = await openNodeHost({ dataDir });
    const { id } = await first.engine.start({ ...graph, edges: [], inputs: { wait: inputs } });
    await first.close();
    // Its workers are gone, which must not count as a failure of the tasks they had.
    expect(first.engine.liveRuns()).toEqual([]);

    const host = await openNodeHost({ dataDir });
    expect(await host.engine.summary(id)).toMatchObject({
      status: 'running',
      nodes: { wait: { input: inputs.length, failed: 0 } },
    });
    await host.engine.resume(id);
    expect((await host.engine.summary(id)).nodes.wait).toMatchObject({ input: inputs.length, failed: 0 });
    await host.engine.cancel(id);
    await host.close();
  });

  it('says which data folder cannot be used', async () => {
    const file = join(dataDir, 'a file');
    writeFileSync(file, '');
    await expect(openNodeHost({ dataDir: join(file, 'data') })).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('a file'),
    });
  });
});
