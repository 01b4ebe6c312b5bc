import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseFile } from '../../server/data-folder.ts';
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

  /** Tasks that wait so long. */
  const waiting = (ms: number) => ({
    format: 'handloom.graph' as const,
    version: 1 as const,
    name: 'waits',
    nodes: [{ id: 'wait', type: 'flow.delay', params: { ms } }],
    edges: [],
    inputs: { wait: Array.from({ length: 1_500 }, (_, n) => n) },
  });
  /** Spoils the last part of a run's journal, as a failing disk would. @returns its first entry */
  const damageLastChunk = (run: string): number => {
    const database = new Database(databaseFile(dataDir));
    const last = 'SELECT first, bytes FROM chunk_bodies WHERE run = ? ORDER BY first DESC LIMIT 1';
    const { first, bytes } = database.prepare(last).get(run) as { first: number; bytes: ArrayBuffer };
    const spoilt = new Uint8Array(bytes);
    spoilt[spoilt.length >> 1] = (spoilt[spoilt.length >> 1] as number) ^ 1;
    database
      .prepare('UPDATE chunk_bodies SET bytes = ? WHERE run = ? AND first = ?')
      .run(Buffer.from(spoilt), run, first);
    database.close();
    return first;
  };

  it('opens a run up to where its journal is damaged on disk, and says so', async () => {
    const first = await openNodeHost({ dataDir });
    const { id } = await first.engine.start(waiting(0));
    await first.engine.ended(id);
    await first.close();
    const entry = damageLastChunk(id);
    const message = `The journal of run ${id} is damaged in the chunk from entry ${entry} on.`;

    const host = await openNodeHost({ dataDir });
    const app = createApp(await host.services());
    const report = await (await app.request(`/api/runs/${id}`)).json();
    expect(report).toMatchObject({ status: 'succeeded', nodes: { wait: { succeeded: 1_500 } } });
    let page = { items: [] as unknown[], nextCursor: '' as string | null };
    let outputs = 0;
    while (page.nextCursor !== null) {
      const cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
      page = await (await app.request(`/api/runs/${id}/outputs?limit=1000${cursor}`)).json();
      outputs += page.items.length;
    }
    expect(outputs).toBeGreaterThan(0);
    expect(outputs).toBeLessThan(1_500);
    expect(page).toMatchObject({ problem: { code: 'chunk_damaged', message } });
    await host.close();
  });

  it('does not go on with an interrupted run whose journal is damaged on disk, and names the place', async () => {
    const first = await openNodeHost({ dataDir });
    const { id } = await first.engine.start(waiting(3_600_000));
    await first.close();
    const entry = damageLastChunk(id);

    const host = await openNodeHost({ dataDir });
    const app = createApp(await host.services());
    expect(await host.engine.recover()).toEqual([]);
    const answer = await app.request(`/api/runs/${id}/resume`, { method: 'POST' });
    expect([answer.status, (await answer.json()).code]).toEqual([409, 'run_ended']);
    expect(await (await app.request(`/api/runs/${id}`)).json()).toMatchObject({
      status: 'failed',
      reasonCode: 'chunk_damaged',
      reason: expect.stringContaining(`in the chunk from entry ${entry} on.`),
      nodes: { wait: { input: 1_500 } },
    });
    await host.close();
  });

  it('says which data folder cannot be used', async () => {
    const file = join(dataDir, 'a file');
    writeFileSync(file, '');
    await expect(openNodeHost({ dataDir: join(file, 'data') })).rejects.toMatchObject({
      code: 'data_folder_unusable',
      message: expect.stringContaining('a file'),
    });
  });
});
