/** The graphs people begin with, on real threads with a real DuckDB, as they are. */
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledSamples } from '../../server/bundled-samples.ts';
import { createDuckDbTables } from '../../server/duckdb-tables.ts';
import { threadSpawner } from '../../server/node-workers.ts';
import { systemClock } from '../../server/system-clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import { examples } from '../../src/examples/index.ts';
import { samples } from '../../src/examples/samples.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { withSamples } from '../../src/files/sample-files.ts';
import { prepareTools } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { PoolExecutor } from '../../src/pool/pool-executor.ts';
import type { TableRef } from '../../src/schema/table.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'src/examples');
const sources = join(root, 'node_modules/vega-datasets/data');

const store = createMemoryStore();
const files = withSamples(createMemoryFiles(), bundledSamples());
const tables = createDuckDbTables({ files, artifacts: store.artifacts });
let workers: string;
let executor: PoolExecutor;
let engine: Engine;

beforeAll(async () => {
  // Threads need plain JavaScript: the real entry, bundled where its imports are found.
  workers = await mkdtemp(join(root, 'node_modules', '.examples-test-'));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, 'server/task-thread.ts'),
      outDir: workers,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' } },
    },
  });
  const entry = pathToFileURL(join(workers, 'task-thread.mjs'));
  executor = new PoolExecutor({
    cores: 2,
    clock: systemClock,
    thread: threadSpawner({ entry }),
    process: threadSpawner({ entry }),
    world: { fetch, files, tables },
  });
  let ids = 0;
  engine = new Engine({
    store,
    executor,
    registry,
    clock: systemClock,
    newId: () => `run-${++ids}`,
    tools: prepareTools,
  });
}, 60_000);

afterAll(async () => {
  executor?.shutdown();
  await tables.close();
  await rm(workers, { recursive: true, force: true });
});

async function runExample(id: string) {
  const example = examples.find((each) => each.id === id);
  const run = await engine.start(example?.graph as never);
  await engine.ended(run.id);
  return engine.report(run.id, Number.POSITIVE_INFINITY);
}

describe('the samples', () => {
  it('are as large as they say, and small together', () => {
    for (const { path, bytes } of samples) expect(statSync(join(sources, path)).size).toBe(bytes);
    expect(samples.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(4e6);
  });

  it.each(samples.map(({ path }) => path))('%s can be read as a table', async (path) => {
    const ref = await tables.readFile(`samples/${path}`);
    expect(ref.rows).toBeGreaterThan(100);
    expect(ref.columns.length).toBeGreaterThan(2);
  });
});

describe('the examples', () => {
  it('are all listed, in both languages, and have nothing wrong with them', async () => {
    expect(examples.map(({ id }) => id).sort()).toEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -5))
        .sort(),
    );
    for (const { title, summary, graph } of examples) {
      expect(title.zh + summary.zh).toMatch(/[\u4e00-\u9fff]/);
      expect(graph.name).toBe(title.en);
      expect(await engine.validate(graph)).toEqual([]);
    }
  });

  it.each(examples.map(({ id, graph }) => ({ id, graph })))(
    '$id is laid out so that no two nodes touch',
    ({ graph }) => {
      const at = graph.nodes.map(({ position }) => position ?? { x: 0, y: 0 });
      for (const [i, a] of at.entries()) {
        for (const b of at.slice(i + 1))
          expect(Math.abs(a.x - b.x) >= 264 || Math.abs(a.y - b.y) >= 152).toBe(true);
      }
    },
  );

  it('rank airports by delay, each with an interval around its mean', async () => {
    const began = performance.now();
    const report = await runExample('flight-delays');
    console.info(`flight-delays: ${Math.round(performance.now() - began)} ms`);
    expect(report.errors).toEqual([]);
    expect(report.status).toBe('succeeded');
    const [ranking] = report.outputs.ranking as TableRef[];
    const rows = await tables.rows(ranking as TableRef);
    expect(rows.length).toBe(report.nodes.bootstrap?.succeeded);
    expect(rows.length).toBeGreaterThan(80);
    for (const row of rows) {
      expect(row.low).toBeLessThanOrEqual(row.mean_delay as number);
      expect(row.high).toBeGreaterThanOrEqual(row.mean_delay as number);
    }
    expect(rows.map((row) => row.rank)).toEqual(
      [...rows.map((row) => row.rank as number)].sort((a, b) => a - b),
    );
    const [states] = report.outputs.states as TableRef[];
    expect(states?.rows).toBeGreaterThan(30);
  }, 60_000);

  it('count the steps of Collatz in a loop that ends', async () => {
    const report = await runExample('collatz');
    expect(report.status).toBe('succeeded');
    const [longest] = report.outputs.longest as { start: number; steps: number }[][];
    expect(longest?.slice(0, 2)).toEqual([
      { start: 97, steps: 118 },
      { start: 73, steps: 115 },
    ]);
  });

  it('add and square', async () => {
    const { outputs } = await runExample('add-then-square');
    expect((outputs.square as number[]).toSorted((a, b) => a - b)).toEqual([9, 49, 121, 225, 361]);
  });

  it('retry a flaky service and send its errors on', async () => {
    const report = await runExample('flaky-service');
    expect(report.status).toBe('partial');
    expect(report.nodes.price).toMatchObject({ input: 40, succeeded: 33, failed: 7 });
    expect(report.outputs.total).toEqual([{ orders: 33, retried: 11, total: expect.any(Number) }]);
    expect(report.outputs.later).toHaveLength(3);
    expect(report.outputs.drop).toContainEqual({ id: 20, message: 'There is no order 20.' });
  });
});
