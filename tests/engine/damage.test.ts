/** What becomes of a run when something of ours, or of its journal, is broken. */
import { expect, test } from 'vitest';
import { type JournalChunk, journalVersion } from '../../src/engine/journal/journal.ts';
import { upToDate } from '../../src/engine/journal/journal-versions.ts';
import { StoreError } from '../../src/errors.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { decodeChunk, encodeChunk } from '../../src/store/journal-codec.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

const twoSteps = (count: number, retry = {}): Graph =>
  graph(
    [
      code('a', '(n) => { if (n % 10 === 3) throw new Error("no"); return n; }', { policy: { retry } }),
      // On workers of its own, so that the two do not travel as one and there are some chunks.
      code('b', '(n) => n', { policy: { mode: 'process' } }),
    ],
    { a: numbers(count) },
    [edge('a', 'b')],
  );
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a fault in the scheduler fails its run with the reason, and no other', async () => {
  let draws = 0;
  const random = () => {
    if (++draws > 5) throw new RangeError('out of luck');
    return 0.5;
  };
  const { engine, clock, store, executor } = simulatedEngine(1, undefined, undefined, { random });
  const unlucky = await engine.start(twoSteps(100, { max: 3, delayMs: 10, jitter: 0.5 }));
  const other = await engine.start(twoSteps(100));
  await clock.until(Promise.all([engine.ended(unlucky.id), engine.ended(other.id)]));
  const report = await engine.report(unlucky.id);
  expect(report).toMatchObject({ status: 'failed', reason: 'The engine failed: out of luck' });
  const { a } = report.nodes;
  expect(a).toMatchObject({ input: 100, running: 0, pending: 0 });
  expect((a?.succeeded ?? 0) + (a?.failed ?? 0) + (a?.cancelled ?? 0)).toBe(100);
  expect(executor.cancelled).toContain(unlucky.id);
  expect((await store.runs.get(unlucky.id))?.status).toBe('failed');
  expect(await engine.report(other.id)).toMatchObject({ status: 'partial', nodes: { b: { succeeded: 90 } } });
});

test('a fault that the journal brings back, too, still ends its run', async () => {
  const { engine, clock, store } = simulatedEngine(1, undefined, undefined, {
    random: () => {
      throw new RangeError('out of luck');
    },
  });
  const { chunk } = store.runs;
  store.runs.chunk = () => Promise.reject(new TypeError('replay'));
  const { id } = await engine.start(twoSteps(10, { max: 3, delayMs: 10, jitter: 0.5 }));
  await clock.until(engine.ended(id));
  store.runs.chunk = chunk;
  expect(await store.runs.get(id)).toMatchObject({
    status: 'failed',
    reason: 'The engine failed: out of luck',
  });
});

/** A run of several chunks, of which one is damaged: one in the middle that holds outputs, or the first. */
async function damagedRun(
  isOver: boolean,
  which: 'middle' | 'first' = 'middle',
): Promise<{ store: Store; id: string; first: number }> {
  const bodies = new Map<number, Uint8Array>();
  const store = createMemoryStore({
    onBody: (_, first, body) => {
      bodies.set(first, body);
      return body;
    },
  });
  const { engine, clock } = simulatedEngine(1, undefined, store, { queueMemory: 2 ** 20 });
  // Long enough to be left in the middle.
  const { id } = await engine.start(twoSteps(!isOver ? 20_000 : which === 'first' ? 6000 : 1000));
  const giving = async () =>
    (await store.runs.summaries(id)).filter(({ nodes }) => (nodes.b?.outputs ?? 0) > 0);
  while (!isOver && (await giving()).length < 2) {
    clock.next();
    await turn();
  }
  if (isOver) await clock.until(engine.ended(id));
  else await engine.leave();
  const chunks = await giving();
  const { first } = which === 'first' ? { first: 1 } : (chunks[chunks.length >> 1] as { first: number });
  const body = bodies.get(first) as Uint8Array;
  body[body.length - 2] = (body.at(-2) as number) ^ 1;
  return { store, id, first };
}

test('a run with a damaged chunk opens up to it, and every list that reaches it says so', async () => {
  const { store, id, first } = await damagedRun(true);
  const { engine } = simulatedEngine(2, undefined, store);
  const message = `The journal of run ${id} is damaged in the chunk from entry ${first} on.`;
  const problem = { code: 'chunk_damaged', message };
  const report = await engine.report(id, Infinity);
  expect(report).toMatchObject({ status: 'partial', problem });
  expect(report.outputs.b?.length).toBeGreaterThan(0);
  expect(report.outputs.b?.length).toBeLessThan(900);
  const outputs = await engine.outputs(id, { limit: 1000 });
  expect(outputs).toMatchObject({ nextCursor: null, problem });
  expect(outputs.items).toEqual(report.outputs.b);
  expect(await engine.errors(id, { limit: 1000 })).toMatchObject({ nextCursor: null, problem });
  const tasks = await engine.tasks(id, { limit: 1000, node: 'a' });
  expect(tasks.items.length).toBe(1000);
  // A page that ends before it has nothing to say.
  expect(await engine.outputs(id, { limit: 1 })).not.toHaveProperty('problem');
  await expect(engine.retry(id)).rejects.toMatchObject({ code: 'chunk_damaged' });
});

test('a list of failed tasks says so when it cannot be read where they came from', async () => {
  const { store, id } = await damagedRun(true, 'first');
  const ask = () => simulatedEngine(2, undefined, store).engine;
  const problem = { code: 'chunk_damaged' };
  const failed = await ask().tasks(id, { status: 'failed', limit: 1000 });
  expect(failed).toMatchObject({ items: [], nextCursor: null, problem });
  const errors = await ask().errors(id, { limit: 1000 });
  expect(errors).toMatchObject({ nextCursor: null, problem });
  expect(errors.items.length).toBe(600);
});

test('an interrupted run with a damaged chunk has failed, names the chunk, and stays readable', async () => {
  const { store, id, first } = await damagedRun(false);
  const { engine } = simulatedEngine(2, undefined, store);
  await expect(engine.resume(id)).rejects.toMatchObject({ code: 'chunk_damaged' });
  const summary = await engine.summary(id);
  expect(summary).toMatchObject({ status: 'failed', reasonCode: 'chunk_damaged' });
  expect(summary.reason).toContain(`from entry ${first} on`);
  expect(await engine.recover()).toEqual([]);
  expect((await engine.report(id, Infinity)).problem?.code).toBe('chunk_damaged');
});

const chunk = (version: number): JournalChunk => ({
  version,
  run: 'r',
  first: 1,
  last: 1,
  at: 5,
  nodes: {},
  entries: [{ kind: 'close', seq: 1, at: 5 }],
});

test('a chunk of an older version is led to today’s step by step', () => {
  const steps = {
    [-1]: (old: JournalChunk) => ({ ...old, at: old.at + 1 }),
    0: (old: JournalChunk) => ({ ...old, at: old.at * 10 }),
  };
  expect(upToDate(chunk(-1), steps, 1)).toEqual({ ...chunk(1), at: 60 });
  expect(upToDate(chunk(1), steps, 1)).toEqual(chunk(1));
  expect(() => upToDate(chunk(-2), steps, 1)).toThrow(/version -2/);
});

test('a journal of a newer version is refused, and its run left as it is', async () => {
  const newer = chunk(journalVersion + 1);
  const refused = expect.objectContaining({
    code: 'journal_newer',
    details: { run: 'r', version: journalVersion + 1 },
  });
  expect(() => decodeChunk(encodeChunk(newer), 'r', 1)).toThrow(refused);
  const store = createMemoryStore();
  const document = twoSteps(1);
  const run = {
    id: 'r',
    graph: 'test',
    status: 'running' as const,
    createdAt: '2026-01-01T00:00:00.000Z',
    nodes: {},
  };
  await store.runs.create({ ...run, document });
  await store.runs.append(run, [newer]);
  const { engine } = simulatedEngine(1, undefined, store);
  expect(await engine.recover()).toEqual([]);
  await expect(engine.resume('r')).rejects.toMatchObject({ code: 'journal_newer' });
  expect((await store.runs.get('r'))?.status).toBe('running');
});

test('a run that is given up for its damaged journal accounts for all its tasks', async () => {
  let isDamaged = false;
  const memory = createMemoryStore();
  const store: Store = { ...memory, runs: { ...memory.runs } };
  store.runs.chunk = async (run, first) => {
    if (isDamaged) throw new StoreError('chunk_damaged', 'The journal is damaged.');
    return memory.runs.chunk(run, first);
  };
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(twoSteps(500));
  for (let i = 0; i < 40; i++) {
    clock.next();
    await turn();
  }
  await engine.prepareToLeave();
  isDamaged = true;
  const heir = simulatedEngine(2, undefined, store).engine;
  await expect(heir.resume(id)).rejects.toMatchObject({ code: 'chunk_damaged' });
  const { status, nodes } = await heir.summary(id);
  expect(status).toBe('failed');
  for (const { input, running, succeeded, failed, duplicate, cancelled, pending } of Object.values(nodes)) {
    expect([running, pending]).toEqual([0, 0]);
    expect(succeeded + failed + duplicate + cancelled).toBe(input);
  }
  expect(nodes.a?.cancelled).toBeGreaterThan(0);
});

test('what is asked of a damaged journal is answered with the damage, not as if there were nothing', async () => {
  const store = createMemoryStore();
  const { engine, clock } = simulatedEngine(1, undefined, store);
  const { id } = await engine.start(twoSteps(100));
  await clock.until(engine.ended(id));
  const damaged: Store = { ...store, runs: { ...store.runs } };
  damaged.runs.chunk = () => Promise.reject(new StoreError('chunk_damaged', 'The journal is damaged.'));
  const reader = simulatedEngine(2, undefined, damaged).engine;
  await expect(reader.task(id, '1')).rejects.toMatchObject({ code: 'chunk_damaged' });
  await expect(reader.retry(id)).rejects.toMatchObject({ code: 'chunk_damaged' });
  await expect(engine.task(id, '1000')).rejects.toMatchObject({ code: 'task_not_found' });
  await expect(engine.retry(id, { node: 'nobody' })).rejects.toMatchObject({ code: 'unknown_node' });
});
