/** Node types for the tests of pools: code of the test's own, in every place and kind. */
import { z } from 'zod';
import {
  defineNode,
  type Folder,
  type Handler,
  many,
  type NodeDefinition,
  none,
  to,
} from '../../src/nodes/define-node.ts';
import { createRegistry } from '../../src/nodes/registry.ts';

const words = { en: 'test', zh: '测试' };
const common = {
  version: 1,
  title: words,
  summary: words,
  icon: 'flask-conical',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params: z.object({ code: z.string() }),
  prepare: ({ code }: { code: string }) => code,
  examples: [],
} satisfies Partial<NodeDefinition>;

const evaluate = (code: string) => new Function('many', 'to', 'none', `return (${code})`)(many, to, none);

export const testCode = defineNode({
  ...common,
  type: 'test.code',
  kind: 'map',
  place: 'worker',
  create: (code: string) => evaluate(code) as Handler,
});

/** The same; its code takes some turns of the event loop to be made, for ever where it is a promise that never settles. */
export const testSlowCode = defineNode({
  ...common,
  type: 'test.slow-code',
  kind: 'map',
  place: 'worker',
  create: async (code: string) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return (await evaluate(code)) as Handler;
  },
});

/** The same, acting outside. */
export const testEffects = defineNode({ ...testCode, type: 'test.effects', effects: true });

/** The same beside the engine. */
export const testHostCode = defineNode({
  ...common,
  type: 'test.host-code',
  kind: 'map',
  place: 'host',
  create: (code: string) => evaluate(code) as Handler,
});

/** Code: an object with `initial` and `step`. */
export const testFold = defineNode({
  ...common,
  type: 'test.fold',
  kind: 'fold',
  place: 'worker',
  create: (code: string) => evaluate(code) as Folder,
});

export const testRegistry = createRegistry([testCode, testSlowCode, testEffects, testHostCode, testFold]);
