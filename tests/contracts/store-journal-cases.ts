/** Journals: chunks that arrive whole, or not at all. */
import type { JournalChunk } from '../../src/engine/journal/journal.ts';
import type { RunStatus } from '../../src/schema/run.ts';
import { bytes, chunk, document, equal, rejects, run, type StoreCase, summary } from './store-case.ts';

export const journalCases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => journalCases.push({ name, run });

mustHold('appends chunks with the summary and gives them back', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  const chunks = [chunk('r', 1, ['a', 'b']), chunk('r', 3, [{ c: 1 }]), chunk('r', 4, [new Date(7)])];
  await runs.append(summary(run('r', { reason: 'one' })), chunks.slice(0, 2));
  await runs.append(summary(run('r', { reason: 'two', status: 'succeeded' })), chunks.slice(2));
  equal((await runs.get('r'))?.reason, 'two');
  equal((await runs.get('r'))?.document, document);
  const summaries = chunks.map(({ entries: _entries, ...rest }) => rest);
  equal(await runs.summaries('r'), summaries);
  for (const [after, expected] of [
    [0, 3],
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 0],
  ] as const) {
    equal((await runs.summaries('r', after)).length, expected, `summaries after ${after}`);
  }
  for (const one of chunks) equal(await runs.chunk('r', one.first), one);
  equal(await runs.chunk('r', 2), undefined);
});

mustHold('orders chunks by sequence number beyond any count of digits', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  const firsts = [1, 9, 10, 100, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER - 1];
  for (const [i, first] of firsts.entries()) {
    const last = (firsts[i + 1] ?? first + 1) - 1;
    await runs.append(summary(run('r')), [{ ...chunk('r', first, [first]), last }]);
  }
  equal(
    (await runs.summaries('r')).map((one) => one.first),
    firsts,
  );
  equal((await runs.chunk('r', 2 ** 40))?.entries.length, 1);
});

mustHold('keeps payloads just as they were', async ({ store: { runs } }) => {
  const shared = { deep: ['x'] };
  const cyclic: Record<string, unknown> = { name: 'ring', shared, again: shared };
  cyclic.self = cyclic;
  const payloads = [
    undefined,
    null,
    -0,
    NaN,
    Infinity,
    1e300,
    2n ** 70n,
    -(2n ** 200n),
    '',
    '😀 \u0000 \ud800 \ufeff',
    '\ufeff',
    new Date(NaN),
    new Date(-1),
    new Map([[{ k: 1 }, new Set([1n])]]),
    /x/giu,
    new TypeError('bad', { cause: 'why' }),
    Float32Array.of(1.5),
    BigInt64Array.of(-1n),
    bytes(1, 2, 3),
    new DataView(new ArrayBuffer(2)),
    cyclic,
    JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
    Object.assign(new Array(3), { 0: undefined, 2: 3 }),
    { u: undefined },
    'x'.repeat(100_000),
  ];
  await runs.create(run('r'));
  await runs.append(summary(run('r')), [chunk('r', 1, payloads)]);
  const back = (await runs.chunk('r', 1)) as JournalChunk;
  const values = back.entries.map((entry) => (entry as { payloads: unknown[] }).payloads[0]);
  equal(values, payloads);
  const ring = values[20] as typeof cyclic;
  equal(ring.self === ring && ring.shared === ring.again, true, 'identity within a payload');
  equal(({} as Record<string, unknown>).a, undefined);
});

mustHold(
  'sets a summary without chunks only for who knows where the journal ends',
  async ({ store: { runs } }) => {
    await runs.create(run('r', { reason: 'created' }));
    await runs.append(summary(run('r', { reason: 'empty' })), [], 0);
    await runs.append(summary(run('r', { reason: 'first' })), [chunk('r', 1, ['a', 'b'])]);
    for (const [after, status] of [
      [0, 'running'],
      [3, 'failed'],
    ] as const) {
      const late = summary(run('r', { reason: 'late', status }));
      equal(await rejects('journal_conflict', () => runs.append(late, [], after)), {
        run: 'r',
        expected: 3,
        first: after + 1,
      });
    }
    equal((await runs.summary('r'))?.reason, 'first');
    await runs.append(summary(run('r', { reason: 'end', status: 'failed' })), [], 2);
    equal([(await runs.summary('r'))?.reason, (await runs.summaries('r')).length], ['end', 1]);
  },
);

mustHold('keeps nothing of an append that cannot be stored whole', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  await runs.append(summary(run('r', { reason: 'before' })), [chunk('r', 1, [1])]);
  const after = summary(run('r', { reason: 'after' }));
  await rejects('value_not_storable', () =>
    runs.append(after, [chunk('r', 2, [2]), chunk('r', 3, [() => 3])]),
  );
  await rejects('journal_conflict', () => runs.append(after, [chunk('r', 2, [2]), chunk('r', 1, ['other'])]));
  await rejects('journal_conflict', () => runs.append(after, [chunk('r', 2, [2]), chunk('r', 2, [2])]));
  equal((await runs.get('r'))?.reason, 'before');
  equal((await runs.summaries('r')).length, 1);
  equal(await runs.chunk('r', 2), undefined);
  equal(await runs.chunk('r', 1), chunk('r', 1, [1]));
});

mustHold('appends only where the journal ends, and else changes nothing', async ({ store: { runs } }) => {
  await runs.create(run('r', { reason: 'before' }));
  const append = (...chunks: JournalChunk[]) => runs.append(summary(run('r', { reason: 'after' })), chunks);
  equal(await rejects('journal_conflict', () => append(chunk('r', 2, [2]))), {
    run: 'r',
    expected: 1,
    first: 2,
  });
  equal((await runs.get('r'))?.reason, 'before');
  await append(chunk('r', 1, ['a', 'b']));
  const late = () => runs.append(summary(run('r', { reason: 'late' })), [chunk('r', 2, ['late'])]);
  equal(await rejects('journal_conflict', late), { run: 'r', expected: 3, first: 2 });
  await rejects('journal_conflict', () => append(chunk('r', 1, ['a', 'b'])));
  await rejects('journal_conflict', () => append(chunk('r', 3, [3]), chunk('r', 5, [5])));
  await rejects('journal_conflict', () =>
    runs.append(summary(run('r', { status: 'succeeded' })), [chunk('r', 4, [4])]),
  );
  equal((await runs.get('r'))?.reason, 'after');
  equal(
    (await runs.summaries('r')).map((one) => [one.first, one.last]),
    [[1, 2]],
  );
  // Of two that come at once with the same place, one gets it.
  const both = await Promise.allSettled([append(chunk('r', 3, ['x'])), append(chunk('r', 3, ['y']))]);
  equal(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await append(chunk('r', 4, ['z']));
  equal((await runs.summaries('r')).length, 3);
});

mustHold(
  'keeps nothing of an append the medium refuses, and takes it later',
  async ({ store: { runs }, fill }) => {
    if (!fill) return;
    await runs.create(run('r', { reason: 'before' }));
    const append = (status: RunStatus) =>
      runs.append(summary(run('r', { reason: 'after', status })), [chunk('r', 1, [1]), chunk('r', 2, [2])]);
    const empty = await fill();
    for (const status of ['running', 'succeeded'] as const) {
      await rejects('store_full', () => append(status));
      equal((await runs.get('r'))?.reason, 'before');
      equal(await runs.summaries('r'), []);
      equal(await runs.chunk('r', 1), undefined);
    }
    await empty();
    await append('running');
    equal((await runs.get('r'))?.reason, 'after');
    equal((await runs.summaries('r')).length, 2);
  },
);

mustHold(
  'names the run and the chunk that is damaged, and reads the others',
  async ({ store: { runs }, damage }) => {
    await runs.create(run('r'));
    await runs.append(summary(run('r')), [
      chunk('r', 1, ['a']),
      chunk('r', 2, ['b', 'c']),
      chunk('r', 4, ['d']),
    ]);
    await damage('r', 2);
    equal(await rejects('chunk_damaged', () => runs.chunk('r', 2)), { run: 'r', first: 2 });
    equal(await runs.chunk('r', 1), chunk('r', 1, ['a']));
    equal(await runs.chunk('r', 4), chunk('r', 4, ['d']));
    equal((await runs.summaries('r')).length, 3);
  },
);

mustHold('deletes a run with its journal and nothing else', async ({ store: { runs } }) => {
  for (const id of ['a', 'ab', 'b']) {
    await runs.create(run(id));
    await runs.append(summary(run(id)), [chunk(id, 1, [id]), chunk(id, 2, [id])]);
  }
  equal(await runs.delete('a'), true);
  equal(await runs.delete('a'), false);
  equal(await runs.get('a'), undefined);
  equal(await runs.summaries('a'), []);
  equal(await runs.chunk('a', 1), undefined);
  equal(
    (await runs.list()).items.map((item) => item.id),
    ['b', 'ab'],
  );
  for (const id of ['ab', 'b']) equal((await runs.summaries(id)).length, 2);
  await runs.create(run('a'));
  equal(await runs.summaries('a'), [], 'a new run starts with an empty journal');
});

mustHold('takes appends to several runs at once', async ({ store: { runs } }) => {
  const ids = Array.from({ length: 8 }, (_, i) => `run ${i}`);
  await Promise.all(ids.map((id) => runs.create(run(id))));
  const appends = Array.from({ length: 12 }, (_, i) =>
    ids.map(
      (id) => () => runs.append(summary(run(id, { reason: String(i) })), [chunk(id, i + 1, [`${id} ${i}`])]),
    ),
  );
  await Promise.all(appends.flat().map((append) => append()));
  for (const id of ids) {
    equal(
      (await runs.summaries(id)).map((one) => one.first),
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    equal(await runs.chunk(id, 8), chunk(id, 8, [`${id} 7`]));
  }
});

mustHold('puts a chunk in the place of one that begins and ends alike', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  const chunks = [chunk('r', 1, ['a'.repeat(9000), 'b']), chunk('r', 3, ['c'])];
  await runs.append(summary(run('r', { reason: 'last' })), chunks);
  const before = (await runs.sizes()).get('r') ?? 0;
  const smaller = chunk('r', 1, [null, 'b']);
  await runs.replace(smaller);
  equal(await runs.chunk('r', 1), smaller);
  equal(await runs.chunk('r', 3), chunks[1]);
  equal((await runs.summaries('r')).length, 2, 'chunks');
  equal((await runs.summary('r'))?.reason, 'last');
  const after = (await runs.sizes()).get('r') ?? 0;
  equal([before > 9000, after < 1000, after > 0], [true, true, true], `${before} ${after}`);
  await runs.append(summary(run('r')), [chunk('r', 4, ['d'])]);
  for (const other of [
    chunk('r', 1, ['x']),
    chunk('r', 2, ['x']),
    chunk('r', 5, ['x']),
    chunk('none', 1, ['x']),
  ])
    await rejects('journal_conflict', () => runs.replace(other));
  equal(await runs.chunk('r', 1), smaller);
});

mustHold('takes no chunk that brings back payloads which are gone', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  const whole = chunk('r', 1, ['a', 'b', 'c']);
  await runs.append(summary(run('r')), [whole]);
  const without = (...gone: number[]): JournalChunk => {
    const entries = whole.entries.map((entry, i) =>
      gone.includes(i) ? { ...entry, payloads: [null], dropped: [0, 0] } : entry,
    ) as JournalChunk['entries'];
    return { ...whole, entries };
  };
  await runs.replace(without(1));
  for (const other of [whole, without(0), without(0, 2)])
    await rejects('journal_conflict', () => runs.replace(other));
  equal(await runs.chunk('r', 1), without(1));
  await runs.replace(without(0, 1));
  equal(await runs.chunk('r', 1), without(0, 1));
});
