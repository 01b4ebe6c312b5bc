import { expect, it, vi } from 'vitest';

const loaded = vi.hoisted(() => new Set<string>());
vi.mock('mathjs', async (original) => {
  loaded.add('mathjs');
  return original();
});
vi.mock('acorn', async (original) => {
  loaded.add('acorn');
  return original();
});
vi.mock('sucrase', async (original) => {
  loaded.add('sucrase');
  return original();
});

it('loads no heavy library with the node types, only when a node needs it', async () => {
  const { registry } = await import('../../src/nodes/registry.ts');
  expect([...loaded]).toEqual([]);
  const expression = registry.get('math.expression');
  if (expression?.kind !== 'map') throw new Error('There is no math.expression');
  await expression.create({ expression: 'x' } as never);
  expect([...loaded]).toEqual(['mathjs']);
});
