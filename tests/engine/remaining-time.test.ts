import { describe, expect, test } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { components } from '../../src/engine/graph/topology.ts';
import { estimateRemaining, type Link, type Step } from '../../src/engine/runs/remaining-time.ts';
import type { RunNews } from '../../src/engine/runs/run-news.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import { emptyGraph, type Graph, type GraphNode } from '../../src/schema/graph.ts';
import type { PolicyInput } from '../../src/schema/policy.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import fc from '../property.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { TimedExecutor } from './timed-executor.ts';

/** A node that does nothing but take its time. */
const step = (id: string, policy: PolicyInput = {}): GraphNode => ({
  id,
  type: 'code.js',
  params: { code: '(x) => x' },
  policy,
});
const chained = (...ids: string[]) => ids.slice(1).map((target, i) => ({ source: ids[i] as string, target }));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const graphOf = (nodes: GraphNode[], edges: Graph['edges'], inputs: Graph['inputs']): Graph => ({
  ...emptyGraph(),
  nodes,
  edges,
  ...(inputs && { inputs }),
});

interface Told {
  /** Milliseconds since the run began. */
  at: number;
  /** Milliseconds that it really went on. */
  truly: number;
  remaining: NonNullable<RunNews['remaining']>;
}

/** Runs a graph in simulated time. @returns what it told of the time that remained, and how long it took */
async function follow(
  graph: Graph,
  costs: Record<string, number>,
  {
    keepOpen = false,
    meanwhile,
  }: { keepOpen?: boolean; meanwhile?: (engine: Engine, id: string) => void } = {},
): Promise<{ told: Told[]; took: number; news: RunNews[] }> {
  const clock = new SimulatedClock();
  const engine = new Engine({
    store: createMemoryStore(),
    executor: new TimedExecutor(clock, 2, costs),
    registry,
    clock,
    newId: () => 'run',
    tools: { compile },
    random: seededRandom('remaining', '1'),
  });
  const from = clock.now();
  const { id } = await engine.start(graph, { keepOpen });
  const heard: { at: number; news: RunNews }[] = [];
  await engine.subscribe(id, (news) => heard.push({ at: clock.now() - from, news }));
  meanwhile?.(engine, id);
  await clock.until(engine.ended(id));
  const took = clock.now() - from;
  const told = heard.flatMap(({ at, news: { remaining } }) =>
    remaining ? [{ at, truly: took - at, remaining }] : [],
  );
  return { told, took, news: heard.map(({ news }) => news) };
}

describe('the time that remains', () => {
  const cases: Record<string, [Graph, Record<string, number>]> = {
    'one node': [graphOf([step('a')], [], { a: numbers(2000) }), { a: 10 }],
    'a few slow tasks': [graphOf([step('a')], [], { a: numbers(40) }), { a: 500 }],
    'a chain whose beginning is slow': [
      graphOf([step('a', { mode: 'serial' }), step('b')], chained('a', 'b'), { a: numbers(1000) }),
      { a: 10, b: 2 },
    ],
    'a chain whose end is slow': [
      graphOf([step('a'), step('b'), step('c', { mode: 'serial' })], chained('a', 'b', 'c'), {
        a: numbers(1000),
      }),
      { a: 1, b: 2, c: 10 },
    ],
    'a chain that shares its workers': [
      graphOf([step('a'), step('b'), step('c')], chained('a', 'b', 'c'), { a: numbers(1000) }),
      { a: 5, b: 10, c: 3 },
    ],
    'workers of their own': [
      graphOf(
        [step('a', { mode: 'process', workers: 2 }), step('b', { mode: 'process', workers: 1 })],
        chained('a', 'b'),
        {
          a: numbers(1000),
        },
      ),
      { a: 10, b: 8 },
    ],
    'waiting side by side': [
      graphOf([step('a', { mode: 'async', workers: 10 })], [], { a: numbers(400) }),
      { a: 300 },
    ],
    'two pieces that share': [
      graphOf([step('a'), step('b'), step('c'), step('d')], [...chained('a', 'b'), ...chained('c', 'd')], {
        a: numbers(300),
        c: numbers(600),
      }),
      { a: 10, b: 5, c: 4, d: 8 },
    ],
    'a splitter': [
      graphOf(
        [{ id: 'a', type: 'flow.split', params: { code: '(x) => [1, 2, 3, 4, 5]' } }, step('b')],
        chained('a', 'b'),
        { a: numbers(200) },
      ),
      { a: 20, b: 10 },
    ],
    'a graph within': [
      graphOf(
        [
          step('a'),
          {
            id: 's',
            type: 'flow.subgraph',
            params: {
              graph: graphOf([step('x'), step('y', { mode: 'serial' })], chained('x', 'y'), undefined),
            },
          },
          step('b'),
        ],
        chained('a', 's', 'b'),
        { a: numbers(500) },
      ),
      { a: 2, 's/x': 4, 's/y': 10, b: 2 },
    ],
    'a diamond': [
      graphOf(
        [step('a'), step('b'), step('c'), step('d')],
        [...chained('a', 'b', 'd'), ...chained('a', 'c', 'd')],
        {
          a: numbers(400),
        },
      ),
      { a: 4, b: 10, c: 2, d: 3 },
    ],
    'a limited rate': [
      graphOf([step('a', { rateLimit: { count: 10, perMs: 200 } })], [], { a: numbers(600) }),
      { a: 5 },
    ],
    'failures and repeats': [
      graphOf(
        [
          {
            ...step('a', { retry: { max: 2 } }),
            params: { code: '(x) => { if (x % 4 === 0) throw new Error("no"); return x; }' },
          },
          step('b'),
        ],
        chained('a', 'b'),
        { a: numbers(600) },
      ),
      { a: 10, b: 10 },
    ],
    duplicates: [
      graphOf(
        [{ ...step('a'), params: { code: '(x) => Math.floor(x / 3)' } }, step('b', { dedupe: true })],
        chained('a', 'b'),
        { a: numbers(900) },
      ),
      { a: 5, b: 20 },
    ],
    'a cycle that half of the tasks go round again': [
      graphOf(
        [
          step('a'),
          {
            id: 'b',
            type: 'flow.route',
            params: {
              ports: ['again', 'done'],
              code: '(x) => ((Math.imul(x + 1, 0x9e3779b1) >>> 20) & 1 ? "again" : "done")',
            },
          },
          { ...step('c'), params: { code: '(x) => x + 100003' } },
        ],
        [
          { source: 'a', target: 'b' },
          { source: 'b', sourcePort: 'again', target: 'c' },
          { source: 'c', target: 'b' },
        ],
        { a: numbers(800) },
      ),
      { a: 5, b: 5, c: 5 },
    ],
  };

  for (const [name, [graph, costs]] of Object.entries(cases)) {
    test(`comes near the truth for ${name}`, async () => {
      const { told, took } = await follow(graph, costs);
      const longest = Math.max(...Object.values(costs));
      const judged = told.filter(({ at }) => at > Math.max(1500, took * 0.2));
      expect(judged.length).toBeGreaterThan(5);
      for (const { at, truly, remaining } of judged) {
        // Tasks that fail come last, so that what has ended tells the less of what is left.
        const slack = name === 'failures and repeats' ? 1000 : 300;
        const allowed = 0.15 * truly + 2 * longest + slack;
        expect(Math.abs(remaining.runMs - truly), `${remaining.runMs} for ${truly} at ${at}`).toBeLessThan(
          allowed,
        );
        expect(remaining.atLeast).toBeUndefined();
      }
    });
  }

  test('counts a node that waits for everything upstream after what it waits for', async () => {
    const staged = graphOf(
      [step('a', { mode: 'serial' }), step('b', { start: 'staged' }), step('c')],
      chained('a', 'b', 'c'),
      { a: numbers(300), b: numbers(10) },
    );
    // Nothing of what is staged has been measured before its time: so far the estimate is a lower bound.
    const { told } = await follow(staged, { a: 10, b: 20, c: 4 });
    const before = told.filter(({ truly }) => truly > 4500);
    const after = told.filter(({ truly }) => truly < 2500);
    expect(before.length).toBeGreaterThan(5);
    expect(after.length).toBeGreaterThan(5);
    for (const { truly, remaining } of before) {
      expect(remaining.atLeast).toBe(true);
      expect(remaining.runMs).toBeLessThan(truly);
      expect(remaining.nodes.b).toBeUndefined();
    }
    for (const { truly, remaining } of after) {
      expect(remaining.atLeast).toBeUndefined();
      expect(Math.abs(remaining.runMs - truly)).toBeLessThan(0.15 * truly + 300);
    }
  });

  test('is a lower bound while what a collection will become has not been measured', async () => {
    const collected = graphOf(
      [step('a'), { id: 'all', type: 'flow.collect' }, step('b')],
      chained('a', 'all', 'b'),
      { a: numbers(300) },
    );
    const { told } = await follow(collected, { a: 20, b: 700 });
    expect(told.length).toBeGreaterThan(5);
    for (const { truly, remaining } of told) {
      expect(remaining).toMatchObject({ atLeast: true, nodes: { a: remaining.nodes.a } });
      expect(remaining.runMs).toBeLessThan(truly);
      expect(remaining.runMs).toBeGreaterThan(truly - 1100);
    }
  });

  test('never rises or falls by more than time passes and a little, when tasks are alike', async () => {
    for (const name of [
      'one node',
      'a chain that shares its workers',
      'a splitter',
      'waiting side by side',
    ]) {
      const [graph, costs] = cases[name] as [Graph, Record<string, number>];
      const { told } = await follow(graph, costs);
      told.slice(1).forEach(({ at, remaining }, i) => {
        const before = told[i] as Told;
        const passed = at - before.at;
        const change = before.remaining.runMs - remaining.runMs;
        expect(Math.abs(change - passed), `${name}: ${change} in ${passed} at ${at}`).toBeLessThan(60);
      });
    }
  });

  test('is not told in the first second, nor before a task of a node that works has ended', async () => {
    const slow = graphOf([step('a'), step('b')], chained('a', 'b'), { a: numbers(4) });
    const { told, took, news } = await follow(slow, { a: 300, b: 5000 });
    expect(took).toBeGreaterThan(10_000);
    expect(news.length).toBeGreaterThan(4);
    // Until the first task of b has ended, only what b will take at least would be known.
    for (const { at } of told) expect(at).toBeGreaterThan(5000);
    const { told: early } = await follow(graphOf([step('a')], [], { a: numbers(200) }), { a: 10 });
    expect(early).toEqual([]);
  });

  test('is not told of a run that is held, and is told again after', async () => {
    const graph = graphOf([step('a')], [], { a: numbers(1000) });
    let paused = false;
    const { news } = await follow(
      graph,
      { a: 10 },
      {
        meanwhile: (engine, id) => {
          void engine.subscribe(id, ({ run, remaining }) => {
            if (remaining && !paused && run.status === 'running') {
              paused = true;
              void engine.pause(id);
            } else if (run.status === 'paused' && run.nodes.a?.running === 0) void engine.unpause(id);
          });
        },
      },
    );
    const held = news.filter(({ run }) => run.status === 'paused');
    expect(held.length).toBeGreaterThan(0);
    for (const { remaining } of held) expect(remaining).toBeUndefined();
    const after = news.slice(news.indexOf(held.at(-1) as RunNews));
    expect(after.some(({ remaining }) => remaining)).toBe(true);
    expect(news.at(-1)?.remaining).toBeUndefined();
  });

  test('is not told of a run that is kept open until it is closed', async () => {
    let closedAt = 0;
    const { told } = await follow(
      graphOf([step('a')], [], { a: numbers(1000) }),
      { a: 10 },
      {
        keepOpen: true,
        meanwhile: (engine, id) => {
          void engine.subscribe(id, ({ run: { nodes } }) => {
            if (closedAt > 0 || (nodes.a?.succeeded ?? 0) < 500) return;
            closedAt = 2500;
            void engine.close(id);
          });
        },
      },
    );
    expect(told.length).toBeGreaterThan(5);
    for (const { at } of told) expect(at).toBeGreaterThan(closedAt);
  });

  test('is not told while every task of a cycle comes round again', async () => {
    const cycle = graphOf(
      [
        {
          ...step('a'),
          params: { code: '(x) => { if (x > 300) throw new RangeError("end"); return x + 1; }' },
        },
      ],
      [{ source: 'a', target: 'a' }],
      { a: [1, 1] },
    );
    const { told, took } = await follow(cycle, { a: 20 });
    expect(took).toBeGreaterThan(5000);
    expect(told).toEqual([]);
  });

  const amount = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const anyStep = fc.record<Step>({
    waiting: fc.nat(1000),
    fresh: fc.double({ min: 0, max: 1, noNaN: true }),
    cost: maybe(amount),
    underway: amount,
    isHeld: fc.boolean(),
    gathers: fc.boolean(),
    isShared: fc.boolean(),
    speed: fc.constantFrom(0.001, 1, 8, Number.POSITIVE_INFINITY),
  });

  test('is a sound number whatever has been measured, and no less than that of any node', () => {
    const figures = fc.integer({ min: 1, max: 7 }).chain((size) =>
      fc.record({
        steps: fc.array(anyStep, { minLength: size, maxLength: size }),
        links: fc.array(
          fc.record<Link>({
            source: fc.nat(size - 1),
            target: fc.nat(size - 1),
            ratio: maybe(
              fc.oneof(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.integer({ min: 0, max: 1000 })),
            ),
            atEnd: fc.boolean(),
          }),
          { maxLength: 12 },
        ),
        sharedSpeed: fc.constantFrom(0.001, 1, 8),
      }),
    );
    let told = 0;
    fc.assert(
      fc.property(figures, ({ steps, links, sharedSpeed }) => {
        const successors: number[][] = steps.map(() => []);
        for (const { source, target } of links) successors[source]?.push(target);
        const served = steps.map((_, i) => i).reverse();
        const found = estimateRemaining({
          steps,
          links,
          components: components(successors),
          served,
          sharedSpeed,
        });
        if (!found) return;
        told++;
        expect(found.run).toBeGreaterThan(0);
        for (const ms of found.nodes) {
          if (ms === undefined) continue;
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(found.run);
        }
        expect(Number.isFinite(found.run)).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(told).toBeGreaterThan(100);
  });

  test('takes a graph of 10,000 nodes with a cycle of 5,000', () => {
    const size = 10_000;
    const steps = numbers(size).map((): Step => ({ ...measured, waiting: 10 }));
    const links = numbers(size).map(
      (i): Link => ({
        source: i,
        target: i === size - 1 ? size / 2 : i + 1,
        ratio: 0.95,
        atEnd: false,
      }),
    );
    const found = estimateRemaining({
      steps,
      links,
      components: components(links.map(({ target }) => [target])),
      served: numbers(size).reverse(),
      sharedSpeed: 4,
    });
    // A task goes along twenty nodes on average before it is lost.
    expect((found?.run ?? 0) / ((size * 10 * 20) / 4)).toBeCloseTo(1, 1);
  });
});

const measured: Step = {
  waiting: 0,
  fresh: 1,
  cost: 1,
  underway: 0,
  isHeld: false,
  gathers: false,
  isShared: true,
  speed: 4,
};
