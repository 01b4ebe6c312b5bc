/** A payload on its whole way: engine, real workers of every kind, journal in memory and on disk, and a host's death. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processSpawner, threadSpawner } from '../../server/node-workers.ts';
import { createSqliteStore } from '../../server/store/sqlite-store.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { Batch, Executor } from '../../src/engine/executor.ts';
import collect from '../../src/nodes/flow/collect.ts';
import { createRegistry } from '../../src/nodes/registry.ts';
import { PoolExecutor } from '../../src/pool/pool-executor.ts';
import type { Graph } from '../../src/schema/graph.ts';
import type { PolicyInput } from '../../src/schema/policy.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { cloneable, oneOfEach, tangled } from '../contracts/cloneable.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import { realClock } from '../contracts/worker-harness.ts';
import fc from '../property.ts';
import { type BuiltEntries, buildEntries } from './build-entries.ts';
import { testCode, testFold, testHostCode } from './test-nodes.ts';

const registry = createRegistry([testCode, testHostCode, testFold, collect]);
let entries: BuiltEntries;
let folder: string;
let executor: PoolExecutor;
beforeAll(async () => {
  entries = await buildEntries();
  folder = mkdtempSync(join(tmpdir(), 'handloom-fidelity-'));
  executor = new PoolExecutor({
    cores: 1,
    clock: realClock,
    thread: threadSpawner({ entry: entries.thread }),
    process: processSpawner({ entry: entries.process }),
    world: {} as never,
  });
});
afterAll(async () => {
  executor.shutdown();
  rmSync(folder, { recursive: true, force: true });
  await entries.remove();
});

let ids = 0;
const engineOn = (store: Store, by: Executor = executor): Engine =>
  createEngine({
    store,
    executor: by,
    registry,
    clock: realClock,
    newId: () => `fidelity-${++ids}`,
    tools: { compile: (source) => source },
  });

const node = (id: string, code: string, policy: PolicyInput = {}, type = 'test.code') => ({
  id,
  type,
  params: { code },
  policy,
});
const same = '(x) => x';
/** Every way a payload can go; each end node gives it once, or what holds it. */
const everyWay: Graph = {
  format: 'handloom.graph',
  version: 1,
  name: 'every way',
  nodes: [
    node('thread', same),
    node('process', same, { mode: 'process', workers: 1 }),
    node('async', `async ${same}`, { mode: 'async' }),
    node('host', same, { mode: 'serial' }, 'test.host-code'),
    node('flaky', "(x, { attempt }) => { if (attempt === 1) throw new Error('again'); return x; }", {
      retry: { max: 1 },
    }),
    node('dedupe', same, { dedupe: true }),
    node('fails', "() => { throw new TypeError('no'); }"),
    node('sees', same),
    node('fold', '{ initial: () => [], step: (list, x) => [...list, x] }', {}, 'test.fold'),
    { id: 'collect', type: 'flow.collect' },
    node('end', same),
  ],
  edges: [
    ['thread', 'process'],
    ['process', 'async'],
    ['async', 'host'],
    ['host', 'flaky'],
    ['flaky', 'dedupe'],
    // Twice the same to where duplicates are dropped.
    ['thread', 'dedupe'],
    ['dedupe', 'fails'],
    ['dedupe', 'fold'],
    ['dedupe', 'collect'],
    ['dedupe', 'end'],
  ].map(([source, target]) => ({ source: source as string, target: target as string })),
};
everyWay.edges.push({ source: 'fails', sourcePort: 'error', target: 'sees' });

async function checkOutputs(engine: Engine, id: string, value: unknown): Promise<void> {
  const summary = await engine.summary(id);
  assertEqual([summary.nodes.dedupe?.succeeded, summary.nodes.dedupe?.duplicate], [1, 1], 'dedupe');
  const of = async (node: string) => (await engine.outputs(id, { node })).items;
  assertEqual(await of('end'), [value], 'end');
  assertEqual(await of('fold'), [[value]], 'fold');
  assertEqual(await of('collect'), [[value]], 'collect');
  assertEqual(
    await of('sees'),
    [{ payload: value, error: { name: 'TypeError', message: 'no' } }],
    'error port',
  );
  assertEqual((await engine.errors(id, {})).items[0]?.payload, value, 'payload of the error');
  for (const { node, payload } of (await engine.tasks(id, { limit: 1000 })).items)
    if (node !== 'sees') assertEqual(payload, value, `payload at ${node}`);
}

const stores: [string, () => Promise<{ store: Store; again: () => Promise<Store> }>][] = [
  [
    'in memory',
    async () => {
      const store = createMemoryStore();
      return { store, again: async () => store };
    },
  ],
  [
    'in SQLite',
    async () => {
      const file = join(folder, `${++ids}.db`);
      const store = await createSqliteStore(file);
      return {
        store,
        async again() {
          await store.close();
          return createSqliteStore(file);
        },
      };
    },
  ],
];

describe.each(stores)('a payload, its journal %s', (_, open) => {
  it('is the same after every kind of worker, retry, dedupe, fold, collection, error port and journal', async () => {
    const { store, again } = await open();
    const runs: [string, unknown][] = [];
    const check = async (value: unknown) => {
      const engine = engineOn(store);
      // What arrives is what a structured clone is; the engine itself may hold the original.
      const expected = structuredClone(value);
      const { id } = await engine.start(everyWay, { inputs: { thread: [value] } });
      await engine.ended(id);
      runs.push([id, expected]);
      await checkOutputs(engine, id, expected);
    };
    await check(oneOfEach());
    await fc.assert(fc.asyncProperty(fc.oneof(cloneable, tangled), check), { numRuns: 25 });
    // And again from the store alone.
    const reopened = await again();
    for (const [id, expected] of runs) await checkOutputs(engineOn(reopened), id, expected);
    await reopened.close();
  }, 60_000);

  it('is the same after the host has died between any two of its tasks', async () => {
    await fc.assert(
      fc.asyncProperty(
        tangled,
        fc.constantFrom(...everyWay.nodes.map(({ id }) => id)),
        async (value, stop) => {
          const { store, again } = await open();
          const expected = structuredClone(value);
          let reached: () => void = () => {};
          const there = new Promise<void>((resolve) => {
            reached = resolve;
          });
          // The first host comes as far as one node, and then no further.
          const first = engineOn(store, {
            parallelism: executor.parallelism,
            open: (run) => executor.open(run),
            cancel: (run) => executor.cancel(run),
            close: (run) => executor.close(run),
            execute(batch: Batch) {
              if (batch.node !== stop) return executor.execute(batch);
              reached();
              return new Promise(() => {});
            },
          });
          const { id } = await first.start(everyWay, { inputs: { thread: [value] } });
          await Promise.race([there, first.ended(id)]);
          await first.leave();
          const reopened = await again();
          const second = engineOn(reopened);
          if ((await second.summary(id)).status === 'running') await second.resume(id);
          await second.ended(id);
          await checkOutputs(second, id, expected);
          await reopened.close();
        },
      ),
      { numRuns: 12 },
    );
  }, 60_000);
});

describe('what no payload may hold', () => {
  it('fails its task, also beside the engine, and leaves the run and its journal well', async () => {
    const store = createMemoryStore();
    const engine = engineOn(store);
    const code = `(x) => [() => new SharedArrayBuffer(8), () => new Blob(['a']), () => ({ f() {} }),
      () => many([new Map([[1, Symbol('s')]])]), () => 'fine'][x]()`;
    const nodes = [
      node('t', code),
      node('p', code, { mode: 'process', workers: 1 }),
      node('h', code, {}, 'test.host-code'),
      node('log', "(x, { log }) => { log('blob', new Blob(['a'])); return x; }"),
      node('seen', same),
    ];
    const graph: Graph = {
      ...everyWay,
      nodes,
      edges: ['t', 'p', 'h'].map((source) => ({ source, sourcePort: 'error', target: 'seen' })),
      inputs: { t: [0, 1, 2, 3, 4], p: [0, 1, 2, 3, 4], h: [0, 1, 2, 3, 4], log: [1] },
    };
    const { id } = await engine.start(graph);
    await engine.ended(id);
    const summary = await engine.summary(id);
    expect([summary.status, summary.reason]).toEqual(['partial', undefined]);
    for (const name of ['t', 'p', 'h']) {
      expect((await engine.outputs(id, { node: name })).items).toEqual(['fine']);
      const errors = (await engine.errors(id, { node: name })).items;
      expect(errors.map((error) => error.code)).toEqual(Array(4).fill('not_cloneable'));
    }
    const seen = (await engine.outputs(id, { node: 'seen' })).items as { payload: number; error: object }[];
    expect(seen.map(({ payload }) => payload).sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    expect(seen[0]?.error).toMatchObject({ name: 'DataCloneError', code: 'not_cloneable' });
    expect((await engine.outputs(id, { node: 'log' })).items).toEqual([1]);
  });
});
