/** Runs a function of the user's. */
import { z } from 'zod';
import { codeField } from '../code-field.ts';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { toFunction } from '../to-function.ts';

const params = z.object({
  code: codeField({
    description: 'JavaScript or TypeScript. It gets each value and gives back the result; it may be async.',
    description_zh: '使用 JavaScript 或 TypeScript 编写。函数接收每个值并返回结果，可以是异步函数。',
    placeholder: '(x) => x * 2',
  }),
  spread: z
    .boolean()
    .default(false)
    .meta(
      field({
        title: 'Spread lists into arguments',
        title_zh: '将列表展开为参数',
        description: 'A list [1, 2] arrives as two arguments instead of one.',
        description_zh: '列表 [1, 2] 会作为两个参数传入，而不是一个。',
        widget: 'switch',
      }),
    ),
});

interface Prepared {
  code: string;
  spread: boolean;
}

export default defineNode({
  type: 'code.js',
  version: 1,
  kind: 'map',
  title: { en: 'Code', zh: '代码' },
  summary: {
    en: 'Runs your own JavaScript or TypeScript on every value.',
    zh: '用你自己的 JavaScript 或 TypeScript 处理每个值。',
  },
  icon: 'braces',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'worker',
  prepare: ({ code, spread }, tools): Prepared => ({ code: tools.compile(code, 'code'), spread }),
  create({ code, spread }: Prepared) {
    const run = toFunction(code);
    if (!spread) return run;
    return (payload, ctx) => {
      if (!Array.isArray(payload)) {
        throw new TypeError(
          `Spreading needs a list of arguments, but the value is ${describeValue(payload)}.`,
        );
      }
      return run(...payload, ctx);
    };
  },
  examples: [
    {
      title: { en: 'Double each number', zh: '每个数翻倍' },
      params: { code: '(x) => x * 2' },
      payloads: [1, 2, 3],
      results: [2, 4, 6],
    },
    {
      title: { en: 'Two arguments', zh: '两个参数' },
      params: { code: '(a, b) => a + b', spread: true },
      payloads: [[1, 2], ['hand', 'loom'], 5],
      results: [3, 'handloom'],
      errors: ['TypeError'],
    },
    {
      title: { en: 'TypeScript, async, with a helper', zh: '带辅助函数的异步 TypeScript' },
      params: {
        code: 'type Person = { name: string };\nconst greet = (name: string) => `Hello, ${name}!`;\n\nexport default async ({ name }: Person) => greet(name);',
      },
      payloads: [{ name: 'Ada' }],
      results: ['Hello, Ada!'],
    },
    {
      title: { en: 'An error of your own', zh: '抛出自己的错误' },
      params: {
        code: '(n) => {\n  if (n < 0) throw new RangeError(`${n} is negative`);\n  return Math.sqrt(n);\n}',
      },
      payloads: [9, -1, 16],
      results: [3, 4],
      errors: ['RangeError'],
    },
  ],
});
