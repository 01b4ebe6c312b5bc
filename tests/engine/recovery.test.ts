/** Runs of a host that is no more, some of which can be neither resumed nor given up. */
import { expect, test } from 'vitest';
import { ConflictError, StoreError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { RunStore, Store } from '../../src/store/store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, graph } from './small-graphs.ts';

const unreadable = () => new Error('EIO');
const conflict = () => new ConflictError('journal_conflict', 'Another engine has gone on with it.');

/** The same store, where this method refuses one run. */
function refusing(store: Store, method: keyof RunStore, run: string, refusal: () => unknown): Store {
  const work = store.runs[method] as (...given: unknown[]) => Promise<unknown>;
  const guarded = async (...given: unknown[]) => {
    const [what] = given as [string | { id: string }];
    const error = (typeof what === 'string' ? what : what.id) === run && refusal();
    if (error) throw error;
    return work(...given);
  };
  return { ...store, runs: { ...store.runs, [method]: guarded } };
}

test.each([
  ['its journal cannot be read at all', 'summaries', unreadable],
  ['its end cannot be stored', 'append', unreadable],
  ['somebody else is quicker', 'append', conflict],
] as const)(
  'a run that can be neither resumed nor given up holds up no other: %s',
  async (_, method, refusal) => {
    const store = createMemoryStore();
    const host = simulatedEngine(1, undefined, store);
    const started: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { id } = await host.engine.start(graph([code('a')], { a: [1, 2, 3] }));
      await host.engine.pause(id);
      // The newest comes first.
      await host.clock.until(new Promise<void>((resolve) => host.clock.after(1, resolve)));
      started.push(id);
    }
    await host.engine.leave();
    const [late = '', broken = ''] = started;

    // The store is busy for the one so long that the other has been given up meanwhile.
    let isBusyFor = 20;
    const busy = () => (isBusyFor-- > 0 ? new StoreError('store_busy', 'Simulated.') : undefined);
    const shut = refusing(refusing(store, 'get', late, busy), 'chunk', broken, unreadable);
    const { engine, clock } = simulatedEngine(2, undefined, refusing(shut, method, broken, refusal));
    expect(await engine.recover()).toEqual([]);
    for (let i = 0; i < 200 && !engine.liveRuns().includes(late); i++) {
      clock.next();
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(engine.liveRuns()).toEqual([late]);
    await engine.unpause(late);
    await clock.until(engine.ended(late));
    expect((await store.runs.get(late))?.status).toBe('succeeded');
  },
);
