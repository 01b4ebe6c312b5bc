/** Artifacts: large values by hash, which stay as long as somebody uses them. */
import { StoredValue } from '../../src/schema/stored-value.ts';
import type { Store } from '../../src/store/store.ts';
import { bytes, chunk, equal, run, type StoreCase, summary } from './store-case.ts';

export const artifactCases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => artifactCases.push({ name, run });

/** Which of these artifacts there are. */
const there = async ({ artifacts }: Store, ...hashes: string[]) => {
  const found: string[] = [];
  for (const hash of hashes) if (await artifacts.has(hash)) found.push(hash);
  return found;
};

mustHold('keeps artifacts by hash, the first of a hash for good', async ({ store: { artifacts } }) => {
  const large = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  await artifacts.put('large', large);
  await artifacts.put('empty', bytes());
  await artifacts.put('empty', bytes(1));
  await artifacts.claim('r', [{ hash: 'empty', bytes: bytes(2) }]);
  equal((await artifacts.get('large'))?.length, large.length);
  equal(
    (await artifacts.get('large'))?.every((byte, i) => byte === i % 251),
    true,
  );
  equal(await artifacts.get('empty'), bytes());
  equal(await artifacts.has('large'), true);
  equal(await artifacts.delete('large'), true);
  equal(await artifacts.has('large'), false);
});

mustHold('deletes with a run what only that run used', async ({ store }) => {
  const { runs, artifacts } = store;
  await artifacts.claim('a', [
    { hash: 'own', bytes: bytes(1) },
    { hash: 'shared', bytes: bytes(2) },
  ]);
  for (const id of ['a', 'b', 'ab']) await runs.create(run(id));
  await artifacts.claim('b', [{ hash: 'shared' }]);
  await artifacts.claim('ab', [{ hash: 'other', bytes: bytes(3) }]);
  await artifacts.claim('a', [{ hash: 'own' }]);
  equal(await runs.delete('a'), true);
  equal(await there(store, 'own', 'shared', 'other'), ['shared', 'other']);
  await runs.delete('b');
  equal(await there(store, 'own', 'shared', 'other'), ['other']);
});

mustHold('leaves what was put and not claimed yet when a run that used it goes', async ({ store }) => {
  const { runs, artifacts } = store;
  await runs.create(run('before'));
  await artifacts.claim('before', [{ hash: 'table', bytes: bytes(1) }]);
  await artifacts.put('table', bytes(1));
  await runs.delete('before');
  equal(await there(store, 'table'), ['table']);
  await runs.create(run('after'));
  await artifacts.claim('after', [{ hash: 'table' }]);
  await runs.delete('after');
  equal(await there(store, 'table'), []);
});

mustHold('takes a run from some of what it uses', async ({ store }) => {
  const { runs, artifacts } = store;
  for (const id of ['a', 'b']) await runs.create(run(id));
  const large = { hash: 'own', bytes: new Uint8Array(5000) };
  await artifacts.claim('a', [large, { hash: 'shared', bytes: bytes(2) }, { hash: 'kept', bytes: bytes(3) }]);
  await artifacts.claim('b', [{ hash: 'shared' }]);
  await runs.append(summary(run('a')), [chunk('a', 1, ['x'])]);
  await artifacts.release('a', ['own', 'shared', 'of nobody']);
  equal(await there(store, 'own', 'shared', 'kept'), ['shared', 'kept']);
  equal(((await runs.sizes()).get('a') ?? 0) < 1000, true, 'its size is less');
  await artifacts.release('b', ['shared', 'kept']);
  equal(await there(store, 'shared', 'kept'), ['kept']);
});

mustHold('sweeps away what no run uses, and nothing else', async ({ store }) => {
  const { runs, artifacts } = store;
  await runs.create(run('r'));
  await artifacts.claim('r', [{ hash: 'used', bytes: bytes(1) }]);
  await artifacts.claim('never made', [
    { hash: 'left behind', bytes: bytes(2) },
    { hash: 'used', bytes: bytes(1) },
  ]);
  await artifacts.put('loose', bytes(3));
  equal(await artifacts.sweep(), 2);
  equal(await there(store, 'used', 'left behind', 'loose'), ['used']);
  equal(await artifacts.sweep(), 0);
  await runs.delete('r');
  equal(await there(store, 'used'), []);
});

mustHold('writes and reads single values, named by their content', async ({ store: { values } }) => {
  const value = { when: new Date(3), list: [1n, undefined, -0], map: new Map([[1, Uint8Array.of(2)]]) };
  const encoded = values.encode(value);
  equal(values.decode(encoded), value);
  const hash = await values.hash(bytes(1, 2, 3));
  equal(hash, '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81');
});

mustHold(
  'keeps references to stored values in journals, wherever they stand',
  async ({ store: { runs } }) => {
    const plain = new StoredValue('ab', 40_000);
    const payloads = [
      plain,
      [1, new StoredValue('cd', 50_000, { key: '#k', nested: true }), plain],
      { payload: plain },
    ];
    await runs.create(run('r'));
    await runs.append(summary(run('r')), [chunk('r', 1, payloads)]);
    const entries = (await runs.chunk('r', 1))?.entries as { payloads?: unknown[] }[];
    const back = entries.map((entry) => entry.payloads?.[0]) as [
      StoredValue,
      StoredValue[],
      { payload: unknown },
    ];
    equal(back, payloads);
    equal(
      [back[0], back[1][1], back[2].payload].every((value) => value instanceof StoredValue),
      true,
    );
  },
);

mustHold('knows about how large runs are, artifacts included', async ({ store: { runs, artifacts } }) => {
  await artifacts.claim('large', [{ hash: 'early', bytes: new Uint8Array(100_000) }]);
  for (const id of ['large', 'small']) {
    await runs.create(run(id));
    await runs.append(summary(run(id)), [chunk(id, 1, ['x'.repeat(id === 'large' ? 50_000 : 5)])]);
  }
  await artifacts.claim('large', [{ hash: 'late', bytes: new Uint8Array(200_000) }]);
  const sizes = await runs.sizes();
  const [large = 0, small = 0] = [sizes.get('large'), sizes.get('small')];
  equal(
    [large > 350_000, large < 360_000, small > 0, small < 2_000],
    [true, true, true, true],
    `${large} ${small}`,
  );
  equal([...(await runs.sizes(['small', 'none']))], [['small', small]]);
  await runs.delete('large');
  equal([...(await runs.sizes()).keys()], ['small']);
});
