/** Values whose artifacts are gone, or hold something else: the rest is shown, and what is wrong in their place. */
import { expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import type { StoredValue } from '../../src/schema/stored-value.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, graph } from './small-graphs.ts';

const length = 50_000;
/** Gives large texts, the second of which fails at the next node, and a list of all. */
const document = graph(
  [
    code('make', `(letter) => letter.repeat(${length})`, { policy: { mode: 'serial' } }),
    code('take', '(text) => { if (text[0] === "b") throw new Error("no"); return text; }', {
      policy: { mode: 'serial' },
    }),
    { id: 'all', type: 'flow.collect' },
  ],
  { make: ['a', 'b', 'c'] },
  [
    { source: 'make', target: 'take' },
    { source: 'make', target: 'all' },
  ],
);

/** A run that has ended, and an engine that has nothing of it at hand. */
async function ended() {
  const store = createMemoryStore();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(document);
  await clock.until(engine.ended(id));
  return { store, id, ask: (of: Store = store) => simulatedEngine(2, undefined, of).engine };
}

/** The artifact that holds the text of this letter. */
async function hashOf(letter: string, store: Store, id: string): Promise<string> {
  for (const { first } of await store.runs.summaries(id)) {
    for (const entry of (await store.runs.chunk(id, first))?.entries ?? []) {
      for (const payload of entry.kind === 'deliver' && entry.node === 'take' ? entry.payloads : []) {
        const { hash } = payload as StoredValue;
        const bytes = await store.artifacts.get(hash);
        if (bytes && String(store.values.decode(bytes)).startsWith(letter)) return hash;
      }
    }
  }
  throw new Error(`There is no text of ${letter}.`);
}

const beginning = (value: unknown) => (typeof value === 'string' ? value[0] : value);

test.each([
  ['payload_missing', (hash: string) => `A stored payload is missing: ${hash}.`],
  ['value_damaged', () => 'A stored value is damaged.'],
])('pages come, and say %s in the place of a value', async (code, messageOf) => {
  const { store, id, ask } = await ended();
  const hash = await hashOf('b', store, id);
  await store.artifacts.delete(hash);
  if (code === 'value_damaged') await store.artifacts.claim(id, [{ hash, bytes: new Uint8Array([99, 1]) }]);
  const problem = { code, message: messageOf(hash) };
  const lost = { $missing: hash, ...problem };

  const tasks = await ask().tasks(id, { node: 'take' });
  expect(tasks).toMatchObject({ nextCursor: null, problem });
  expect(tasks.items.map(({ payload }) => beginning(payload))).toEqual(['a', lost, 'c']);
  const [failed] = tasks.items.filter(({ status }) => status === 'failed');
  expect(await ask().task(id, failed?.id ?? '')).toMatchObject({ payload: lost, problem });
  const [sound] = tasks.items;
  expect((await ask().task(id, sound?.id ?? '')).problem).toBeUndefined();
  const errors = await ask().errors(id, {});
  expect([errors.items.length, errors.items[0]?.payload, errors.problem]).toEqual([1, lost, problem]);
  const [list] = (await ask().outputs(id, { node: 'all' })).items as unknown[][];
  expect(list?.map(beginning)).toEqual(['a', lost, 'c']);

  const whole = await ask().outputs(id, { node: 'take' });
  expect([whole.items.length, whole.problem]).toEqual([2, undefined]);
  const report = await ask().report(id);
  expect([report.errors[0]?.payload, report.problem]).toEqual([lost, problem]);
});

test('what the store cannot say now is not told as missing', async () => {
  const { store, id, ask } = await ended();
  const get = () => Promise.reject(new StoreError('store_busy', 'Busy.'));
  const busy = { ...store, artifacts: { ...store.artifacts, get } };
  await expect(ask(busy).tasks(id, { node: 'take' })).rejects.toMatchObject({ code: 'store_busy' });
});
