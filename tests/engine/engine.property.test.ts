import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asMultiset } from './as-multiset.ts';
import { simulate } from './oracle.ts';
import { randomGraph } from './random-graph.ts';
import { runGraph } from './run-graph.ts';

test('any graph ends by itself, with the counters and outputs of a naive simulation', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, fc.integer(), async (graph, seed) => {
      const expected = await simulate(graph);
      fc.pre(expected !== undefined);
      const { report } = await runGraph(graph, seed, { loss: 0.1 });
      expect(report.status).toBe(expected.status);
      for (const [id, counters] of Object.entries(expected.nodes)) {
        expect({ id, ...report.nodes[id] }).toMatchObject({
          id,
          ...counters,
          running: 0,
          pending: 0,
          cancelled: 0,
        });
      }
      for (const [id, values] of Object.entries(expected.outputs)) {
        expect({ id, values: asMultiset(report.outputs[id] ?? []) }).toEqual({
          id,
          values: asMultiset(values),
        });
      }
    }),
    { numRuns: 200 },
  );
}, 120_000);
