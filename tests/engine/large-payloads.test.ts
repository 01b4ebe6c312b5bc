import { expect, test } from 'vitest';
import { type Batch, type Executor, outcome } from '../../src/engine/executor.ts';
import { PayloadKeeper } from '../../src/engine/executors/payload-keeper.ts';
import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import { References } from '../../src/engine/values/artifact-references.ts';
import { KeptValues } from '../../src/engine/values/kept-values.ts';
import { StoreError } from '../../src/errors.ts';
import type { GraphNode } from '../../src/schema/graph.ts';
import { StoredValue } from '../../src/schema/stored-value.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { run } from '../contracts/store-case.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { code, edge, graph } from './small-graphs.ts';

const large = (letter: string) => letter.repeat(50_000);
const letters = ['a', 'b', 'c', 'd'];

const entriesOf = async (store: Store, run: string): Promise<JournalEntry[]> => {
  const entries: JournalEntry[] = [];
  for (const { first } of await store.runs.summaries(run))
    entries.push(...((await store.runs.chunk(run, first))?.entries ?? []));
  return entries;
};
/** Bytes of a run's journal, its document included. */
const journalBytes = async (store: Store, run: string) =>
  store.values.encode([await entriesOf(store, run), (await store.runs.get(run))?.document]).length;

/** Sees which artifacts a store is given, and how often one is read. */
function watched() {
  const store = createMemoryStore();
  const kept = new Set<string>();
  let reads = 0;
  const artifacts: Store['artifacts'] = {
    ...store.artifacts,
    claim: (run, claims) => {
      for (const { hash, bytes } of claims) if (bytes) kept.add(hash);
      return store.artifacts.claim(run, claims);
    },
    get: (hash) => {
      reads++;
      return store.artifacts.get(hash);
    },
  };
  return { store: { ...store, artifacts }, kept, reads: () => reads };
}

test('large values pass through nodes as they are, and the journal holds references to them', async () => {
  const map = code('map', '(text) => ({ text, size: text.length })');
  const { report, store, engine, id } = await runGraph(
    graph(
      [map, code('last', '({ text, size }) => text.slice(1) + size')],
      {
        map: letters.map(large),
      },
      [edge('map', 'last')],
    ),
  );
  const whole = letters.map((letter) => `${letter.repeat(49_999)}50000`);
  expect([...(report.outputs.last as string[])].sort()).toEqual(whole);
  expect(await journalBytes(store, id)).toBeLessThan(20_000);
  const { items } = await engine.tasks(id, { node: 'last' });
  expect(items.map((task) => (task.payload as { size: number; text: string }).text).sort()).toEqual(
    letters.map(large),
  );
  expect((await engine.document(id)).inputs).toEqual({ map: letters.map(large) });
  expect(
    (await engine.lineage(id, items[0]?.id ?? '', { direction: 'ancestors' })).items[0]?.payload,
  ).toHaveLength(50_000);
  expect((await engine.outputs(id, { node: 'last' })).items).toHaveLength(4);
});

test('what comes back just now is not read from the store again', async () => {
  const { store, reads } = watched();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(
    graph(
      [code('a', '(x) => x + "!"'), code('b', '(x) => x.length')],
      {
        a: letters.map(large),
      },
      [edge('a', 'b')],
    ),
  );
  await clock.until(engine.ended(id));
  expect((await engine.report(id)).outputs.b).toEqual([50_001, 50_001, 50_001, 50_001]);
  expect(reads()).toBe(0);
});

test('collections and folds gather large values, and what they give is kept apart as well', async () => {
  const nodes: GraphNode[] = [
    code('map', '(text) => text'),
    { id: 'all', type: 'flow.collect' },
    { id: 'joined', type: 'flow.reduce', params: { code: '(sum, text) => sum + text', initial: '' } },
    code('lengths', '(list) => list.map((text) => text.length)'),
    code('small', '(n) => n'),
    { id: 'many', type: 'flow.collect' },
  ];
  const numbers = Array.from({ length: 20_000 }, (_, i) => 1_000_000 + i);
  const { report, store, id } = await runGraph(
    graph(nodes, { map: letters.map(large), small: numbers }, [
      edge('map', 'all'),
      edge('map', 'joined'),
      edge('all', 'lengths'),
      edge('small', 'many'),
    ]),
  );
  expect(report.outputs.lengths).toEqual([[50_000, 50_000, 50_000, 50_000]]);
  const [joined] = report.outputs.joined as string[];
  expect(joined?.split('').sort().join('')).toBe(letters.map(large).join(''));
  expect(report.outputs.many).toEqual([numbers]);
  const outputs = (await entriesOf(store, id)).filter((entry) => entry.kind === 'output');
  expect(store.values.encode(outputs).length).toBeLessThan(2_000);
  const states = (await entriesOf(store, id)).filter((entry) => entry.kind === 'state');
  expect(store.values.encode(states).length).toBeLessThan(2_000);
});

test('an error port gets the large payload whole, and failed tasks can be retried with it', async () => {
  const { report, engine, clock, id } = await runGraph(
    graph(
      [
        code(
          'fails',
          '(text, ctx) => { if (ctx.attempt < 2) throw new RangeError("first"); return text.length; }',
        ),
        code('sees', '({ payload, error }) => `${error.name} ${payload.length}`'),
      ],
      { fails: letters.map(large) },
      [edge('fails', 'sees', 'error')],
    ),
  );
  expect(report.outputs.sees).toEqual(letters.map(() => 'RangeError 50000'));
  expect(report.errors.map((error) => (error.payload as string).length)).toEqual([
    50_000, 50_000, 50_000, 50_000,
  ]);
  expect(await engine.retry(id)).toBe(4);
  await clock.until(engine.ended(id));
  const again = await engine.report(id);
  expect(again.status).toBe('succeeded');
  expect(again.outputs.fails).toEqual([50_000, 50_000, 50_000, 50_000]);
});

test('equal payloads are told whether they are kept inline or apart, also within collected lists', async () => {
  // The first two are one value in another order of keys; of the last two, one is large by −0 alone.
  const list = (zero: number) => Array.from({ length: 17_000 }, () => zero);
  const payloads = [
    { a: large('x'), b: 1 },
    { b: 1, a: large('x') },
    [large('x'), large('y')],
    [large('x'), large('y')],
    list(0),
    list(-0),
  ];
  const { report } = await runGraph(
    graph([code('once', '(x) => 1', { policy: { dedupe: true } })], { once: payloads }),
  );
  expect(report.nodes.once).toMatchObject({ input: 6, succeeded: 3, duplicate: 3 });
});

test('a collected list with references equals the same list of values', async () => {
  const nodes: GraphNode[] = [
    code('parts', '(text) => text'),
    { id: 'all', type: 'flow.collect' },
    code('once', '(list) => list.length', { policy: { dedupe: true } }),
  ];
  const texts = [large('x'), large('y')];
  const { report } = await runGraph(
    graph(nodes, { parts: texts, once: [texts] }, [edge('parts', 'all'), edge('all', 'once')]),
  );
  expect(report.nodes.once).toMatchObject({ input: 2, succeeded: 1, duplicate: 1 });
});

test('a batch takes no more large payloads than fit into memory together; the others wait', async () => {
  const store = createMemoryStore();
  const values = new KeptValues(store);
  await values.open('r', [], true, async () => {});
  const sent: Batch[] = [];
  const inner: Executor = {
    parallelism: 1,
    open() {},
    cancel() {},
    close() {},
    async execute(batch) {
      sent.push(batch);
      const lengths = batch.payloads.map((payload) => (payload as string).length);
      const outcomes = lengths.map(() => outcome.succeeded);
      return { kind: 'done', result: { outcomes, values: lengths, errors: [], busyMs: 1, worker: 'w' } };
    },
  };
  const payloads = await values.keep(
    'r',
    [1, 2, 3, 4, 5].map((n) => String(n).repeat(5_000_000 + n)),
  );
  expect(payloads.every((payload) => payload instanceof StoredValue)).toBe(true);
  const batch: Batch = {
    id: 1,
    run: 'r',
    node: 'n',
    tasks: [11, 12, 13, 14, 15],
    attempts: [1, 1, 1, 1, 1],
    payloads,
    stopOnError: false,
  };
  const done = await new PayloadKeeper(inner, values, new SimulatedClock(), () => {}).execute(batch);
  expect(sent[0]?.tasks).toEqual([11, 12, 13]);
  expect(done).toMatchObject({
    kind: 'done',
    result: { outcomes: [0, 0, 0, 2, 2], counts: [1, 1, 1, 0, 0], values: [5_000_001, 5_000_002, 5_000_003] },
  });
});

test('a run goes on after a crash with its large payloads, states and lists', async () => {
  const store = createMemoryStore();
  const nodes: GraphNode[] = [
    code('map', '(text) => text + "!"'),
    { id: 'all', type: 'flow.collect' },
    { id: 'total', type: 'flow.reduce', params: { code: '(sum, text) => sum + text', initial: large('-') } },
    code('count', '(list) => list.map((text) => text.length)', { policy: { mode: 'serial' } }),
  ];
  const document = graph(nodes, { map: letters.map(large) }, [
    edge('map', 'all'),
    edge('map', 'total'),
    edge('all', 'count'),
  ]);
  let id = '';
  for (let life = 0; life < 12; life++) {
    const host = simulatedEngine(life, { loss: 0.2 }, store);
    if (id === '') id = (await host.engine.start(document)).id;
    else await host.engine.recover();
    for (let i = 0; i < 6; i++) {
      host.clock.next();
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    await host.engine.leave();
  }
  const { engine, clock } = simulatedEngine(99, undefined, store);
  await engine.recover();
  await clock.until(engine.ended(id));
  const report = await engine.report(id);
  expect(report.outputs.count).toEqual([[50_001, 50_001, 50_001, 50_001]]);
  expect(report.outputs.total?.[0]).toHaveLength(50_000 + 4 * 50_001);
});

test('a run whose payloads the store does not give for now is told as paused, with the reason', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('n', '(x) => x.length')], { n: [large('a')] }));
  await first.engine.pause(id);
  await first.engine.leave();
  let isBusy = true;
  const get: typeof store.artifacts.get = async (hash) => {
    if (isBusy) throw new StoreError('store_busy', 'Another process is writing.');
    return store.artifacts.get(hash);
  };
  const { engine, clock } = simulatedEngine(2, undefined, {
    ...store,
    artifacts: { ...store.artifacts, get },
  });
  await engine.recover();
  await engine.unpause(id);
  const told: (string | undefined)[] = [];
  await engine.subscribe(id, ({ run }) => told.push(run.reasonCode));
  for (let i = 0; i < 20; i++) {
    clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const reason = 'The run waits for its store: Another process is writing.';
  expect(await engine.summary(id)).toMatchObject({ status: 'paused', reason, reasonCode: 'store_busy' });
  expect(told).toContain('store_busy');
  isBusy = false;
  await clock.until(engine.ended(id));
  expect(await engine.report(id)).toMatchObject({ status: 'succeeded', outputs: { n: [50_000] } });
  expect(told.at(-1)).toBe(undefined);
});

test('a task whose stored payload is gone fails and says so, and the others go on', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const document = graph([code('n', '(x) => x.length', { policy: { mode: 'serial' } })], {
    n: [large('a'), 'small', large('b')],
  });
  const { id } = await first.engine.start(document);
  await first.engine.pause(id);
  await first.engine.leave();
  const gone = await store.values.hash(store.values.encode(large('b')));
  expect(await store.artifacts.delete(gone)).toBe(true);
  const { engine, clock } = simulatedEngine(2, undefined, store);
  await engine.recover();
  await engine.unpause(id);
  await clock.until(engine.ended(id));
  expect((await engine.summary(id)).nodes.n).toMatchObject({ succeeded: 2, failed: 1 });
  expect((await engine.outputs(id, {})).items).toEqual([50_000, 5]);
  expect(await engine.errors(id, {})).toMatchObject({ problem: { code: 'payload_missing' } });
});

test('the artifacts of a run go with it, but for those another run uses', async () => {
  const { store, kept } = watched();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const document = graph([code('n', '(x) => x')], { n: letters.map(large) });
  const ids: string[] = [];
  for (const letter of ['', 'z']) {
    const inputs = letter ? { n: [large('a'), large(letter)] } : document.inputs;
    const { id } = await engine.start(document, inputs ? { inputs } : {});
    await clock.until(engine.ended(id));
    ids.push(id);
  }
  const left = async () =>
    (await Promise.all([...kept].map((hash) => store.artifacts.has(hash)))).filter(Boolean);
  expect(await left()).toHaveLength(5);
  await engine.remove(ids[0] as string);
  expect(await left()).toHaveLength(2);
  expect((await engine.report(ids[1] as string)).outputs.n).toHaveLength(2);
  await engine.remove(ids[1] as string);
  expect(await left()).toHaveLength(0);
});

test('a run that takes over what another was given has its own claim on large payloads', async () => {
  const { engine, clock, id, store } = await runGraph(
    graph(
      [
        code('map', '(text) => text + "!"'),
        { id: 'all', type: 'flow.collect' },
        code('size', '(list) => list.map((text) => text.length)'),
      ],
      { map: letters.map(large) },
      [edge('map', 'all'), edge('all', 'size')],
    ),
  );
  const again: string[] = [];
  for (const node of ['map', 'size']) {
    const rerun = await engine.rerun(id, { node });
    await clock.until(engine.ended(rerun.id));
    again.push(rerun.id);
  }
  await engine.remove(id);
  expect(await store.artifacts.sweep()).toBe(0);
  for (const rerun of again) {
    expect((await engine.report(rerun)).outputs.size).toEqual([[50_001, 50_001, 50_001, 50_001]]);
    const tasks = await engine.tasks(rerun, { node: 'size' });
    const [list] = tasks.items.map((task) => task.payload as string[]);
    expect(list?.map((text) => text.length)).toEqual([50_001, 50_001, 50_001, 50_001]);
  }
});

test('nothing is known any more of a run that did not begin', async () => {
  const values = new KeptValues(createMemoryStore());
  const failing = values.open('r', [], true, async () => {
    expect(values.holds('r')).toBe(false);
    throw new StoreError('store_busy', 'Simulated.');
  });
  await expect(failing).rejects.toMatchObject({ code: 'store_busy' });
  // As of any that is not known.
  expect(values.holds('r')).toBe(true);
});

test('a list too large for itself is kept apart with the references it holds, and claimed with them', async () => {
  const store = createMemoryStore();
  for (const id of ['first', 'second']) await store.runs.create(run(id));
  const values = new KeptValues(store);
  await values.open('first', [], true, async () => {});
  const [inner] = await values.keep('first', [large('a')]);
  const [outer] = await values.keep('first', [[inner, large('b'), { payload: inner }]]);
  expect(outer).toMatchObject({ nested: true });
  expect((outer as StoredValue).bytes).toBeLessThan(60_000);
  const fresh = new KeptValues(store);
  await fresh.open('second', [], true, async () => {});
  await fresh.keep('second', [{ list: outer }]);
  await store.runs.delete('first');
  expect(await fresh.restore(outer)).toEqual([large('a'), large('b'), { payload: large('a') }]);
});

test('large results that a worker has gone on with by itself are kept apart too', async () => {
  const inputs = Array.from({ length: 400 }, (_, i) => i);
  const { store, id, report, executor } = await runGraph(
    graph(
      [
        code('a', "(n) => (n % 20 === 0 ? 'x'.repeat(50_000 + n) : n)"),
        code('b', '(x) => [x, String(x).length]'),
      ],
      { a: inputs },
      [edge('a', 'b')],
    ),
  );
  expect(executor.chained).toBeGreaterThan(0);
  const entries = await entriesOf(store, id);
  const large = entries.flatMap((entry) =>
    entry.kind === 'deliver' && entry.node === 'b'
      ? entry.payloads.filter((p) => p instanceof StoredValue)
      : [],
  );
  expect(large).toHaveLength(20);
  expect(await journalBytes(store, id)).toBeLessThan(200_000);
  const lengths = (report.outputs.b as [unknown, number][]).map(([, length]) => length);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(
    inputs.reduce((sum, n) => sum + (n % 20 === 0 ? 50_000 + n : String(n).length), 0),
  );
});

test('what holds itself, or nests hundreds of levels deep, is collected and comes back', async () => {
  const { report } = await runGraph(
    graph(
      [
        code('ring', '() => { const ring = new Set(); ring.add(ring); return ring; }'),
        code('deep', '() => { let list = []; for (let i = 0; i < 500; i++) list = [list]; return list; }'),
        { id: 'all', type: 'flow.collect' },
        code('sees', '(all) => all.map((x) => (x instanceof Set ? x.has(x) : JSON.stringify(x).length))'),
      ],
      { ring: [0], deep: [0] },
      [edge('ring', 'all'), edge('deep', 'all'), edge('all', 'sees')],
    ),
  );
  expect(report.outputs.sees?.map((list) => (list as unknown[]).sort())).toEqual([[1002, true]]);
});

test('a table within a large payload goes with it, and stays with the run that takes it over', async () => {
  const store = createMemoryStore();
  const hash = 'a'.repeat(64);
  await store.artifacts.put(hash, new Uint8Array(3));
  const value = { table: { $table: hash, rows: 1, columns: [] }, pad: 'x'.repeat(50_000) };
  const values = new KeptValues(store);
  const [kept] = await values.keep('one', [value]);
  expect(kept).toBeInstanceOf(StoredValue);
  const references = new References(values);
  references.drop([kept]);
  expect(await references.unused()).toContain(hash);
  await new KeptValues(store).keep('two', [kept]);
  await store.artifacts.release('one', [hash, (kept as StoredValue).hash]);
  expect(await store.artifacts.has(hash)).toBe(true);
});

test('large inputs are there although another process has swept what no run used as this one began', async () => {
  const store = createMemoryStore();
  const other = simulatedEngine(2, undefined, store).engine;
  let isFirst = true;
  const claim: Store['artifacts']['claim'] = async (run, claims) => {
    await store.artifacts.claim(run, claims);
    if (isFirst) await other.tidy();
    isFirst = false;
  };
  const watched = { ...store, artifacts: { ...store.artifacts, claim } };
  const { engine, clock } = simulatedEngine(1, undefined, watched);
  const text = 'x'.repeat(50_000);
  const { id } = await engine.start(graph([code('a', '(s) => s.length')], { a: [text] }));
  await clock.until(engine.ended(id));
  expect(isFirst).toBe(false);
  expect((await simulatedEngine(3, undefined, store).engine.task(id, '1')).payload).toBe(text);
});
