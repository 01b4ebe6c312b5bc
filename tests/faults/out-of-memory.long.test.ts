/** Tasks that take memory without end, in every shape, in threads of the host and in processes, amid others. */
import { expect, test } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import type { GraphNode } from '../../src/schema/graph.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { impossibleSizes, memoryShapes } from './memory-shapes.ts';
import { runToEnd } from './watch-run.ts';

const good = 10_000;

test.each(['thread', 'process'] as const)(
  'tasks that take memory without end fail alone, each with the reason, in mode %s',
  async (mode) => {
    const shapes = { ...memoryShapes, ...impossibleSizes };
    const nodes = Object.entries(shapes).map(
      ([id, code]): GraphNode => ({ id, type: 'code.js', params: { code }, policy: { mode } }),
    );
    const server = await startBuiltServer();
    const client = createClient(fetch, `${server.url}/api`);
    try {
      const { report, errors } = await runToEnd(client, {
        format: 'handloom.graph',
        version: 1,
        name: 'out of memory',
        nodes: [...nodes, { id: 'good', type: 'code.js', params: { code: '(n) => n' } }],
        edges: [],
        inputs: {
          ...Object.fromEntries(Object.keys(shapes).map((id) => [id, [0]])),
          good: Array.from({ length: good }, (_, n) => n),
        },
      });
      expect(server.child.exitCode).toBeNull();
      expect(report.status).toBe('partial');
      expect(report.nodes.good).toMatchObject({ input: good, succeeded: good });
      const told = Object.fromEntries(
        errors.map(({ node, code, name, attempts, message }) => [
          node,
          code === 'worker_died' && message.includes('it ran out of memory (limit ') ? attempts : name,
        ]),
      );
      expect(told).toEqual({
        ...Object.fromEntries(Object.keys(memoryShapes).map((id) => [id, 2])),
        ...Object.fromEntries(Object.keys(impossibleSizes).map((id) => [id, 'RangeError'])),
      });
      for (const id of Object.keys(memoryShapes)) {
        const { items } = await client.listTasks(report.id, { node: id });
        const { history } = await client.getTask(report.id, items[0]?.id ?? '');
        const took = history?.map(
          ({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt),
        );
        console.log(`${mode}, ${id}: ${took?.join(' and ')} ms`);
      }
    } finally {
      await server.stop();
    }
  },
);
