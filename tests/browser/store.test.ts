/** The Dexie store on a real browser's IndexedDB: the contract all stores share, and what only a browser does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeCases } from '../contracts/store-contract.ts';
import { openStorePage, type StorePage } from './store/store-page.ts';

let store: StorePage;
beforeAll(async () => {
  store = await openStorePage();
}, 60_000);
afterAll(() => store?.close());

describe('dexie store in Chromium', () => {
  it.each(storeCases.map(({ name }, index) => ({ name, index })))(
    '$name',
    { timeout: 60_000 },
    async ({ index }) => {
      expect(await store.inWorker({ do: 'case', index })).toBe('passed');
    },
  );

  it('closes for a page of a newer version, says so, and writes no more', async () => {
    const verdict = await store.inWorker({ do: 'supersede', name: 'superseded' });
    expect(verdict).toEqual({
      reasons: ['newer_version'],
      codes: ['store_closed', 'store_closed', 'store_newer'],
      version: 1000,
    });
  });

  it('says that storage is full and keeps all it had taken', async () => {
    const devtools = await store.page.context().newCDPSession(store.page);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: store.origin, quotaSize: 12_000_000 });
    const verdict = (await store.inWorker({ do: 'fill', name: 'full', bytes: 2_000_000 })) as Record<
      string,
      number
    >;
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: store.origin });
    expect(verdict).toMatchObject({ code: 'store_full', known: verdict.kept });
    expect(verdict.kept).toBeGreaterThan(0);
  });
});
