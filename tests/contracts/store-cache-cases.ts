/** Results kept for later runs. */
import { bytes, equal, run, type StoreCase } from './store-case.ts';

export const cacheCases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => cacheCases.push({ name, run });

const entry = (key: string, at: number, value: number, uses: string[] = []) => ({
  key: `cache/${key}`,
  at,
  uses,
  bytes: bytes(value, value),
});

mustHold(
  'gives cached results in the order they are asked for, the first of a key for good',
  async ({ store: { cache } }) => {
    await cache.put([entry('a', 1, 1), entry('b', 2, 2), entry('a', 3, 9)]);
    await cache.put([entry('b', 9, 9), entry('c', 3, 3)]);
    await cache.put([]);
    equal(await cache.get(['cache/c', 'cache/none', 'cache/a', 'cache/b', 'cache/a']), [
      bytes(3, 3),
      undefined,
      bytes(1, 1),
      bytes(2, 2),
      bytes(1, 1),
    ]);
    equal(await cache.get([]), []);
    equal(await cache.size(), { entries: 3, bytes: 6 });
  },
);

mustHold('forgets cached results by age, or all', async ({ store: { cache } }) => {
  equal(await cache.size(), { entries: 0, bytes: 0 });
  await cache.put([entry('a', 1, 1), entry('b', 2, 2), entry('c', 3, 3)]);
  equal(await cache.delete(2), 1);
  equal(await cache.get(['cache/a', 'cache/b']), [undefined, bytes(2, 2)]);
  equal(await cache.delete(), 2);
  equal(await cache.delete(), 0);
  equal(await cache.size(), { entries: 0, bytes: 0 });
});

mustHold('forgets the oldest cached results beyond a size, their artifacts counted', async ({ store }) => {
  const { cache, artifacts, runs } = store;
  await runs.create(run('r'));
  await artifacts.claim('r', [{ hash: 'large', bytes: bytes(1) }]);
  const large = { ...entry('b', 2, 2, ['large']), size: 1000 };
  await cache.put([entry('c', 3, 3), large, entry('a', 1, 1)]);
  equal(await cache.size(), { entries: 3, bytes: 1004 });
  equal(await cache.trim(1004), 0);
  equal(await cache.trim(1003), 1);
  equal(await cache.get(['cache/a', 'cache/c']), [undefined, bytes(3, 3)]);
  await runs.delete('r');
  equal(await artifacts.has('large'), true);
  equal(await cache.trim(2), 1);
  equal([await artifacts.has('large'), await cache.size()], [false, { entries: 1, bytes: 2 }]);
  equal(await cache.trim(0), 1);
});

mustHold('keeps settings', async ({ store, reopen }) => {
  equal(await store.settings.get('a'), undefined);
  await store.settings.set('a', { maxRuns: 3, ключ: [null] });
  await store.settings.set('b', 0);
  await store.settings.set('a', { maxRuns: 4 });
  const again = (await reopen?.()) ?? store;
  equal([await again.settings.get('a'), await again.settings.get('b')], [{ maxRuns: 4 }, 0]);
  await again.settings.set('a', undefined);
  equal(await again.settings.get('a'), undefined);
});

mustHold('keeps the artifacts of cached results until these are forgotten', async ({ store }) => {
  const { cache, artifacts, runs } = store;
  await runs.create(run('r'));
  await artifacts.claim('r', [
    { hash: 'cached', bytes: bytes(1) },
    { hash: 'own', bytes: bytes(2) },
  ]);
  await cache.put([entry('a', 1, 1, ['cached'])]);
  await runs.delete('r');
  equal([await artifacts.has('cached'), await artifacts.has('own')], [true, false]);
  equal(await artifacts.sweep(), 0);
  await cache.delete();
  equal(await artifacts.has('cached'), false);
});

mustHold('takes more cached results at once than a question has room for', async ({ store: { cache } }) => {
  const many = Array.from({ length: 3000 }, (_, i) => entry(String(i), i, i % 200));
  await cache.put(many);
  const found = await cache.get(many.map(({ key }) => key));
  equal(
    found.every((one, i) => one?.[0] === i % 200),
    true,
  );
});
