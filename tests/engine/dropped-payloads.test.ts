/** `keepPayloads: 'failed'`: what is let go of when a run has ended, and what must stay. */
import { expect, test } from 'vitest';
import { dropPayloads } from '../../src/engine/retention/payload-dropper.ts';
import { PayloadPolicy } from '../../src/engine/retention/payload-policy.ts';
import { Turns } from '../../src/engine/turns.ts';
import { KeptValues } from '../../src/engine/values/kept-values.ts';
import { StoreError } from '../../src/errors.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { RunRecord, Store } from '../../src/store/store.ts';
import { faultyAnywhere, faultyStore } from './faulty-store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, edge, graph } from './small-graphs.ts';

const policy = { keepPayloads: 'failed' } as const;
const numbers = (values: unknown[] = []) => (values as number[]).toSorted((a, b) => a - b);

/** Runs to the end, and beyond: what may go has gone. */
async function run(document: Graph, store: Store = createMemoryStore()) {
  const parts = simulatedEngine(1, undefined, store);
  const { id } = await parts.engine.start(document);
  await parts.clock.until(parts.engine.ended(id));
  await parts.engine.tidy();
  const settle = async () => {
    await parts.clock.until(parts.engine.ended(id));
    await parts.engine.tidy();
  };
  return { ...parts, id, settle };
}

/** The store, as long as it refuses to have chunks replaced. */
const refusingReplace = (store: Store) =>
  faultyStore(store, (method) => {
    if (method === 'replace') throw new StoreError('store_busy', 'Busy.');
  });

/** Everything a run keeps, as text. */
async function keptText({ runs }: Store, id: string): Promise<string> {
  const chunks = [];
  for (const { first } of await runs.summaries(id)) chunks.push(await runs.chunk(id, first));
  return JSON.stringify([await runs.get(id), chunks]);
}

const failing =
  "(s, ctx) => { if (s.startsWith('bad') && ctx.attempt < 2) throw new Error('no'); return s.length; }";
const line = (more: Partial<GraphNode> = { policy }) =>
  graph([code('a', failing, more), code('b', '(n) => n * 10')], { a: ['secret', 'bad luck', 'hush'] }, [
    edge('a', 'b'),
  ]);

test('payloads of tasks that ended well go with the end of the run; failed ones and outputs stay', async () => {
  const { engine, store, id } = await run(line());
  const text = await keptText(store, id);
  expect([text.includes('secret'), text.includes('hush'), text.includes('bad luck')]).toEqual([
    false,
    false,
    true,
  ]);
  const { items } = await engine.tasks(id, { node: 'a' });
  expect(items.map(({ status, payload, payloadDropped }) => [status, payload, payloadDropped])).toEqual([
    ['succeeded', null, true],
    ['failed', 'bad luck', undefined],
    ['succeeded', null, true],
  ]);
  const [task] = (await engine.lineage(id, '1', { direction: 'descendants' })).items;
  expect(task).toMatchObject({ node: 'b', payload: 6 });
  const { outputs, errors, dropsPayloads, payloadsDroppedAt } = await engine.report(id);
  expect([numbers(outputs.b), errors[0]?.payload]).toEqual([[40, 60], 'bad luck']);
  expect([dropsPayloads, typeof payloadsDroppedAt]).toEqual([['a'], 'string']);
});

test('without the policy all stays', async () => {
  const { engine, store, id } = await run(line({}));
  expect(await keptText(store, id)).toContain('secret');
  expect((await engine.task(id, '1')).payload).toBe('secret');
  expect(await engine.summary(id)).not.toHaveProperty('dropsPayloads');
});

test('a failed task is tried again, and its payload goes then', async () => {
  const { engine, store, id, settle } = await run(line());
  expect(await engine.retry(id)).toBe(1);
  await settle();
  const { status, outputs, nodes } = await engine.report(id);
  expect([status, numbers(outputs.b), nodes.a?.succeeded]).toEqual(['succeeded', [40, 60, 80], 3]);
  expect(await keptText(store, id)).not.toContain('bad luck');
});

test('a node whose payloads are gone is not run again, one after it is', async () => {
  const { engine, clock, id } = await run(line());
  await expect(engine.rerun(id, { node: 'a' })).rejects.toMatchObject({ code: 'payloads_dropped' });
  const again = await engine.rerun(id, { node: 'b' });
  await clock.until(engine.ended(again.id));
  expect(numbers((await engine.report(again.id)).outputs.b)).toEqual([40, 60]);
});

test('what is taken over from a run stays until it has been', async () => {
  const store = createMemoryStore();
  const refusing = refusingReplace(store);
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(line());
  await clock.until(engine.ended(id));
  await expect(engine.tidy()).rejects.toMatchObject({ code: 'store_busy' });
  const payloads = new PayloadPolicy({
    store,
    values: new KeptValues(store),
    registry,
    clock,
    turns: new Turns(),
    live: { has: () => false },
    onDropped: () => {},
  });
  await payloads.whileSource(id, async () => {
    await payloads.apply(id);
    expect(await keptText(store, id)).toContain('secret');
  });
  await payloads.apply(id);
  expect(await keptText(store, id)).not.toContain('secret');
});

const big = (letter: string) => `${letter}.repeat(50_000)`;

/** Another engine: it has nothing at hand, and reads all from the store. */
const reading = (store: Store) => simulatedEngine(2, undefined, store).engine;

test('artifacts go where nothing of the run refers to them any more', async () => {
  const nodes = [
    code('make', `(letter) => ${big('letter')}`),
    code('take', '(text) => text[0] === "k" ? text : [text, text].map((t) => t.slice(0, 1)).join("")', {
      policy,
    }),
  ];
  const { store, id } = await run(graph(nodes, { make: ['g', 'k'] }, [edge('make', 'take')]));
  expect((await store.runs.sizes()).get(id)).toBeLessThan(55_000);
  const { outputs } = await reading(store).report(id);
  expect(outputs.take?.map((text) => (text as string).length).toSorted()).toEqual([2, 50_000]);
});

test.each(['artifacts.release', 'runs.replace', 'runs.amend'])(
  'artifacts go also where the store fails at %s at first',
  async (name) => {
    const store = createMemoryStore();
    let hasFailed = false;
    const failing = faultyAnywhere(store, (_, call, when) => {
      if (call !== name || when === 'after' || hasFailed) return;
      hasFailed = true;
      throw new StoreError('store_failed', 'Broken.');
    });
    const nodes = [
      code('make', `(letter) => ${big('letter')}`),
      code('take', '(text) => text[0]', { policy }),
    ];
    const { id } = await run(graph(nodes, { make: ['g'] }, [edge('make', 'take')]), failing);
    expect(hasFailed).toBe(true);
    expect((await store.runs.sizes()).get(id)).toBeLessThan(5_000);
    expect((await store.runs.summary(id))?.payloadsDroppedAt).toBeDefined();
  },
);

test('what a run uses again by now stays, whoever had begun to let go of it', async () => {
  const store = createMemoryStore();
  const refusing = refusingReplace(store);
  const nodes = [
    code('make', `(letter) => ${big('letter')}`),
    code('take', '(text) => text[0]', { policy }),
    code('later', `(letter, ctx) => { if (ctx.attempt < 2) throw 1; return ${big('letter')}; }`),
  ];
  const document = graph(nodes, { make: ['g'], later: ['g'] }, [edge('make', 'take')]);
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(document);
  await clock.until(engine.ended(id));
  // Another host tries the failed task again while this one reads the journal.
  const chunk = async (run: string, first: number) => {
    if (first === 1) await clock.until(engine.retry(id).then(() => engine.ended(id)));
    return store.runs.chunk(run, first);
  };
  const slow = { ...store, runs: { ...store.runs, chunk } };
  const record = (await store.runs.get(id)) as RunRecord;
  await dropPayloads(record, { store: slow, values: new KeptValues(slow), registry, now: clock.now() });
  const { outputs } = await reading(store).report(id);
  expect(outputs.later?.map((text) => (text as string).length)).toEqual([50_000]);
});

test('who had read the journal before another host let go of payloads tells that they are gone', async () => {
  const store = createMemoryStore();
  const refusing = refusingReplace(store);
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(line());
  await clock.until(engine.ended(id));
  const first = async () => (await engine.tasks(id, { limit: 1 })).items[0];
  expect(await first()).toMatchObject({ payload: 'secret' });
  await reading(store).tidy();
  expect(await first()).toMatchObject({ payload: null, payloadDropped: true });
});

test('payloads that are gone are told as gone, though the store failed afterwards', async () => {
  let hasFailed = false;
  const failing = faultyAnywhere(createMemoryStore(), (_, call, when) => {
    if (call !== 'runs.replace' || when === 'before' || hasFailed) return;
    hasFailed = true;
    throw new StoreError('store_failed', 'Broken.');
  });
  const { engine, clock } = simulatedEngine(1, undefined, failing);
  const { id } = await engine.start(line());
  const read = () => engine.tasks(id, { limit: 1 });
  await read();
  await clock.until(engine.ended(id));
  await new Promise((resolve) => setImmediate(resolve));
  expect([hasFailed, (await read()).items[0]?.payloadDropped]).toEqual([true, true]);
});

test('a host that was stopped while it let go of payloads brings none back', async () => {
  const store = createMemoryStore();
  const refusing = refusingReplace(store);
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(line());
  await clock.until(engine.ended(id));
  const values = new KeptValues(store);
  const drop = async (through: Store) => {
    const record = (await store.runs.get(id)) as RunRecord;
    await dropPayloads(record, { store: through, values, registry, now: clock.now() });
  };
  // It is about to write what it has found, and meanwhile another one tries the failed task again.
  let isStopped = true;
  const replace: typeof store.runs.replace = async (chunk) => {
    if (isStopped) {
      isStopped = false;
      await clock.until(engine.retry(id).then(() => engine.ended(id)));
      await drop(store);
    }
    return store.runs.replace(chunk);
  };
  await drop({ ...store, runs: { ...store.runs, replace } });
  const text = await keptText(store, id);
  expect([isStopped, text.includes('secret'), text.includes('bad luck')]).toEqual([false, false, false]);
});

test('what a value that stays holds within it stays, too', async () => {
  const make = `(letter) => letter === 'x' ? ${big('letter')} : letter.padStart(30, 'y')`;
  const nodes = [code('make', make), { id: 'all', type: 'flow.collect', policy }];
  // Together they are large, and the large one among them is a value of its own.
  const inputs = ['x', ...Array.from({ length: 1500 }, (_, i) => String(i))];
  const { store, id } = await run(graph(nodes, { make: inputs }, [edge('make', 'all')]));
  const { outputs } = await reading(store).report(id);
  const [all] = outputs.all as string[][];
  expect([all?.length, all?.[0]?.length]).toEqual([1501, 50_000]);
});

test('duplicates of payloads that are gone are still told', async () => {
  const nodes = [
    code('a', '(n, ctx) => { if (n === 2 && ctx.attempt < 2) throw new Error("no"); return { seven: 7 }; }'),
    code('d', '({ seven }) => seven', { policy: { ...policy, dedupe: true } }),
  ];
  const { engine, id, settle } = await run(graph(nodes, { a: [1, 3, 2] }, [edge('a', 'd')]));
  expect((await engine.summary(id)).nodes.d).toMatchObject({ succeeded: 1, duplicate: 1 });
  expect((await engine.tasks(id, { node: 'd' })).items.every((task) => task.payloadDropped)).toBe(true);
  await engine.retry(id);
  await settle();
  expect((await engine.summary(id)).nodes.d).toMatchObject({ input: 3, succeeded: 1, duplicate: 2 });
  await engine.retry(id);
  expect((await engine.report(id)).outputs.d).toEqual([7]);
});

test.each(['flow.collect', 'flow.reduce'])('%s goes on after a retry as if all had stayed', async (type) => {
  const gather = {
    id: 'g',
    type,
    ...(type === 'flow.reduce' && { params: { code: '(sum, n) => sum + n', initial: 0 } }),
  };
  const outputsWith = async (more: Partial<GraphNode>) => {
    const nodes = [
      code('a', '(n, ctx) => { if (n < 2 && ctx.attempt < 2) throw 1; return n; }', more),
      { ...gather, ...more },
    ];
    const { engine, id, settle } = await run(graph(nodes, { a: [0, 1, 2, 3] }, [edge('a', 'g')]));
    await engine.retry(id);
    await settle();
    return JSON.stringify(
      (await engine.report(id)).outputs.g?.map((v) => (Array.isArray(v) ? numbers(v) : v)),
    );
  };
  expect(await outputsWith({ policy })).toBe(await outputsWith({}));
});

test('what a cancelled run has gathered, and not given out, stays', async () => {
  const nodes = [code('a', '(n) => n', { policy }), { id: 'all', type: 'flow.collect', policy }];
  const { engine, clock } = simulatedEngine(1);
  const document = graph(nodes, { a: ['one'] }, [edge('a', 'all')]);
  const { id } = await engine.start(document, { keepOpen: true });
  while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
  await clock.until(engine.cancel(id));
  await engine.tidy();
  const { items } = await engine.tasks(id, {});
  expect(items.map(({ node, payload }) => [node, payload])).toEqual([
    ['a', null],
    ['all', 'one'],
  ]);
});

test('what was gathered and given out goes also where the run was cancelled later', async () => {
  const store = createMemoryStore();
  let refuses = true;
  const refusing = faultyStore(store, (method) => {
    if (method === 'replace' && refuses) throw new StoreError('store_busy', 'Busy.');
  });
  const nodes = [
    code('a', '(s) => { if (s === "bad") throw new Error("no"); return s; }'),
    { id: 'all', type: 'flow.collect', policy },
  ];
  const { engine, clock } = simulatedEngine(1, undefined, refusing);
  const { id } = await engine.start(graph(nodes, { a: ['one', 'bad'] }, [edge('a', 'all')]));
  await clock.until(engine.ended(id));
  await engine.retry(id);
  await engine.cancel(id);
  refuses = false;
  await engine.tidy();
  expect((await engine.summary(id)).status).toBe('cancelled');
  const { items } = await engine.tasks(id, { node: 'all' });
  expect(items.map(({ payload, payloadDropped }) => [payload, payloadDropped])).toEqual([[null, true]]);
});

test('payloads within a subgraph go, and what came to it, but not what its nodes begin with', async () => {
  const inner = graph([code('x', '(s) => s.length', { policy })], {});
  const nodes = [
    { id: 'S', type: 'flow.subgraph', params: { graph: { ...inner, inputs: { x: ['within'] } } }, policy },
  ];
  const { engine, store, id } = await run(graph(nodes, { S: ['outside'] }));
  const text = await keptText(store, id);
  expect([text.includes('outside'), text.split('within').length - 1]).toEqual([false, 1]);
  expect(numbers((await engine.report(id)).outputs.S)).toEqual([6, 7]);
});

test('a subgraph takes in at the same nodes when payloads have gone', async () => {
  const within = {
    ...graph([code('x', '(n) => n', { policy }), code('y', '(n) => -n')], {}),
    inputs: { x: [1], y: [2] },
  };
  const fail = `(n, ctx) => { if (ctx.attempt === 1) throw new Error('once'); return n; }`;
  const nodes = [code('first', fail), { id: 'S', type: 'flow.subgraph', params: { graph: within } }];
  const { engine, id, settle } = await run(graph(nodes, { first: [5] }, [edge('first', 'S')]));
  expect(numbers((await engine.report(id)).outputs.S)).toEqual([-2, 1]);
  await engine.retry(id);
  await settle();
  expect(numbers((await engine.report(id)).outputs.S)).toEqual([-5, -2, 1, 5]);
});

test('a run whose journal is damaged keeps nobody from tidying up after the others', async () => {
  let healthy = '';
  const store = createMemoryStore({
    onBody: (run, _, body) => (healthy && run !== healthy ? body.slice(0, -1) : body),
  });
  const { engine, clock } = simulatedEngine(1, undefined, refusingReplace(store));
  const runLine = async () => {
    const { id } = await engine.start(line());
    await clock.until(engine.ended(id));
    return id;
  };
  healthy = await runLine();
  const ill = await runLine();
  await store.artifacts.put('of-nobody', new Uint8Array(3));
  const next = simulatedEngine(2, undefined, store).engine;
  await next.tidy();
  expect((await store.runs.summary(healthy))?.payloadsDroppedAt).toBeDefined();
  expect((await store.runs.summary(ill))?.payloadsDroppedAt).toBeUndefined();
  expect(await store.artifacts.has('of-nobody')).toBe(false);
});

test('a run that was cancelled before its first commit keeps its inputs: its document alone has them', async () => {
  const store = createMemoryStore();
  const dying = faultyStore(store, (method) => {
    if (method === 'append') throw new StoreError('store_busy', 'Busy.');
  });
  const { id } = await simulatedEngine(1, undefined, dying).engine.start(line());
  const { engine, clock } = simulatedEngine(2, undefined, store);
  await clock.until(engine.cancel(id));
  await engine.tidy();
  expect((await engine.summary(id)).status).toBe('cancelled');
  expect((await engine.document(id)).inputs).toEqual(line().inputs);
});
