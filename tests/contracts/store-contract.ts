/**
 * What every store must do. The cases use nothing of a test runner, so that the same ones judge the memory and SQLite
 * stores in Node and the Dexie store in a real browser.
 */
import { stringify } from 'fast-check';
import type { JournalChunk, JournalEntry } from '../../src/engine/journal.ts';
import type { Graph } from '../../src/schema/graph.ts';
import type { RunStatus } from '../../src/schema/run.ts';
import type { GraphRecord, Page, RunRecord, Store } from '../../src/store/store.ts';

/** One store under test, and the ways to mistreat it. */
export interface StoreHarness {
  store: Store;
  /** Closes the store and opens it again on the same data, where it keeps any. */
  reopen?(): Promise<Store>;
  /** Changes a byte of the stored chunk behind the store's back. */
  damage(run: string, first: number): Promise<void>;
  /** Makes the medium refuse further chunk bodies as full, until the returned function is called. */
  fill?(): Promise<() => Promise<void>>;
  dispose(): Promise<void>;
}

export interface StoreCase {
  name: string;
  /** Rejects when the store does not do what the name says. */
  run(harness: StoreHarness): Promise<void>;
}

const cases: StoreCase[] = [];
const mustHold = (name: string, run: StoreCase['run']) => cases.push({ name, run });
export const storeCases: readonly StoreCase[] = cases;

function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, e] = [stringify(actual), stringify(expected)];
  if (a !== e) throw new Error(`${what}: expected ${e.slice(0, 500)}, got ${a.slice(0, 500)}`);
}

async function rejects(code: string, work: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await work();
  } catch (error) {
    equal((error as { code?: string }).code, code, `code of "${(error as Error).message}"`);
    return (error as { details: Record<string, unknown> }).details;
  }
  throw new Error(`expected ${code}, but nothing was thrown`);
}

const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
const document: Graph = { format: 'handloom.graph', version: 1, name: 'g', nodes: [], edges: [] };
const run = (id: string, more: Partial<RunRecord> = {}): RunRecord => ({
  id,
  graph: 'g',
  status: 'running',
  createdAt: time(0),
  nodes: {},
  document,
  ...more,
});
const summary = (record: RunRecord) => {
  const { document: _document, keepOpen: _keepOpen, ...rest } = record;
  return rest;
};
const chunk = (id: string, first: number, payloads: unknown[]): JournalChunk => {
  const entries = payloads.map(
    (payload, i): JournalEntry => ({
      seq: first + i,
      at: 5,
      kind: 'deliver',
      node: 'n',
      port: 'in',
      first: first + i,
      payloads: [payload],
    }),
  );
  const counts = { succeeded: 0, failed: 0, duplicate: 0, cancelled: 0, outputs: 0, logs: 0 };
  const nodes = {
    n: { delivered: payloads.length, ...counts, created: [0, payloads.length - 1] as [number, number] },
  };
  return { version: 1, run: id, first, last: first + payloads.length - 1, at: 5, nodes, entries };
};
const graph = (id: string, updated = 0, more: Partial<GraphRecord> = {}): GraphRecord => ({
  id,
  name: `graph ${id}`,
  nodes: 1,
  edges: 0,
  createdAt: time(0),
  updatedAt: time(updated),
  ...more,
});
const bytes = (...values: number[]) => Uint8Array.from(values);

async function readAll<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page(cursor);
    pages.push(items);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

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
  equal((await runs.list()).items, [summary(record)], 'list without documents');
});

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

mustHold('refuses a second run of the same id and keeps the first', async ({ store: { runs } }) => {
  await runs.create(run('r', { graph: 'first' }));
  await rejects('run_exists', () => runs.create(run('r', { graph: 'second' })));
  equal((await runs.get('r'))?.graph, 'first');
});

mustHold('pages through 2,500 runs, newest first, each once', async ({ store: { runs } }) => {
  // Several of the same moment, created in no particular order.
  const ids = Array.from({ length: 2500 }, (_, i) => (i * 1009) % 2500);
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
  equal((await runs.counts()).running, 2500);
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
  for (const first of [...firsts].reverse())
    await runs.append(summary(run('r')), [chunk('r', first, [first])]);
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

mustHold('keeps nothing of an append that cannot be stored whole', async ({ store: { runs } }) => {
  await runs.create(run('r'));
  await runs.append(summary(run('r', { reason: 'before' })), [chunk('r', 1, [1])]);
  const after = summary(run('r', { reason: 'after' }));
  await rejects('value_not_storable', () =>
    runs.append(after, [chunk('r', 2, [2]), chunk('r', 3, [() => 3])]),
  );
  await rejects('chunk_exists', () => runs.append(after, [chunk('r', 2, [2]), chunk('r', 1, ['other'])]));
  await rejects('chunk_exists', () => runs.append(after, [chunk('r', 2, [2]), chunk('r', 2, [2])]));
  equal((await runs.get('r'))?.reason, 'before');
  equal((await runs.summaries('r')).length, 1);
  equal(await runs.chunk('r', 2), undefined);
  equal(await runs.chunk('r', 1), chunk('r', 1, [1]));
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
  const appends = ids.flatMap((id) =>
    Array.from(
      { length: 12 },
      (_, i) => () => runs.append(summary(run(id, { reason: String(i) })), [chunk(id, i * 10 + 1, [id, i])]),
    ),
  );
  await Promise.all(appends.map((append) => append()));
  for (const id of ids) {
    equal(
      (await runs.summaries(id)).map((one) => one.first),
      Array.from({ length: 12 }, (_, i) => i * 10 + 1),
    );
    equal(await runs.chunk(id, 71), chunk(id, 71, [id, 7]));
  }
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

mustHold('keeps artifacts by hash, the first of a hash for good', async ({ store: { artifacts } }) => {
  const large = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  await artifacts.put('large', large);
  await artifacts.put('empty', bytes());
  await artifacts.put('empty', bytes(1));
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
