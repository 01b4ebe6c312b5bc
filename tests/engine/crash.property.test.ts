import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { asMultiset } from './as-multiset.ts';
import { mortal } from './mortal-store.ts';
import { simulate } from './oracle.ts';
import { randomGraph } from './random-graph.ts';
import { simulatedEngine } from './run-graph.ts';

test('a run whose host dies again and again ends as if nothing had happened', async () => {
  const lives = fc.array(fc.nat(120), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(randomGraph, fc.integer(), lives, async (graph, seed, steps) => {
      const expected = await simulate(graph);
      fc.pre(expected !== undefined);
      const store = createMemoryStore();
      let id: string | undefined;
      for (const [life, length] of steps.entries()) {
        const host = mortal(store);
        const { engine, clock } = simulatedEngine(seed + life, { loss: 0.1 }, host.store);
        if (id === undefined) id = (await engine.start(graph)).id;
        else await engine.recover();
        for (let i = 0; i < length; i++) {
          clock.next();
          await new Promise((resolve) => setImmediate(resolve));
        }
        host.die();
      }
      const { engine, clock } = simulatedEngine(seed, { loss: 0.1 }, store);
      await engine.recover();
      await clock.until(engine.ended(id as string));

      const report = await engine.report(id as string, Number.POSITIVE_INFINITY);
      expect(report.status).toBe(expected.status);
      for (const [node, counters] of Object.entries(expected.nodes)) {
        expect({ node, ...report.nodes[node] }).toMatchObject({ node, ...counters, running: 0, pending: 0 });
      }
      for (const [node, values] of Object.entries(expected.outputs)) {
        expect({ node, values: asMultiset(report.outputs[node] ?? []) }).toEqual({
          node,
          values: asMultiset(values),
        });
      }
      const tasks = await engine.tasks(id as string, { limit: 1000 });
      expect(new Set(tasks.items.map((task) => task.id)).size).toBe(tasks.items.length);
    }),
    { numRuns: 100 },
  );
}, 120_000);
