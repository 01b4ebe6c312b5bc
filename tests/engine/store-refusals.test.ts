/** Stores that are full, busy or broken, or that another engine writes to. */
import { expect, test } from 'vitest';
import { step } from '../../src/engine/scheduler/scheduler.ts';
import { StoreError } from '../../src/errors.ts';
import type { Graph } from '../../src/schema/graph.ts';
import type { RunSummary } from '../../src/schema/run.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { RunStore } from '../../src/store/store.ts';
import { faultyStore } from './faulty-store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

/** Two steps and a sum, with failures that are tried again. */
const steps = (count: number): Graph =>
  graph(
    [
      code('a', '(n, ctx) => { if (n % 7 === 3 && ctx.attempt < 2) throw new Error("no"); return n + 1; }', {
        policy: { retry: { max: 1 } },
      }),
      code('b', '(n) => n * 2'),
      { id: 'sum', type: 'flow.reduce', params: { code: '(a, n) => a + n', initial: 0 } },
    ],
    { a: numbers(count) },
    [edge('a', 'b'), edge('b', 'sum')],
  );
const sumOf = (count: number): number => numbers(count).reduce((sum, n) => sum + (n + 1) * 2, 0);

const full = () => new StoreError('store_full', 'There is no room left on the disk.');
const turn = () => new Promise((resolve) => setImmediate(resolve));
type Parts = ReturnType<typeof simulatedEngine>;

/** Lets time pass until it is so. */
async function passUntil({ clock }: Parts, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    if (await isSo()) return;
    clock.next();
    await turn();
  }
  throw new Error('It never came to be so');
}

async function expectContiguous(runs: RunStore, id: string): Promise<void> {
  const chunks = await runs.summaries(id);
  const firsts = chunks.map(({ first }) => first);
  expect(firsts).toEqual([1, ...chunks.slice(0, -1).map(({ last }) => last + 1)]);
}

test('a store that is full pauses the run, which says why and goes on by itself when there is room', async () => {
  let isFull = false;
  const memory = createMemoryStore();
  const store = faultyStore(memory, (method, _, when) => {
    if (isFull && method === 'append' && when === 'before') throw full();
  });
  const parts = simulatedEngine(1, undefined, store);
  const { engine, clock, executor } = parts;
  const { id } = await engine.start(steps(500));
  const told: RunSummary[] = [];
  await engine.subscribe(id, ({ run }) => told.push(run));
  await passUntil(parts, async () => ((await engine.summary(id)).nodes.a?.succeeded ?? 0) > 20);
  isFull = true;
  await passUntil(parts, async () => (await engine.summary(id)).status === 'paused');
  expect(await engine.summary(id)).toMatchObject({
    status: 'paused',
    reason: 'The run waits for its store: There is no room left on the disk.',
    reasonCode: 'store_full',
  });
  await passUntil(parts, () => executor.out === 0);
  const begun = executor.begun.length;
  const before = clock.now();
  for (let i = 0; i < 40; i++) {
    clock.next();
    await turn();
  }
  expect(executor.begun.length).toBe(begun);
  // Offered again less and less often.
  expect(clock.now() - before).toBeGreaterThan(40_000);
  await expect(engine.inject(id, { a: [1] })).rejects.toMatchObject({ code: 'store_full' });
  expect((await engine.report(id)).status).toBe('paused');
  isFull = false;
  await clock.until(engine.ended(id));
  const report = await engine.report(id);
  expect(report).toMatchObject({ status: 'succeeded', outputs: { sum: [sumOf(500)] } });
  expect(report.reason).toBeUndefined();
  expect(told.some(({ status, reasonCode }) => status === 'paused' && reasonCode === 'store_full')).toBe(
    true,
  );
  expect(told.at(-1)?.status).toBe('succeeded');
  await expectContiguous(memory.runs, id);
});

test('a person’s pause outlasts the store’s', async () => {
  let isFull = true;
  const store = faultyStore(createMemoryStore(), (method, _, when) => {
    if (isFull && method === 'append' && when === 'before') throw full();
  });
  const parts = simulatedEngine(1, undefined, store);
  const { engine, clock } = parts;
  const { id } = await engine.start(steps(50));
  await passUntil(parts, async () => (await engine.summary(id)).status === 'paused');
  await engine.pause(id);
  isFull = false;
  await passUntil(parts, async () => (await engine.summary(id)).reasonCode === undefined);
  for (let i = 0; i < 20; i++) {
    clock.next();
    await turn();
  }
  expect((await engine.summary(id)).status).toBe('paused');
  await engine.unpause(id);
  await clock.until(engine.ended(id));
  expect((await engine.summary(id)).status).toBe('succeeded');
});

test('a run whose end cannot be stored has not ended until it can', async () => {
  let isFull = false;
  const store = faultyStore(createMemoryStore(), (method, _, when) => {
    if (isFull && method === 'append' && when === 'before') throw full();
  });
  const parts = simulatedEngine(1, undefined, store);
  const { engine, clock } = parts;
  const { id } = await engine.start(
    { ...steps(0), nodes: [code('a')], edges: [], inputs: { a: [] } },
    { keepOpen: true },
  );
  while (clock.next()) await turn();
  isFull = true;
  let hasEnded = false;
  void engine.ended(id).then(() => {
    hasEnded = true;
  });
  const closed = engine.close(id);
  for (let i = 0; i < 10; i++) {
    clock.next();
    await turn();
  }
  expect([hasEnded, (await engine.summary(id)).status]).toEqual([false, 'paused']);
  // Who cancels it need not wait for room.
  await engine.cancel(id);
  isFull = false;
  await clock.until(Promise.all([closed, engine.ended(id)]));
  expect((await store.runs.get(id))?.status).toBe('succeeded');
});

test('a store that fails for good ends the run with the reason, and what it has of it can be read', async () => {
  const memory = createMemoryStore();
  let isGone = false;
  const broken = faultyStore(memory, (method, _, when) => {
    if (isGone && method === 'append' && when === 'before') throw new Error('the disk is gone');
  });
  const first = simulatedEngine(1, undefined, broken);
  const { id } = await first.engine.start(steps(500));
  await passUntil(first, async () => ((await memory.runs.get(id))?.nodes.a?.succeeded ?? 0) > 20);
  isGone = true;
  await first.clock.until(first.engine.ended(id));
  isGone = false;
  // Nothing of its end could be kept, so another engine finds it as it was.
  const heir = simulatedEngine(2, undefined, memory);
  expect(await heir.engine.recover()).toEqual([id]);
  await heir.clock.until(heir.engine.ended(id));
  expect(await heir.engine.report(id)).toMatchObject({ status: 'succeeded', outputs: { sum: [sumOf(500)] } });

  const other = createMemoryStore();
  const refusing = faultyStore(other, (method, call, when) => {
    if (method === 'append' && call === 3 && when === 'before')
      throw new StoreError('value_not_storable', 'A symbol.');
  });
  const second = simulatedEngine(1, undefined, refusing);
  const { id: again } = await second.engine.start(steps(500));
  await second.clock.until(second.engine.ended(again));
  const report = await second.engine.report(again);
  expect(report).toMatchObject({ status: 'cancelled', reason: 'The store failed: A symbol.' });
  const { a } = report.nodes;
  expect((a?.succeeded ?? 0) + (a?.cancelled ?? 0)).toBe(500);
  await expectContiguous(other.runs, again);
});

test('the last word of an engine whose run has gone on elsewhere changes nothing', async () => {
  const store = createMemoryStore();
  let isBroken = false;
  const old = simulatedEngine(1, undefined, store, {
    step: (state, event) => {
      if (isBroken) throw new Error('out of order');
      return step(state, event);
    },
  });
  const { id } = await old.engine.start(steps(3), { keepOpen: true });
  const isGoing = async () => (await store.runs.get(id))?.nodes.sum?.succeeded === 3;
  await passUntil(old, isGoing);
  const next = simulatedEngine(2, undefined, store);
  await next.engine.resume(id);
  await passUntil(next, async () => (await store.runs.get(id))?.reason === 'resumed after an interruption');
  // It fails, and so does the way to say so in the journal.
  isBroken = true;
  await old.engine.pause(id);
  await old.clock.until(old.engine.ended(id));
  expect((await store.runs.get(id))?.status).toBe('running');
  await next.clock.until(Promise.all([next.engine.close(id), next.engine.ended(id)]));
  expect((await store.runs.get(id))?.status).toBe('succeeded');
});

test('refusals that pass do not speak against a run that is to be resumed', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(steps(300));
  await passUntil(first, async () => ((await store.runs.get(id))?.nodes.a?.succeeded ?? 0) > 10);
  await first.engine.leave();
  // Busy for long, and then, twice, what nobody can explain.
  const faults = [...Array<string>(8).fill('store_busy'), 'store_failed', 'store_failed'];
  const refusing = faultyStore(store, (method, _, when) => {
    if (method === 'get' && when === 'before' && faults.length > 0)
      throw new StoreError(faults.shift() as string, 'Simulated.');
  });
  const heir = simulatedEngine(2, undefined, refusing);
  expect(await heir.engine.recover()).toEqual([]);
  await passUntil(heir, async () => (await store.runs.get(id))?.status === 'succeeded');
  expect((await store.runs.get(id))?.nodes.a).toMatchObject({ input: 300, failed: 0 });
});

test('an engine that wakes up after another has gone on with its run is refused, and lets go of it', async () => {
  const store = createMemoryStore();
  const old = simulatedEngine(1, undefined, store);
  const { id } = await old.engine.start(steps(300));
  await passUntil(old, async () => ((await store.runs.get(id))?.nodes.a?.succeeded ?? 0) > 10);
  const told: RunSummary[] = [];
  await old.engine.subscribe(id, ({ run }) => told.push(run));

  // The old one is frozen here; the new one goes on, and is left in the middle.
  const next = simulatedEngine(2, undefined, store);
  await next.engine.resume(id);
  await passUntil(next, async () => ((await store.runs.get(id))?.nodes.b?.succeeded ?? 0) > 10);
  const { last } = (await store.runs.summaries(id)).at(-1) as { last: number };

  await old.clock.until(old.engine.ended(id));
  expect(old.engine.liveRuns()).toEqual([]);
  expect(told.at(-1)).toMatchObject({ status: 'running', reasonCode: 'run_elsewhere' });
  expect(old.executor.cancelled).toContain(id);
  const begun = old.executor.begun.length;
  while (old.clock.next()) await turn();
  expect(old.executor.begun.length).toBe(begun);
  expect((await store.runs.summaries(id)).at(-1)).toMatchObject({ last });
  await expect(old.engine.pause(id)).rejects.toMatchObject({ code: 'run_not_live' });

  await next.clock.until(next.engine.ended(id));
  const report = await next.engine.report(id);
  expect(report).toMatchObject({ status: 'succeeded', outputs: { sum: [sumOf(300)] } });
  await expectContiguous(store.runs, id);
});

const errors = {
  busy: () => new StoreError('store_busy', 'Another process is writing to the store.'),
  full,
  thrown: () => new Error('EIO'),
};
const methods = ['create', 'get', 'list', 'append', 'summaries', 'chunk'] as const;

test.each(methods)(
  'nothing is lost when any call of %s fails, before or after it has done its work',
  async (method) => {
    const count = 40;
    for (const [name, make] of Object.entries(errors)) {
      for (const when of ['before', 'after'] as const) {
        for (let failing = 1, reached = true; reached; failing++) {
          reached = false;
          const memory = createMemoryStore();
          const store = faultyStore(memory, (called, call, moment) => {
            if (called !== method || call !== failing || moment !== when) return;
            reached = true;
            throw make();
          });
          const what = `${name} ${when} call ${failing}`;
          // Made by an engine that is left in the middle, ended by another one.
          const first = simulatedEngine(failing, { loss: 0.1 }, store);
          const started = await first.engine.start(steps(count)).catch((error: unknown) => error as Error);
          if (started instanceof Error) {
            expect({ what, method }).toEqual({ what, method: 'create' });
            if (when === 'before') expect((await memory.runs.list()).items).toEqual([]);
            continue;
          }
          const { id } = started;
          for (let i = 0; i < 12; i++) {
            first.clock.next();
            await turn();
          }
          await first.engine.leave();
          const second = simulatedEngine(failing + 100, { loss: 0.1 }, store);
          const recovered = await second.engine.recover().catch((error: unknown) => error as Error);
          // A list that cannot be had is for the host to ask for again.
          if (recovered instanceof Error) await second.engine.recover();
          await passUntil(second, async () => (await memory.runs.get(id))?.status === 'succeeded');
          const report = await simulatedEngine(1, undefined, memory).engine.report(id);
          expect({ what, outputs: report.outputs }).toEqual({ what, outputs: { sum: [sumOf(count)] } });
          expect({ what, ...report.nodes.a }).toMatchObject({
            what,
            input: count,
            succeeded: count,
            failed: 0,
          });
          await expectContiguous(memory.runs, id);
        }
      }
    }
  },
);
