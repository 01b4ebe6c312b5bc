import { expect, test } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { beyondRetention, type Retention } from '../../src/engine/retention/retention.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { run as record } from '../contracts/store-case.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedExecutor } from './simulated-executor.ts';

const ended = (id: string, endedAt: number, bytes = 1) => ({ id, endedAt, bytes });
const runs = [ended('new', 90, 10), ended('old', 10, 1), ended('middle', 50, 100), ended('newer', 95, 10)];

test('runs go by age, by count and by size, oldest first', () => {
  expect(beyondRetention(runs, {}, 100)).toEqual([]);
  expect(beyondRetention(runs, { maxAgeMs: 40 }, 100)).toEqual(['old', 'middle']);
  expect(beyondRetention(runs, { maxAgeMs: 50 }, 100)).toEqual(['old']);
  expect(beyondRetention(runs, { maxRuns: 1 }, 100)).toEqual(['old', 'middle', 'new']);
  expect(beyondRetention(runs, { maxRuns: 0 }, 100)).toHaveLength(4);
  expect(beyondRetention(runs, { maxBytes: 25 }, 100)).toEqual(['old', 'middle']);
  expect(beyondRetention(runs, { maxBytes: 25, maxRuns: 1 }, 100)).toEqual(['old', 'middle', 'new']);
});

function engineWith(retention: Retention, store: Store = createMemoryStore()) {
  const clock = new SimulatedClock();
  let ids = 0;
  const engine = new Engine({
    store,
    executor: new SimulatedExecutor(clock, () => 0.5),
    registry,
    clock,
    newId: () => `id ${++ids}`,
    tools: { compile },
    retention,
  });
  return { engine, clock, store };
}

const graph = (text: string) => ({
  format: 'handloom.graph' as const,
  version: 1 as const,
  name: 'g',
  nodes: [{ id: 'n', type: 'code.js', params: { code: text } }],
  edges: [],
  inputs: { n: [1] },
});

test('ended runs beyond the retention go when another one has ended; live ones never', async () => {
  const { engine, clock, store } = engineWith({ maxRuns: 2 });
  const open = await engine.start(graph('(x) => x'), { keepOpen: true });
  for (let i = 0; i < 4; i++) {
    const { id } = await engine.start(graph(`(x) => x + ${i} + "y".repeat(40000)`));
    await clock.until(engine.ended(id));
  }
  await clock.until(engine.tidy());
  const left = (await store.runs.list()).items;
  expect(left.filter(({ status }) => status === 'succeeded')).toHaveLength(2);
  expect(left.map(({ id }) => id)).toContain(open.id);
});

test('runs whose sizes are too much together go, the newest stay', async () => {
  const { engine, clock, store } = engineWith({ maxBytes: 250_000 });
  const ids: string[] = [];
  for (const letter of ['a', 'b', 'c', 'd']) {
    const { id } = await engine.start(graph(`() => "${letter}".repeat(100000)`));
    await clock.until(engine.ended(id));
    ids.push(id);
  }
  await clock.until(engine.tidy());
  expect((await store.runs.list()).items.map(({ id }) => id).sort()).toEqual(ids.slice(2).sort());
});

test('what a crash has left behind is swept away when no run lives, and not before', async () => {
  const { engine, clock, store } = engineWith({});
  await store.runs.create(record('lives elsewhere'));
  await store.artifacts.claim('never made', [{ hash: 'orphan', bytes: Uint8Array.of(1) }]);
  await clock.until(engine.tidy());
  expect(await store.artifacts.has('orphan')).toBe(true);
  await store.runs.delete('lives elsewhere');
  await clock.until(engine.tidy());
  expect(await store.artifacts.has('orphan')).toBe(false);
});

test('limits kept in the store hold for every host of it, and what went is told', async () => {
  const { engine, clock, store } = engineWith({});
  for (let i = 0; i < 3; i++) {
    const { id } = await engine.start(graph(`(x) => x + ${i}`));
    await clock.until(engine.ended(id));
  }
  expect(await engine.retention()).toMatchObject({ limits: {}, kept: { runs: 3 } });
  const { limits, kept, removed } = await clock.until(engine.setRetention({ maxRuns: 1 }));
  expect([limits, kept.runs, removed]).toEqual([
    { maxRuns: 1 },
    1,
    { at: new Date(clock.now()).toISOString(), runs: 2, bytes: expect.any(Number), cached: 0 },
  ]);
  expect(removed?.bytes).toBeGreaterThan(0);
  const other = engineWith({}, store);
  await other.engine.start(graph('(x) => x'));
  await other.clock.until(Promise.all(other.engine.liveRuns().map((id) => other.engine.ended(id))));
  await other.clock.until(other.engine.tidy());
  expect((await store.runs.list()).items).toHaveLength(1);
  await engine.setRetention({});
  expect(await engine.retention()).toMatchObject({ limits: {}, removed: { runs: 1 } });
});

test('limits a host was started with are not changed by anybody', async () => {
  const { engine, store } = engineWith({ maxRuns: 5 });
  await store.settings.set('retention', { maxRuns: 0 });
  expect(await engine.retention()).toMatchObject({ limits: { maxRuns: 5 }, fixed: true });
  await expect(engine.setRetention({})).rejects.toMatchObject({ code: 'retention_fixed' });
});

test('results kept for later runs go by age and by size, too', async () => {
  const { engine, clock, store } = engineWith({});
  const entry = (key: string, at: number, size: number) => ({
    key,
    at,
    size,
    bytes: Uint8Array.of(1),
    uses: [],
  });
  const now = clock.now();
  await store.cache.put([
    entry('old', now - 5000, 10),
    entry('large', now - 900, 500),
    entry('new', now, 100),
  ]);
  await engine.setRetention({ maxAgeMs: 1000 });
  expect((await engine.retention()).removed).toMatchObject({ runs: 0, cached: 1 });
  expect(await store.cache.size()).toEqual({ entries: 2, bytes: 600 });
  await engine.setRetention({ maxBytes: 550 });
  expect(await store.cache.size()).toEqual({ entries: 1, bytes: 100 });
});
