/** The node types of simulated runs: all real ones, and one that changes the world outside. */
import { z } from 'zod';
import { defineNode, type NodeRegistry } from '../../src/nodes/define-node.ts';
import { createRegistry, registry } from '../../src/nodes/registry.ts';

const effect = defineNode({
  type: 'test.effect',
  version: 1,
  kind: 'map',
  title: { en: 'Effect', zh: '副作用' },
  summary: { en: 'Gives what it gets.', zh: '原样返回。' },
  icon: 'zap',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params: z.object({}),
  place: 'worker',
  effects: true,
  create: () => (payload) => payload,
  examples: [],
});

export const simulationRegistry: NodeRegistry = createRegistry([...registry.list(), effect]);
