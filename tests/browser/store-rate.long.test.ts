/** How fast each store takes a journal, beside each other on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSqliteStore } from '../../server/store/sqlite-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { measureAppends } from '../store/measure-appends.ts';
import { openStorePage } from './store/store-page.ts';

const chunks = 300;

it('takes a journal far faster than tasks can end', async () => {
  const rates: Record<string, number> = { memory: await measureAppends(createMemoryStore(), chunks) };
  const folder = mkdtempSync(join(tmpdir(), 'handloom-rate-'));
  const sqlite = await createSqliteStore(join(folder, 'store.db'));
  rates.sqlite = await measureAppends(sqlite, chunks);
  await sqlite.close();
  rmSync(folder, { recursive: true });
  const page = await openStorePage();
  rates['dexie in Chromium'] = (await page.inWorker({ do: 'measure', name: 'rate', chunks })) as number;
  await page.close();
  console.table(rates);
  // Rows of one event each reach some 20,000 a second; chunks must be well beyond, on a busy machine too.
  for (const rate of Object.values(rates)) expect(rate).toBeGreaterThan(40_000);
});
