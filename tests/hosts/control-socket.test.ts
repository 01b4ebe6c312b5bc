import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { liveRecords } from '../../server/control-socket.ts';
import { openNodeHost } from '../../server/node-host.ts';
import { owner } from '../../server/process-name.ts';
import { reachHost } from '../../server/reach-host.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

it.skipIf(process.platform === 'win32')('a host can be reached by its user alone', async () => {
  const host = await openNodeHost({ dataDir: folder, stays: true });
  const [record] = await liveRecords(folder);
  expect(record).toMatchObject({ owner, stays: true });
  expect([modeOf(join(folder, 'live')), modeOf(record?.socket ?? '')]).toEqual([0o700, 0o600]);
  const client = await reachHost(folder, { owner });
  expect(await client?.health()).toMatchObject({ status: 'ok', host: 'node' });
  expect(await reachHost(folder, { owner: 'elsewhere:1' })).toBeUndefined();
  await host.close();
  expect(readdirSync(join(folder, 'live'))).toEqual([]);
  expect(await reachHost(folder, { owner })).toBeUndefined();
});

it('a data folder whose path is too long for a socket has it elsewhere', async () => {
  const dataDir = join(folder, 'long'.repeat(40));
  const host = await openNodeHost({ dataDir });
  const [record] = await liveRecords(dataDir);
  const socket = record?.socket ?? '';
  expect(socket.length).toBeLessThan(104);
  expect(await (await reachHost(dataDir, { owner }))?.health()).toMatchObject({ status: 'ok' });
  expect(await reachHost(dataDir, { owner, stays: true })).toBeUndefined();
  await host.close();
  expect(() => statSync(join(socket, '..'))).toThrow('ENOENT');
});

it('what dead hosts left is removed, what others have is left alone', async () => {
  const live = join(folder, 'live');
  mkdirSync(live);
  const record = (name: string, text: string) => writeFileSync(join(live, `${name}.json`), text);
  const stale = join(live, 'a.sock');
  writeFileSync(stale, '');
  // No process has so high a number.
  record('a', JSON.stringify({ owner: `${hostname()}:4194999`, socket: stale, stays: true }));
  record('b', JSON.stringify({ owner: 'another-machine:1', socket: join(live, 'b.sock'), stays: true }));
  record('c', '{');
  const host = await openNodeHost({ dataDir: folder });
  await host.close();
  expect(readdirSync(live)).toEqual(['b.json', 'c.json']);
});
