import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteStore } from '../../server/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { chunk, run, summary } from '../contracts/store-case.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'handloom-space-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const megabyte = 1_000_000;
const noise = (seed: number) => {
  const bytes = new Uint8Array(megabyte);
  for (let i = 0; i < bytes.length; i += 997) bytes[i] = seed + i;
  return bytes;
};

/** Stores a run of so many megabytes: half in its journal, half in artifacts. */
async function fill(store: Store, id: string, megabytes: number): Promise<void> {
  await store.runs.create(run(id));
  for (let i = 0; i < megabytes / 2; i++) {
    await store.runs.append(summary(run(id)), [chunk(id, i + 1, [noise(i)])]);
    await store.artifacts.claim(id, [{ hash: `${id} ${i}`, bytes: noise(i) }]);
  }
}

/** Megabytes of a database, its log included. */
const sizeOf = (file: string) =>
  ['', '-wal'].reduce((sum, end) => sum + (statSync(file + end, { throwIfNoEntry: false })?.size ?? 0), 0) /
  megabyte;

test('the file gets smaller when a run is deleted', { timeout: 60_000 }, async () => {
  const file = join(folder, 'store.db');
  const store = await createSqliteStore(file);
  await fill(store, 'small', 2);
  const before = sizeOf(file);
  await fill(store, 'large', 16);
  expect(sizeOf(file)).toBeGreaterThan(16);
  await store.runs.delete('large');
  expect(sizeOf(file)).toBeLessThan(before + 1);
  expect((await store.runs.summaries('small')).length).toBe(1);
  await store.close();
});

test('a file from before that could be is written anew once, and keeps what it holds', {
  timeout: 60_000,
}, async () => {
  const file = join(folder, 'old.db');
  const old = new Database(file);
  old.exec('PRAGMA auto_vacuum = NONE; CREATE TABLE kept (n); INSERT INTO kept VALUES (7)');
  old.close();
  const store = await createSqliteStore(file);
  await fill(store, 'large', 10);
  await store.runs.delete('large');
  expect(sizeOf(file)).toBeLessThan(1);
  await store.close();
  const again = new Database(file);
  expect(again.prepare('SELECT n FROM kept').get()).toMatchObject({ n: 7 });
  again.close();
});

test('a disk that is full is told as such, also where SQLite has rolled back by itself', async () => {
  const file = join(folder, 'full.db');
  const store = await createSqliteStore(file);
  await store.runs.create(run('r'));
  const other = new Database(file);
  other.exec(
    "create trigger full before insert on chunks begin select raise(rollback, 'database or disk is full'); end",
  );
  const append = () => store.runs.append(summary(run('r')), [chunk('r', 1, [1])]);
  await expect(append()).rejects.toMatchObject({ code: 'store_full' });
  other.exec('drop trigger full');
  other.close();
  await append();
  expect(await store.runs.summaries('r')).toHaveLength(1);
  await store.close();
});
