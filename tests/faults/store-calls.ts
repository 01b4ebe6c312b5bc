/** A run whose store refuses at any one of all its calls, or at some in a row: journal, artifacts and cache, reads and writes. */
import { expect } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { faultyAnywhere } from '../engine/faulty-store.ts';
import { simulatedEngine } from '../engine/run-graph.ts';
import { code, edge, graph } from '../engine/small-graphs.ts';

const count = 6;
/** Of which each third is too large for the journal. */
const payloads = Array.from({ length: count }, (_, n) => (n % 3 === 0 ? [n, 'x'.repeat(40_000)] : [n, '']));
/** A step that fails at first, one whose results are kept for later runs, a sum, and a list of all. */
const document = graph(
  [
    code('a', '([n, x], ctx) => { if (n % 5 === 2 && ctx.attempt < 2) throw 1; return [n + 1, x]; }', {
      policy: { retry: { max: 1 } },
    }),
    code('b', '([n, x]) => [n * 2, x]', { policy: { cache: true } }),
    { id: 'sum', type: 'flow.reduce', params: { code: '(sum, [n, x]) => sum + n + x.length', initial: 0 } },
    { id: 'all', type: 'flow.collect' },
  ],
  { a: payloads },
  [edge('a', 'b'), edge('b', 'sum'), edge('b', 'all')],
);
const sum = payloads.reduce((all, [n, x]) => all + ((n as number) + 1) * 2 + (x as string).length, 0);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Does it, and again when it is refused, as whoever asks would. */
async function insist<T>(what: () => Promise<T>): Promise<T> {
  for (let refusals = 0; ; refusals++) {
    try {
      return await what();
    } catch (error) {
      if (refusals > 10) throw error;
    }
  }
}

/** Begins the run in one engine, ends it in another one, and reads it. @returns what the store holds of each run */
async function live(store: Store, seed: number) {
  const options = { queueMemory: 0 };
  const first = simulatedEngine(seed, { loss: 0.1 }, store, options);
  await insist(() => first.engine.start(document));
  for (let i = 0; i < 10; i++) {
    first.clock.next();
    await turn();
  }
  await first.engine.leave();
  // Left alone, it has nothing more to say.
  while (first.clock.next()) await turn();

  const second = simulatedEngine(seed + 1, { loss: 0.1 }, store, options);
  await insist(() => second.engine.recover());
  const ids = (await insist(() => second.engine.list({}))).items.map(({ id }) => id);
  for (let i = 0; i < 500; i++) {
    const runs = await Promise.all(ids.map((id) => insist(() => second.engine.summary(id))));
    if (runs.every(({ status }) => hasEnded(status))) break;
    for (let ticks = 0; ticks < 10; ticks++) {
      second.clock.next();
      await turn();
    }
  }
  return Promise.all(ids.map((id) => insist(() => second.engine.report(id, Infinity))));
}

function expectWhole(reports: Awaited<ReturnType<typeof live>>, what: string): void {
  expect({ what, runs: reports.length > 0 }).toEqual({ what, runs: true });
  for (const { status, reason, nodes, outputs, errors } of reports) {
    const told = errors.map(({ node, message }) => `${node}: ${message}`);
    expect({ what, status, told }).toEqual({ what, status: 'succeeded', told: [] });
    expect({ what, reason: reason?.includes('store') ?? false }).toEqual({ what, reason: false });
    for (const id of ['a', 'b', 'sum', 'all'])
      expect({ what, id, ...nodes[id] }).toMatchObject({
        what,
        id,
        input: count,
        succeeded: count,
        failed: 0,
      });
    expect({ what, sum: outputs.sum, all: (outputs.all?.[0] as unknown[])?.length }).toEqual({
      what,
      sum: [sum],
      all: count,
    });
  }
}

const errors = {
  busy: () => new StoreError('store_busy', 'Another process is writing to the store.'),
  full: () => new StoreError('store_full', 'There is no room left on the disk.'),
  thrown: () => new Error('EIO'),
};

export interface Refusals {
  kind: keyof typeof errors;
  /** Calls in a row that are refused. */
  row: number;
  /** Whether a refused call has done its work nevertheless. */
  when: 'before' | 'after';
  /** The first call to be refused, and how far it is to the next, where not every one is tried. @default every one */
  some?: { first: number; step: number };
}

/** Has the run live through every place where such refusals can begin. */
export async function expectAnyRefusalToCostNothing({ kind, row, when, some }: Refusals): Promise<void> {
  const refused = new Set<string>();
  const { first, step } = some ?? { first: 1, step: 1 };
  for (let failing = first, reached = true; reached; failing += step) {
    reached = false;
    let what = `${kind} ${when} call ${failing}`;
    const store = faultyAnywhere(createMemoryStore(), (call, called, moment) => {
      if (moment !== when || call < failing || call >= failing + row) return;
      reached = true;
      refused.add(called);
      what += `, ${called}`;
      throw errors[kind]();
    });
    expectWhole(await live(store, failing), what);
  }
  if (some) return;
  for (const called of ['create', 'get', 'list', 'summary', 'append', 'summaries', 'chunk'])
    expect(refused).toContain(`runs.${called}`);
  for (const called of ['artifacts.claim', 'artifacts.get', 'cache.get', 'cache.put'])
    expect(refused).toContain(called);
}
