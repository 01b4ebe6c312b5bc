/** Services whose every answer a test chooses: for how the API maps calls and errors, not for what engines do. */
import { z } from 'zod';
import type { Services } from '../../src/api/services.ts';
import { defineNode } from '../../src/nodes/define-node.ts';
import { emptyCounters, type RunStatus, type RunSummary } from '../../src/schema/run.ts';

export const routeNode = defineNode({
  type: 'flow.route',
  version: 1,
  kind: 'map',
  place: 'worker',
  icon: 'split',
  title: { en: 'Route', zh: '路由' },
  summary: { en: 'Picks a port', zh: '选择端口' },
  inputs: [{ name: 'in', type: 'any' }],
  outputs: (params) => params.ports.map((name) => ({ name, type: 'any' as const })),
  params: z.object({
    ports: z.array(z.string()).default(['yes', 'no']).meta({ title: 'Ports', title_zh: '端口' }),
    code: z.string().meta({ widget: 'code' }),
  }),
  create: () => (payload) => payload,
  examples: [{ payloads: [1n], results: [1n] }],
});

const unexpected = (name: string) => () => {
  throw new Error(`Nothing said what ${name} answers`);
};

/** Names every method; a test overrides those that it is about. */
export function fakeServices(over: {
  runs?: Partial<Services['runs']>;
  graphs?: Partial<Services['graphs']>;
  files?: Partial<Services['files']>;
  tables?: Partial<Services['tables']>;
}): Services {
  const all = <T extends object>(given: Partial<T> | undefined): T =>
    new Proxy((given ?? {}) as T, {
      get: (target, name) => Reflect.get(target, name) ?? unexpected(String(name)),
    });
  return {
    host: 'node',
    version: '0.0.0',
    registry: { get: () => routeNode, list: () => [routeNode] },
    graphs: all(over.graphs),
    runs: all(over.runs),
    files: all(over.files),
    tables: all(over.tables),
    isolation: () => 'threads',
  };
}

export const summary = (status: RunStatus): RunSummary => ({
  id: 'r1',
  graph: 'g',
  status,
  createdAt: '2026-01-01T00:00:00.000Z',
  nodes: { a: emptyCounters() },
});
