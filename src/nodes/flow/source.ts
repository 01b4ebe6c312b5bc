/** Where values come from. */
import { z } from 'zod';
import { ValidationError } from '../../errors.ts';
import { compileOptional, optionalCodeField } from '../code-field.ts';
import { defineNode, many } from '../define-node.ts';
import { describeValue, isManyValues } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { toFunction, whenReady } from '../to-function.ts';

const params = z.object({
  items: z
    .array(z.unknown())
    .default([])
    .meta(
      field({
        title: 'Values',
        title_zh: '值',
        description: 'Sent out one by one, in this order.',
        description_zh: '按此顺序逐个发送。',
        widget: 'json',
        placeholder: '[1, 2, 3]',
      }),
    ),
  code: optionalCodeField({
    title: 'Or a function that makes them',
    title_zh: '或用函数生成',
    description: 'Gives a list or a generator; every value of it is sent out. Leave the list above empty.',
    description_zh: '返回列表或生成器，其中的每个值都会被发送。使用函数时请将上方列表留空。',
    placeholder: 'function* () {\n  for (let i = 0; i < 10; i++) yield i;\n}',
  }),
});

interface Prepared {
  items: unknown[];
  code?: string | undefined;
}

export default defineNode({
  type: 'flow.source',
  version: 2,
  kind: 'map',
  title: { en: 'Source', zh: '数据源' },
  summary: {
    en: 'Starts the flow with a list of values, or with values you generate; with neither, it passes on what it is given.',
    zh: '用一组值或你生成的值启动流程；两者皆无时，原样传递收到的值。',
  },
  icon: 'list-start',
  inputs: [],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  fansOut: true,
  trigger: true,
  prepare({ items, code }, tools): Prepared {
    const compiled = compileOptional(code, 'code', tools);
    if (compiled !== undefined && items.length > 0) {
      const issue = {
        code: 'source_ambiguous',
        message: 'Give either a list of values or a function, not both.',
        field: 'code',
      };
      throw new ValidationError(issue.code, issue.message, { issues: [issue] });
    }
    return { items, code: compiled };
  },
  create({ items, code }: Prepared) {
    // Without values of its own, it passes on what it is given: inputs, or what comes to the subgraph it begins.
    if (code === undefined && items.length === 0)
      return (payload) => (payload === undefined || payload === null ? many([]) : payload);
    if (code === undefined) return () => many(items);
    const run = toFunction(code);
    return (payload, ctx) =>
      whenReady(run(payload, ctx), (values) => {
        if (isManyValues(values)) return many(values);
        throw new TypeError(
          `A source has to give a list or a generator, but its function gave ${describeValue(values)}.`,
        );
      });
  },
  examples: [
    {
      title: { en: 'A list', zh: '列表' },
      params: { items: [1, 'two', { three: 3 }] },
      payloads: [undefined],
      results: [1, 'two', { three: 3 }],
    },
    {
      title: { en: 'A generator', zh: '生成器' },
      params: { code: 'function* () {\n  for (let i = 1; i <= 4; i++) yield i * i;\n}' },
      payloads: [undefined],
      results: [1, 4, 9, 16],
    },
    {
      title: { en: 'As many as asked for', zh: '按需要的数量' },
      params: { code: '(n) => Array.from({ length: n ?? 2 }, (_, i) => i)' },
      payloads: [undefined, 3],
      results: [0, 1, 0, 1, 2],
    },
    {
      title: { en: 'What it is given', zh: '收到的值' },
      payloads: [undefined, [1], 'two'],
      results: [[1], 'two'],
    },
    {
      title: { en: 'Not a list', zh: '不是列表' },
      params: { code: '() => 42' },
      payloads: [undefined],
      results: [],
      errors: ['TypeError'],
    },
  ],
});
