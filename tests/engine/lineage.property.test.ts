import { expect, test } from 'vitest';
import fc from '../property.ts';
import { simulate } from './oracle.ts';
import { randomGraph } from './random-graph.ts';
import { runGraph } from './run-graph.ts';

test('a task is an ancestor of another exactly when that one is its descendant, and parents lead to both', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, fc.integer(), async (graph, seed) => {
      fc.pre((await simulate(graph, 60)) !== undefined);
      const { engine, id } = await runGraph(graph, seed, { loss: 0.1 });
      const { items: tasks } = await engine.tasks(id, { limit: 1000 });
      const related = new Map<string, { up: Set<string>; down: Set<string> }>();
      for (const task of tasks) {
        const up = await engine.lineage(id, task.id, { direction: 'ancestors', limit: 1000 });
        const down = await engine.lineage(id, task.id, { direction: 'descendants', limit: 1000 });
        related.set(task.id, {
          up: new Set(up.items.map((other) => other.id)),
          down: new Set(down.items.map((other) => other.id)),
        });
      }
      for (const task of tasks) {
        const { up, down } = related.get(task.id) as { up: Set<string>; down: Set<string> };
        for (const other of tasks) {
          expect(up.has(other.id)).toBe(related.get(other.id)?.down.has(task.id));
        }
        if (task.parent !== null) {
          const origins = [task.parent, ...(task.partner ? [task.partner] : [])];
          const expected = origins.flatMap((id) => [id, ...(related.get(id)?.up ?? [])]);
          expect([...up].sort()).toEqual([...new Set(expected)].sort());
        }
        expect(down.has(task.id)).toBe(false);
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
