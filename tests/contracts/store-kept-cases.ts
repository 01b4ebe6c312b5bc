/** Graphs, and what holds for all a store keeps. */
import {
  bytes,
  chunk,
  equal,
  graph,
  readAll,
  rejects,
  run,
  type StoreCase,
  summary,
  time,
} from './store-case.ts';

export const keptCases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => keptCases.push({ name, run });

mustHold('knows nothing of unknown ids', async ({ store: { runs, graphs, artifacts } }) => {
  equal(await runs.get('x'), undefined);
  equal(await runs.summaries('x'), []);
  equal(await runs.chunk('x', 1), undefined);
  equal(await runs.delete('x'), false);
  equal(await graphs.get('x'), undefined);
  equal(await graphs.load('x'), undefined);
  equal(await graphs.delete('x'), false);
  equal(await artifacts.get('x'), undefined);
  equal(await artifacts.has('x'), false);
  equal(await artifacts.delete('x'), false);
  await rejects('run_not_found', () => runs.append(run('x'), [chunk('x', 1, [1])]));
  equal(await runs.summaries('x'), [], 'nothing written for an unknown run');
  await rejects('graph_not_found', () => graphs.compact('x', bytes(1)));
  equal(await graphs.load('x'), undefined);
});

mustHold('tells long and unicode ids apart', async ({ store: { runs, graphs } }) => {
  const ids = [
    'é',
    'e\u0301',
    'É',
    'A',
    'a',
    'a ',
    '😀'.repeat(100),
    '😀'.repeat(99),
    "'; drop table runs; --",
    '__proto__',
    '%',
    '_',
  ];
  for (const [i, id] of ids.entries()) {
    await runs.create(run(id, { graph: `graph of ${id}`, createdAt: time(i) }));
    await runs.append(summary(run(id, { graph: `graph of ${id}`, createdAt: time(i) })), [
      chunk(id, 1, [id]),
    ]);
    await graphs.append(graph(id, i), bytes(i));
  }
  for (const [i, id] of ids.entries()) {
    equal((await runs.get(id))?.graph, `graph of ${id}`);
    equal(await runs.chunk(id, 1), chunk(id, 1, [id]));
    equal(await graphs.load(id), [bytes(i)]);
  }
  const listed = await readAll((cursor) => runs.list({ limit: 2, ...(cursor && { cursor }) }));
  equal(
    listed.flat().map((item) => item.id),
    [...ids].reverse(),
  );
});

mustHold(
  'is not changed by what callers do to values afterwards',
  async ({ store: { runs, graphs, artifacts } }) => {
    const record = run('r');
    await runs.create(record);
    const written = chunk('r', 1, [{ a: 1 }]);
    await runs.append(summary(record), [written]);
    record.status = 'failed';
    (written.entries[0] as { payloads: unknown[] }).payloads[0] = 'changed';
    equal((await runs.get('r'))?.status, 'running');
    equal(await runs.chunk('r', 1), chunk('r', 1, [{ a: 1 }]));
    const update = bytes(1, 2);
    await graphs.append(graph('g'), update);
    await artifacts.put('h', update);
    update[0] = 9;
    equal(await graphs.load('g'), [bytes(1, 2)]);
    equal(await artifacts.get('h'), bytes(1, 2));
  },
);

mustHold('keeps the updates of a graph in order and compacts them', async ({ store: { graphs } }) => {
  await graphs.append(graph('g', 1, { description: 'why' }), bytes(1));
  for (let i = 2; i <= 12; i++) await graphs.append(graph('g', i), bytes(i, i));
  await graphs.append(graph('h', 5), bytes(99));
  equal(
    (await graphs.load('g'))?.map((update) => update[0]),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  equal(await graphs.get('g'), graph('g', 12));
  await graphs.compact('g', bytes(7, 7, 7));
  equal(await graphs.load('g'), [bytes(7, 7, 7)]);
  await graphs.append(graph('g', 20), bytes(8));
  equal(await graphs.load('g'), [bytes(7, 7, 7), bytes(8)]);
  equal(await graphs.load('h'), [bytes(99)]);
  equal(await graphs.delete('g'), true);
  equal(await graphs.load('g'), undefined);
  equal((await graphs.list()).items, [graph('h', 5)]);
});

mustHold('lists graphs by their newest change', async ({ store: { graphs } }) => {
  for (let i = 0; i < 25; i++) await graphs.append(graph(`g${i}`, i), bytes(i));
  await graphs.append(graph('g3', 100), bytes(3));
  const pages = await readAll((cursor) => graphs.list({ limit: 10, ...(cursor && { cursor }) }));
  const rest = Array.from({ length: 25 }, (_, i) => `g${24 - i}`).filter((id) => id !== 'g3');
  equal(
    pages.flat().map((item) => item.id),
    ['g3', ...rest],
  );
  await rejects('invalid_cursor', () => graphs.list({ cursor: '[]' }));
});

mustHold('has everything again after it was closed and opened', async ({ store, reopen }) => {
  if (!reopen) return;
  await store.runs.create(run('r'));
  await store.runs.append(summary(run('r', { status: 'succeeded' })), [chunk('r', 1, [new Date(1)])]);
  await store.graphs.append(graph('g'), bytes(1));
  await store.artifacts.put('h', bytes(2));
  const again = await reopen();
  equal((await again.runs.get('r'))?.status, 'succeeded');
  equal(await again.runs.chunk('r', 1), chunk('r', 1, [new Date(1)]));
  equal(await again.graphs.load('g'), [bytes(1)]);
  equal(await again.artifacts.get('h'), bytes(2));
});

mustHold('refuses to work once it is closed', async ({ store }) => {
  await store.close();
  await store.close();
  await rejects('store_closed', () => store.runs.create(run('r')));
  await rejects('store_closed', () => store.runs.list());
  await rejects('store_closed', () => store.graphs.append(graph('g'), bytes(1)));
  await rejects('store_closed', () => store.artifacts.has('h'));
});
