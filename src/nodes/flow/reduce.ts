/** Boils everything down to one value. */
import { z } from 'zod';
import { codeField } from '../code-field.ts';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';
import { toFunction } from '../to-function.ts';

const params = z.object({
  code: codeField({
    description: 'Gets what has been gathered so far and the next value; gives what is gathered then.',
    description_zh: '接收目前的累积结果和下一个值，返回新的累积结果。',
    placeholder: '(sum, x) => sum + x',
  }),
  initial: z
    .unknown()
    .optional()
    .meta(
      field({
        title: 'Start value',
        title_zh: '初始值',
        description: 'What to begin with. Without it, the first value is the beginning.',
        description_zh: '累积的起点。不填写时以第一个值作为起点。',
        widget: 'json',
        placeholder: '0',
      }),
    ),
});

interface Prepared {
  code: string;
  initial?: unknown;
}

export default defineNode({
  type: 'flow.reduce',
  version: 1,
  kind: 'fold',
  title: { en: 'Reduce', zh: '归约' },
  summary: { en: 'Combines all values into one, step by step.', zh: '将所有值逐步合并为一个。' },
  icon: 'combine',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  prepare: ({ code, initial }, tools): Prepared => ({ code: tools.compile(code, 'code'), initial }),
  create({ code, initial }: Prepared) {
    const run = toFunction(code);
    // Cloned, since a function may change the state it gets.
    return { initial: () => structuredClone(initial), step: run };
  },
  examples: [
    {
      title: { en: 'Sum', zh: '求和' },
      params: { code: '(sum, x) => sum + x' },
      payloads: [1, 2, 3, 4],
      results: [10],
    },
    {
      title: { en: 'Count words', zh: '统计单词' },
      params: { code: '(counts, word) => ({ ...counts, [word]: (counts[word] ?? 0) + 1 })', initial: {} },
      payloads: ['a', 'b', 'a'],
      results: [{ a: 2, b: 1 }],
    },
    {
      title: { en: 'A value that does not fit', zh: '不合适的值' },
      params: {
        code: '(sum, x) => {\n  if (typeof x !== "number") throw new TypeError(`${x} is not a number`);\n  return sum + x;\n}',
        initial: 0,
      },
      payloads: [1, 'two', 3],
      results: [4],
      errors: ['TypeError'],
    },
  ],
});
