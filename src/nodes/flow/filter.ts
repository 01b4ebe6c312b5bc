/** Keeps some values and drops the others. */
import { z } from 'zod';
import { codeField } from '../code-field.ts';
import { defineNode, none } from '../define-node.ts';
import { toFunction, whenReady } from '../to-function.ts';

const params = z.object({
  code: codeField({
    title: 'Condition',
    title_zh: '条件',
    description: 'A value goes on when this gives true (or anything truthy).',
    description_zh: '返回 true（或任何真值）时，值继续流动。',
    placeholder: '(x) => x > 0',
  }),
});

interface Prepared {
  code: string;
}

export default defineNode({
  type: 'flow.filter',
  version: 1,
  kind: 'map',
  title: { en: 'Filter', zh: '筛选' },
  summary: { en: 'Lets only the values through that meet a condition.', zh: '只让满足条件的值通过。' },
  icon: 'funnel',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  prepare: ({ code }, tools): Prepared => ({ code: tools.compile(code, 'code') }),
  create({ code }: Prepared) {
    const run = toFunction(code);
    return (payload, ctx) => whenReady(run(payload, ctx), (keep) => (keep ? payload : none));
  },
  examples: [
    {
      title: { en: 'Positive numbers', zh: '正数' },
      params: { code: '(x) => x > 0' },
      payloads: [3, -1, 0, 7],
      results: [3, 7],
    },
    {
      title: { en: 'Whatever is there', zh: '非空值' },
      params: { code: 'Boolean' },
      payloads: ['a', '', null, 'b'],
      results: ['a', 'b'],
    },
    {
      title: { en: 'A condition that fails', zh: '条件出错' },
      params: { code: '(person) => person.age >= 18' },
      payloads: [{ age: 20 }, null, { age: 10 }],
      results: [{ age: 20 }],
      errors: ['TypeError'],
    },
  ],
});
