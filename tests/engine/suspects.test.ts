/** Hosts that die, by a task's hand or for no fault of a task's. */
import { describe, expect, test } from 'vitest';
import { type Batch, type BatchOutcome, outcome as taskOutcome } from '../../src/engine/executor.ts';
import { planGraph } from '../../src/engine/graph/plan.ts';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { createState } from '../../src/engine/scheduler/initial-state.ts';
import { Replay } from '../../src/engine/scheduler/replay.ts';
import { type SchedulerEvent, step } from '../../src/engine/scheduler/scheduler.ts';
import type { Load } from '../../src/engine/scheduler/scheduler-state.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { mortal } from './mortal-store.ts';
import { simulatedEngine } from './run-graph.ts';
import { graph, numbers } from './small-graphs.ts';

const code = (id: string, rest: Partial<GraphNode> = {}): GraphNode => ({
  id,
  type: 'code.js',
  params: { code: '(n) => n' },
  ...rest,
});
/** Bytes, so that nothing is read back from the journal, which has it committed early. */
const queueMemory = 1_000_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Life {
  /** Payloads in the order they were sent out. */
  begun: unknown[][];
  isDead: boolean;
}
interface Killing {
  /** Whether this payload takes its host down. */
  isKiller: (payload: unknown, node: string) => boolean;
  /** Simulated milliseconds it takes to. */
  afterMs: number;
  /** Milliseconds that a batch may take. */
  longestMs?: number;
  /** Timers that pass until the host is killed from outside. */
  killAfter?: number;
}

/** One life of a run, to its end or its host's death. */
async function live(
  store: Store,
  seed: number,
  begin: Graph | string,
  killing: Killing,
): Promise<Life & { id: string }> {
  const host = mortal(store);
  const { longestMs } = killing;
  const faults = longestMs === undefined ? undefined : { loss: 0, longestMs };
  const { engine, clock, executor } = simulatedEngine(seed, faults, host.store, { queueMemory });
  const life: Life = { begun: [], isDead: false };
  const die = () => {
    life.isDead = true;
    host.die();
  };
  const execute = executor.execute.bind(executor);
  executor.execute = (batch) => {
    life.begun.push(batch.payloads);
    if (!batch.payloads.some((payload) => killing.isKiller(payload, batch.node))) return execute(batch);
    if (killing.afterMs === 0) die();
    else clock.after(killing.afterMs, die);
    return new Promise(() => {});
  };
  const id = typeof begin === 'string' ? begin : (await engine.start(begin)).id;
  if (typeof begin === 'string') await engine.recover();
  let hasEnded = false;
  void engine.ended(id).then(() => {
    hasEnded = true;
  });
  for (let idle = 0, passed = 0; !life.isDead && !hasEnded; passed++) {
    if (passed === killing.killAfter) die();
    if (clock.next()) idle = 0;
    else if (++idle > 50) throw new Error('The simulation stands still');
    await turn();
  }
  return { ...life, id };
}

/** Lives until the run has ended. */
async function liveOn(
  document: Graph,
  killing: Killing,
  most = 12,
): Promise<{ store: Store; id: string; lives: Life[] }> {
  const store = createMemoryStore();
  const lives: (Life & { id: string })[] = [];
  for (let seed = 1; seed <= most; seed++) {
    lives.push(await live(store, seed, lives[0]?.id ?? document, killing));
    if (!lives.at(-1)?.isDead) return { store, id: lives[0]?.id as string, lives };
  }
  throw new Error(`Its host still dies after ${most} lives`);
}

const reportOf = (store: Store, id: string) =>
  simulatedEngine(1, undefined, store).engine.report(id, Infinity);
const deaths = (lives: Life[]): number => lives.filter(({ isDead }) => isDead).length;
const killer = (afterMs: number): Killing => ({ isKiller: (payload) => payload === 13, afterMs });
const died = { name: 'HostDiedError', code: 'host_died', payload: 13 };

describe('a task that takes its host down', () => {
  test('is recorded as failed after it has done so twice, with its payload, and can be tried again', async () => {
    const { store, id, lives } = await liveOn(graph([code('a')], { a: [13] }), killer(250));
    expect(deaths(lives)).toBe(2);
    const report = await reportOf(store, id);
    expect(report).toMatchObject({ status: 'partial', nodes: { a: { input: 1, failed: 1, running: 0 } } });
    expect(report.errors).toMatchObject([died]);

    const host = simulatedEngine(1, undefined, store);
    expect(await host.engine.retry(id)).toBe(1);
    await host.clock.until(host.engine.ended(id));
    expect(await reportOf(store, id)).toMatchObject({ status: 'succeeded', outputs: { a: [13] } });
  });

  test('is found among two hundred, which all succeed', async () => {
    const inputs = numbers(200);
    const { store, id, lives } = await liveOn(graph([code('a')], { a: inputs }), killer(250));
    expect(deaths(lives)).toBeLessThanOrEqual(4);
    const report = await reportOf(store, id);
    expect(report.nodes.a).toMatchObject({ input: 200, succeeded: 199, failed: 1 });
    expect(report.errors).toMatchObject([died]);
    expect((report.outputs.a as number[]).toSorted((a, b) => a - b)).toEqual(inputs.filter((n) => n !== 13));
    // In its last life with the culprit, that one ran alone, after everything else.
    expect(lives.at(-2)?.begun.at(-1)).toEqual([13]);
  });

  test('is found when it does so faster than the journal is written', async () => {
    const { store, id, lives } = await liveOn(graph([code('a')], { a: numbers(200) }), killer(0));
    expect(deaths(lives)).toBeLessThanOrEqual(5);
    const report = await reportOf(store, id);
    expect(report.nodes.a).toMatchObject({ input: 200, succeeded: 199, failed: 1 });
    expect(report.errors).toMatchObject([died]);
  });

  test.each([0, 250])(
    'keeps its place in a serial node, and serves its error port (%i ms)',
    async (afterMs) => {
      const serial = code('a', { policy: { mode: 'serial' } });
      const edges = [{ source: 'a', target: 'e', sourcePort: 'error' }];
      const document = graph(
        [serial, code('b'), code('e')],
        { a: numbers(60), b: numbers(30).map((n) => n + 100) },
        edges,
      );
      const { store, id, lives } = await liveOn(document, killer(afterMs));
      expect(deaths(lives)).toBeLessThanOrEqual(5);
      const report = await reportOf(store, id);
      expect(report.nodes).toMatchObject({
        a: { succeeded: 59, failed: 1 },
        b: { succeeded: 30, failed: 0 },
        e: { succeeded: 1 },
      });
      expect(report.outputs.a).toEqual(numbers(60).filter((n) => n !== 13));
      expect(report.outputs.e).toMatchObject([
        { payload: 13, error: { name: 'HostDiedError', code: 'host_died' } },
      ]);
    },
  );

  test('is found where it comes of a task that was there before', async () => {
    // On workers of its own, so that the two do not travel as one.
    const apart = code('b', { policy: { mode: 'process' } });
    const nodes = [code('a', { params: { code: '(n) => n + 1' } }), apart];
    const document = graph(nodes, { a: numbers(40) }, [{ source: 'a', target: 'b' }]);
    const isKiller = (payload: unknown) => payload === 40;
    const { store, id, lives } = await liveOn(document, { isKiller, afterMs: 0 });
    expect(deaths(lives)).toBeLessThanOrEqual(6);
    const report = await reportOf(store, id);
    expect(report.nodes).toMatchObject({ a: { succeeded: 40 }, b: { succeeded: 39, failed: 1 } });
  });

  test.each(
    (['thread', 'serial', 'async', 'process'] as const).flatMap((mode) =>
      [0.1, 1, 20].flatMap((longestMs) => [0, 20, 250].map((afterMs) => ({ mode, longestMs, afterMs }))),
    ),
  )(
    'is found in few lives in the middle of others, in mode $mode, where batches take up to $longestMs ms, after $afterMs ms',
    async ({ mode, longestMs, afterMs }) => {
      const policy = { mode };
      const nodes = [code('a', { policy }), code('b', { params: { code: '(n) => n + 1' }, policy })];
      const document = graph(nodes, { a: numbers(600) }, [{ source: 'a', target: 'b' }]);
      const isKiller = (payload: unknown) => payload === 300;
      const { store, id, lives } = await liveOn(document, { isKiller, afterMs, longestMs }, 30);
      expect(deaths(lives)).toBeLessThanOrEqual(5);
      const { nodes: ended } = await reportOf(store, id);
      expect(ended).toMatchObject({ a: { succeeded: 599, failed: 1 }, b: { succeeded: 599, failed: 0 } });
    },
  );

  test.each([4, 8, 12])(
    'is found at the end of a chain of %i, where one task follows the other',
    async (length) => {
      const nodes = Array.from({ length }, (_, i) => code(`n${i}`));
      const edges = nodes.slice(1).map(({ id }, i) => ({ source: `n${i}`, target: id }));
      const last = `n${length - 1}`;
      const isKiller = (_: unknown, node: string) => node === last;
      const { store, id, lives } = await liveOn(
        graph(nodes, { n0: [1] }, edges),
        { isKiller, afterMs: 0 },
        30,
      );
      expect(deaths(lives)).toBeLessThanOrEqual(5);
      expect((await reportOf(store, id)).nodes).toMatchObject({
        [last]: { failed: 1 },
        n0: { succeeded: 1 },
      });
    },
  );

  test('is found among thousands that were under way with it, in few lives', async () => {
    const inputs = numbers(20_000);
    const isKiller = (payload: unknown) => payload === 17_013;
    const { store, id, lives } = await liveOn(graph([code('a')], { a: inputs }), { isKiller, afterMs: 250 });
    expect(deaths(lives)).toBeLessThanOrEqual(5);
    expect((await reportOf(store, id)).nodes.a).toMatchObject({ succeeded: 19_999, failed: 1 });
  });
});

test('hosts that are killed fifty times for no fault of a task’s leave no task failed', async () => {
  for (const mode of ['thread', 'serial'] as const) {
    const random = seededRandom('kills', mode);
    const nodes = [code('a', { policy: { mode } }), code('b')];
    const inputs = numbers(mode === 'serial' ? 1_000 : 10_000);
    const document = graph(nodes, { a: inputs }, [{ source: 'a', target: 'b' }]);
    const store = createMemoryStore();
    let id: string | undefined;
    for (let kill = 0; kill < 50; kill++) {
      const killAfter = Math.floor(random() * 60);
      const life = await live(store, kill, id ?? document, { isKiller: () => false, afterMs: 0, killAfter });
      id = life.id;
      if (!life.isDead) break;
    }
    await live(store, 99, id as string, { isKiller: () => false, afterMs: 0 });
    const report = await reportOf(store, id as string);
    expect({ mode, status: report.status }).toEqual({ mode, status: 'succeeded' });
    expect(report.nodes.b).toMatchObject({ input: inputs.length, succeeded: inputs.length });
    const values = report.outputs.b as number[];
    expect(mode === 'serial' ? report.nodes.a?.succeeded : values.toSorted((a, b) => a - b)).toEqual(
      mode === 'serial' ? inputs.length : inputs,
    );
  }
});

test('a group of suspects goes in parts where there is less room than when it was asked for', async () => {
  const nodes = [
    { id: 's', type: 'flow.split', params: { code: '(n) => [n]' } },
    code('t', { policy: { queueLimit: 100 } }),
  ];
  const document = graph(nodes, { s: numbers(80) }, [{ source: 's', target: 't' }]);
  const prepared = await validateGraph(document, registry, { compile });
  const create = () =>
    createState(planGraph(prepared.graph, prepared.nodes), { run: 'r', parallelism: 2, random: () => 0.5 });
  const journal = step(create(), { type: 'start', at: 1 }).record.filter(({ kind }) => kind !== 'start');
  // As if the host had died with all of them under way.
  journal.push({ kind: 'start', node: 's', tasks: [], range: [1, 80], seq: journal.length + 1, at: 1 });
  const state = create();
  const replay = new Replay(state);
  replay.take(journal);
  replay.finish();

  const loads: Load[] = [];
  const batches: Batch[] = [];
  const groups: number[] = [];
  const take = (event: SchedulerEvent) => {
    const { load, dispatch } = step(state, event);
    loads.push(...load);
    for (const { batch } of dispatch) batches.push(batch);
  };
  const give = ({ id, tasks, node, payloads }: Batch) => {
    const counts = payloads.map((payload) => (payload === 'wide' ? 5000 : 1));
    const values = counts.flatMap((count) => Array(count).fill(7));
    const outcomes = tasks.map(() => taskOutcome.succeeded);
    const result = { outcomes, values, errors: [], busyMs: 1, worker: 'w', ...(node === 's' && { counts }) };
    take({ type: 'outcome', at: 1, batch: id, outcome: { kind: 'done', result } });
  };
  take({ type: 'recover', at: 1 });
  for (let hasGrown = false; batches.length + loads.length > 0; ) {
    const batch = batches.shift();
    if (batch) {
      if (batch.node === 's') groups.push(batch.tasks.length);
      give(batch);
      continue;
    }
    const { areSuspects, ...load } = loads.shift() as Load;
    if (areSuspects && load.tasks.length > 1 && !hasGrown) {
      hasGrown = true;
      take({ type: 'inject', at: 1, node: 0, payloads: ['wide'] });
      give(batches.shift() as Batch);
    }
    const payloads = load.tasks.map(() => 1);
    take({ type: 'loaded', at: 1, ...load, payloads, ...(areSuspects && { areSuspects }) });
  }
  expect(groups.every((size) => size < 64)).toBe(true);
  expect(state).toMatchObject({ status: 'succeeded', nodes: [{ counters: { succeeded: 81 } }, {}] });
});

test('a host that leaves in good order makes nobody a suspect', async () => {
  const store = createMemoryStore();
  const first = simulatedEngine(1, undefined, store);
  const { id } = await first.engine.start(graph([code('a')], { a: numbers(50) }));
  for (let i = 0; i < 20; i++) {
    first.clock.next();
    await turn();
  }
  expect((await first.engine.summary(id)).status).toBe('running');
  await first.engine.leave();
  const second = simulatedEngine(2, undefined, store);
  await second.engine.recover();
  await second.clock.until(second.engine.ended(id));
  expect((await store.runs.get(id))?.status).toBe('succeeded');
  const chunks = await store.runs.summaries(id);
  const entries = (await Promise.all(chunks.map(({ first: at }) => store.runs.chunk(id, at)))).flatMap(
    (chunk) => chunk?.entries ?? [],
  );
  expect(entries.some((entry) => entry.kind === 'leave')).toBe(true);
  expect(entries.some((entry) => entry.kind === 'start' && entry.alone)).toBe(false);
});

/** An engine whose batches meet some other end where `trouble` gives one, and what was sent out. */
function withTrouble(trouble: (payloads: unknown[], apart: boolean) => BatchOutcome | undefined) {
  const { executor, ...rest } = simulatedEngine(1, undefined, createMemoryStore());
  const sent: { payloads: unknown[]; apart: boolean }[] = [];
  const execute = executor.execute.bind(executor);
  executor.execute = async (batch) => {
    const { apart = false, payloads } = batch;
    sent.push({ payloads, apart });
    return trouble(payloads, apart) ?? execute(batch);
  };
  return { ...rest, sent };
}

test('a task whose worker died goes apart from others, and what it leaves behind does not', async () => {
  // Like a task that only a process of its own can bear.
  const { engine, clock, sent } = withTrouble((payloads, apart) =>
    payloads.includes(3) && !apart ? { kind: 'died', reason: 'out of memory', worker: 'w' } : undefined,
  );
  const { id } = await engine.start(graph([code('a')], { a: numbers(6) }), { keepOpen: true });
  while (clock.next()) await turn();
  await engine.inject(id, { a: [6] });
  await engine.close(id);
  await clock.until(engine.ended(id));
  const report = await engine.report(id);
  expect(report).toMatchObject({ status: 'succeeded', nodes: { a: { succeeded: 7 } } });
  const withThree = sent.filter(({ payloads }) => payloads.includes(3));
  expect(withThree.map(({ apart }) => apart)).toEqual([false, true]);
  // Once it is over, nothing goes apart any more.
  expect(sent.at(-1)).toEqual({ payloads: [6], apart: false });
});

test('tasks of which one may have blocked the others go one by one and apart, and none is charged for it', async () => {
  const { engine, clock, sent } = withTrouble((payloads, apart) => {
    if (!payloads.includes(150)) return undefined;
    return apart
      ? { kind: 'timeout', index: 0, worker: 'w' }
      : { kind: 'lost', reason: 'blocked', apart: true };
  });
  const node = code('a', { policy: { timeoutMs: 1000 } });
  const { id } = await engine.start(graph([node], { a: numbers(200) }));
  await clock.until(engine.ended(id));
  const { nodes, errors } = await engine.report(id);
  expect(nodes.a).toMatchObject({ succeeded: 199, failed: 1, retried: 0 });
  expect(errors).toMatchObject([{ code: 'task_timeout', attempts: 1, payload: 150 }]);
  const together = sent.find(({ payloads, apart }) => payloads.includes(150) && !apart)?.payloads ?? [];
  expect(together.length).toBeGreaterThan(1);
  for (const payload of together) expect(sent).toContainEqual({ payloads: [payload], apart: true });
  expect(sent.filter(({ apart }) => apart)).toHaveLength(together.length);
});
