/** Runs: what is kept of them, and how they are listed. */
import type { RunStatus } from '../../src/schema/run.ts';
import type { RunRecord } from '../../src/store/store.ts';
import { document, equal, readAll, rejects, run, type StoreCase, summary, time } from './store-case.ts';

export const runCases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => runCases.push({ name, run });

mustHold('gives a run back as it was created', async ({ store: { runs } }) => {
  const inputs = { 'nøde 结点': [1, { at: new Date(5), big: 12345678901234567890n, set: new Set([-0]) }] };
  const record = run('r', {
    keepOpen: true,
    graphId: 'id',
    document: { ...document, inputs, extra: { kept: true } },
  });
  await runs.create(record);
  const back = await runs.get('r');
  equal(summary(back as RunRecord), summary(record));
  equal(back?.document, record.document);
  equal(back?.keepOpen, true);
  equal(await runs.summary('r'), summary(record), 'summary without its document');
  equal(await runs.summary('none'), undefined);
  equal((await runs.list()).items, [summary(record)], 'list without documents');
});

mustHold('refuses a second run of the same id and keeps the first', async ({ store: { runs } }) => {
  await runs.create(run('r', { graph: 'first' }));
  await rejects('run_exists', () => runs.create(run('r', { graph: 'second' })));
  equal((await runs.get('r'))?.graph, 'first');
});

mustHold('pages through 1,050 runs, newest first, each once', async ({ store: { runs } }) => {
  // Several of the same moment, created in no particular order.
  const ids = Array.from({ length: 1050 }, (_, i) => (i * 1009) % 1050);
  await Promise.all(
    ids.map((i) => runs.create(run(`r${String(i).padStart(4, '0')}`, { createdAt: time(i >> 2) }))),
  );
  const expected = ids.sort((a, b) => b - a).map((i) => `r${String(i).padStart(4, '0')}`);
  for (const limit of [undefined, 7, 1000]) {
    const pages = await readAll((cursor) =>
      runs.list({ ...(limit && { limit }), ...(cursor && { cursor }) }),
    );
    equal(
      pages.flat().map((item) => item.id),
      expected,
      `ids by ${limit}`,
    );
    equal(
      pages.slice(0, -1).every((page) => page.length === (limit ?? 100)),
      true,
      'full pages',
    );
  }
  equal((await runs.list({ limit: 5000 })).items.length, 1000, 'at most 1,000');
  equal((await runs.counts()).running, 1050);
});

mustHold('keeps a cursor stable while runs come and go', async ({ store: { runs } }) => {
  for (let i = 0; i < 10; i++) await runs.create(run(`r${i}`, { createdAt: time(i) }));
  const { items, nextCursor } = await runs.list({ limit: 4 });
  equal(
    items.map((item) => item.id),
    ['r9', 'r8', 'r7', 'r6'],
  );
  await runs.create(run('newer', { createdAt: time(50) }));
  await runs.delete('r6');
  await runs.delete('r4');
  const rest = await runs.list({ limit: 4, cursor: nextCursor as string });
  equal(
    rest.items.map((item) => item.id),
    ['r5', 'r3', 'r2', 'r1'],
  );
  await rejects('invalid_cursor', () => runs.list({ cursor: 'no cursor' }));
  await rejects('invalid_cursor', () => runs.list({ cursor: '' }));
});

mustHold('filters runs by status and by graph, and counts them', async ({ store: { runs } }) => {
  const statuses: RunStatus[] = ['running', 'failed', 'succeeded'];
  for (let i = 0; i < 30; i++) {
    const more = {
      status: statuses[i % 3],
      createdAt: time(i),
      graph: `name ${i % 2}`,
      graphId: `id ${i % 5}`,
    };
    await runs.create(run(`r${i}`, more as Partial<RunRecord>));
  }
  const ids = async (query: object) => {
    const pages = await readAll((cursor) => runs.list({ ...query, limit: 3, ...(cursor && { cursor }) }));
    return pages.flat().map((item) => Number(item.id.slice(1)));
  };
  const all = Array.from({ length: 30 }, (_, i) => 29 - i);
  equal(
    await ids({ status: 'failed' }),
    all.filter((i) => i % 3 === 1),
  );
  equal(
    await ids({ graph: 'name 1' }),
    all.filter((i) => i % 2 === 1),
  );
  equal(
    await ids({ graph: 'id 3' }),
    all.filter((i) => i % 5 === 3),
  );
  equal(
    await ids({ graph: 'name 0', status: 'running' }),
    all.filter((i) => i % 6 === 0),
  );
  equal(await ids({ status: 'paused' }), []);
  await runs.append(summary(run('r0', { status: 'cancelled', createdAt: time(0) })), []);
  const counts = { pending: 0, running: 9, paused: 0, succeeded: 10, partial: 0, failed: 10, cancelled: 1 };
  equal(await runs.counts(), counts);
  equal(await ids({ status: 'cancelled' }), [0]);
});

mustHold('changes some fields of a run and leaves the others as they are', async ({ store: { runs } }) => {
  const inputs = { n: [new Date(5)] };
  await runs.create(run('r', { status: 'partial', keepOpen: true, document: { ...document, inputs } }));
  equal(await runs.amend('r', { payloadsDroppedAt: time(3) }), true);
  equal((await runs.get('r'))?.document.inputs, inputs);
  equal(await runs.amend('r', { document: { ...document, name: 'changed' } }), true);
  const changed = await runs.get('r');
  equal(
    [changed?.status, changed?.keepOpen, changed?.payloadsDroppedAt, changed?.document],
    ['partial', true, time(3), { ...document, name: 'changed' }],
  );
  equal((await runs.list({ status: 'partial' })).items.length, 1);
  equal(await runs.amend('none', { reason: 'x' }), false);
});
