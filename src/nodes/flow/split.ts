/** One value in, many out. */
import { z } from 'zod';
import { compileOptional, optionalCodeField } from '../code-field.ts';
import { defineNode, many } from '../define-node.ts';
import { describeValue, isManyValues } from '../describe-value.ts';
import { toFunction, whenReady } from '../to-function.ts';

const params = z.object({
  code: optionalCodeField({
    title: 'Function (optional)',
    title_zh: '函数（可选）',
    description: 'Gives a list or a generator for each value. Without it, the value itself has to be a list.',
    description_zh: '为每个值返回列表或生成器。不填写时，值本身必须是列表。',
    placeholder: '(text) => text.split(" ")',
  }),
});

interface Prepared {
  code?: string | undefined;
}

function emit(values: unknown) {
  if (isManyValues(values)) return many(values);
  const hint = typeof values === 'string' ? ' Use (text) => [...text] to split a text into characters.' : '';
  throw new TypeError(`Only a list or a generator can be split, not ${describeValue(values)}.${hint}`);
}

export default defineNode({
  type: 'flow.split',
  version: 1,
  kind: 'map',
  title: { en: 'Split', zh: '拆分' },
  summary: {
    en: 'Turns one value into many, each going on by itself: at most 5 million of them, or 512 MB.',
    zh: '将一个值拆成多个，各自继续流动；最多 500 万个，或 512 MB。',
  },
  icon: 'split',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  fansOut: true,
  prepare: ({ code }, tools): Prepared => ({ code: compileOptional(code, 'code', tools) }),
  create({ code }: Prepared) {
    if (code === undefined) return emit;
    const run = toFunction(code);
    return (payload, ctx) => whenReady(run(payload, ctx), emit);
  },
  examples: [
    {
      title: { en: 'A list into its values', zh: '拆分列表' },
      payloads: [[1, 2], [], [3]],
      results: [1, 2, 3],
    },
    {
      title: { en: 'A text into words', zh: '拆分文本' },
      params: { code: '(text) => text.split(" ")' },
      payloads: ['run on every core'],
      results: ['run', 'on', 'every', 'core'],
    },
    {
      title: { en: 'A generator', zh: '生成器' },
      params: { code: 'function* (n) {\n  for (let i = 0; i < n; i++) yield i;\n}' },
      payloads: [3, 0, 1],
      results: [0, 1, 2, 0],
    },
    {
      title: { en: 'Nothing to split', zh: '无法拆分' },
      payloads: [5, 'text', null, [6]],
      results: [6],
      errors: ['TypeError', 'TypeError', 'TypeError'],
    },
  ],
});
