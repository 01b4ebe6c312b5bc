/** Computes a formula. */
import type { MathNode } from 'mathjs';
import { z } from 'zod';
import { defineNode, type NodeContext } from '../define-node.ts';
import { field } from '../field-widgets.ts';
import { loadMath, newScope, parseExpression, toPlainValue } from '../math-engine.ts';

const params = z.object({
  expression: z.string().meta(
    field({
      title: 'Expression',
      title_zh: '表达式',
      description: 'x is the value; the fields of an object are known by their names.',
      description_zh: 'x 代表输入值；对象的字段可直接按名称使用。',
      widget: 'expression',
      placeholder: 'x^2 + 1',
    }),
  ),
});

type Prepared = z.output<typeof params>;

function scopeOf(payload: unknown): Map<string, unknown> {
  const scope = newScope(payload);
  if (!isPlainObject(payload)) return scope.set('x', payload);
  for (const [key, value] of Object.entries(payload)) {
    // The one word mathjs keeps to itself.
    if (key !== 'end') scope.set(key, value);
  }
  return scope;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const usesRandom = (tree: MathNode): boolean =>
  tree.filter((node) => /^random(Int)?$/.test((node as { name?: unknown }).name as string)).length > 0;

/** Draws from the task's own seeded numbers, so that a replay gives the same. */
function addRandom(scope: Map<string, unknown>, ctx: NodeContext): void {
  const random = (from = 1, until?: number): number => {
    const [min, max] = until === undefined ? [0, from] : [from, until];
    return min + ctx.random() * (max - min);
  };
  scope.set('random', random);
  scope.set('randomInt', (from = 2, until?: number) => Math.floor(random(from, until)));
}

export default defineNode({
  type: 'math.expression',
  version: 1,
  kind: 'map',
  title: { en: 'Expression', zh: '表达式' },
  summary: {
    en: 'Computes a formula such as x^2 + 1 for every value.',
    zh: '对每个值计算公式，例如 x^2 + 1。',
  },
  icon: 'square-function',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  async prepare({ expression }): Promise<Prepared> {
    parseExpression(await loadMath(), expression, 'expression');
    return { expression };
  },
  async create({ expression }: Prepared) {
    const { tree, evaluate } = parseExpression(await loadMath(), expression, 'expression');
    const random = usesRandom(tree);
    return (payload, ctx) => {
      const scope = scopeOf(payload);
      if (random) addRandom(scope, ctx);
      return toPlainValue(evaluate(scope));
    };
  },
  examples: [
    {
      title: { en: 'A number as x', zh: '数字作为 x' },
      params: { expression: 'x^2 + 1' },
      payloads: [1, 2, 3],
      results: [2, 5, 10],
    },
    {
      title: { en: 'Fields of an object', zh: '对象的字段' },
      params: { expression: 'price * (1 + tax / 100)' },
      payloads: [
        { price: 50, tax: 10 },
        { price: 8, tax: 25 },
      ],
      results: [55.00000000000001, 10],
    },
    {
      title: { en: 'A list as x', zh: '列表作为 x' },
      params: { expression: 'sum(x) / count(x)' },
      payloads: [[1, 2, 3, 6]],
      results: [3],
    },
    {
      title: { en: 'Several steps', zh: '多个步骤' },
      params: { expression: 'half = x / 2; half^2' },
      payloads: [6],
      results: [9],
    },
    {
      title: { en: 'What is not a number', zh: '非数字' },
      params: { expression: 'sqrt(x)' },
      payloads: [16, -4, 'text'],
      results: [4],
      errors: ['TypeError', 'Error'],
    },
  ],
});
