/** Brings together the values of two streams that have the same key. */
import { z } from 'zod';
import { compileOptional, optionalCodeField } from '../code-field.ts';
import { defineNode, type Handler } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { toFunction } from '../to-function.ts';

const kinds = ['inner', 'left', 'right', 'full'] as const;

const params = z.object({
  how: z
    .enum(kinds)
    .default('inner')
    .meta(
      field({
        title: 'What is given',
        title_zh: '给出内容',
        description: 'Where a value has no partner, the other side is null.',
        description_zh: '没有匹配项时，另一侧为 null。',
        widget: 'select',
        labels: {
          inner: 'Pairs only (inner)',
          left: 'All of the left (left outer)',
          right: 'All of the right (right outer)',
          full: 'All of both (full outer)',
        },
        labels_zh: {
          inner: '仅成对的值（内连接）',
          left: '保留全部左侧（左外连接）',
          right: '保留全部右侧（右外连接）',
          full: '保留两侧全部（全外连接）',
        },
      }),
    ),
  field: z
    .string()
    .min(1)
    .default('id')
    .meta(
      field({
        title: 'Key field',
        title_zh: '键字段',
        description: 'Values whose field is the same belong together. Missing or null matches nothing.',
        description_zh: '此字段相同的值相互匹配；缺失或为 null 时不匹配任何值。',
        widget: 'text',
        placeholder: 'id',
      }),
    ),
  code: optionalCodeField({
    title: 'Or a function that gives the key',
    title_zh: '或用函数给出键',
    description: 'Gives the key of a value, in place of the field; a list is a key of several parts.',
    description_zh: '代替字段，返回值的键；返回列表即为由多个部分组成的键。',
    placeholder: '(x) => [x.country, x.year]',
  }),
  rightField: z
    .string()
    .min(1)
    .optional()
    .meta(
      field({
        title: 'Key field on the right (optional)',
        title_zh: '右侧键字段（可选）',
        description: 'Where the right side calls it something else.',
        description_zh: '右侧使用不同名称时填写。',
        widget: 'text',
        placeholder: 'customerId',
      }),
    ),
  rightCode: optionalCodeField({
    title: 'Or a function for the right',
    title_zh: '或右侧的函数',
    description: 'Gives the key of a value of the right side.',
    description_zh: '返回右侧值的键。',
    placeholder: '(x) => x.customer.id',
  }),
});

/** How a side finds its keys: compiled code, or a field. */
interface KeyRule {
  code?: string | undefined;
  field: string;
  /** The param that holds the code, for stacks. */
  param: string;
}

interface Prepared {
  left: KeyRule;
  right: KeyRule;
}

function keyHandler({ code, field: name, param }: KeyRule): Handler {
  if (code !== undefined) return toFunction(code, param);
  return (payload) => {
    if (typeof payload !== 'object' || payload === null) {
      throw new TypeError(`The key is in the field "${name}", but this value is ${describeValue(payload)}.`);
    }
    return Object.hasOwn(payload, name) ? (payload as Record<string, unknown>)[name] : null;
  };
}

const customers = [
  { id: 1, name: 'Ada' },
  { id: 2, name: 'Grace' },
];

export default defineNode({
  type: 'flow.join',
  version: 1,
  kind: 'join',
  title: { en: 'Join', zh: '连接' },
  summary: {
    en: 'Waits for two streams to end and pairs their values by key, as {key, left, right}.',
    zh: '等待两路数据结束，再按键配对，给出 {key, left, right}。',
  },
  icon: 'merge',
  inputs: [
    { name: 'left', type: 'any', title: { en: 'Left', zh: '左' } },
    { name: 'right', type: 'any', title: { en: 'Right', zh: '右' } },
  ],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'worker',
  prepare(given, tools): Prepared {
    const code = compileOptional(given.code, 'code', tools);
    const rightCode = compileOptional(given.rightCode, 'rightCode', tools);
    const left = { code, field: given.field, param: 'code' };
    if (rightCode !== undefined) return { left, right: { ...left, code: rightCode, param: 'rightCode' } };
    if (given.rightField === undefined) return { left, right: left };
    return { left, right: { field: given.rightField, param: 'rightField' } };
  },
  create: ({ left, right }: Prepared) => ({ left: keyHandler(left), right: keyHandler(right) }),
  keeps: ({ how }) => ({ left: how === 'left' || how === 'full', right: how === 'right' || how === 'full' }),
  examples: [
    {
      title: { en: 'Customers and their orders', zh: '客户与订单' },
      params: { rightField: 'customer' },
      payloads: [...customers, { customer: 2, sum: 30 }, { customer: 2, sum: 5 }, { customer: 3, sum: 9 }],
      fromRight: 3,
      results: [
        { key: 2, left: customers[1], right: { customer: 2, sum: 30 } },
        { key: 2, left: customers[1], right: { customer: 2, sum: 5 } },
      ],
    },
    {
      title: { en: 'All of both sides', zh: '保留两侧全部' },
      params: { how: 'full', code: '(text) => text[0]' },
      payloads: ['apple', 'fig', 'avocado', 'banana'],
      fromRight: 2,
      results: [
        { key: 'a', left: 'apple', right: 'avocado' },
        { key: 'f', left: 'fig', right: null },
        { key: 'b', left: null, right: 'banana' },
      ],
    },
    {
      title: { en: 'A value without a key, and one that has no fields', zh: '没有键的值与没有字段的值' },
      params: { how: 'left' },
      payloads: [{ id: 1 }, { name: 'nobody' }, 7, { id: 1, more: true }, { id: null }],
      fromRight: 2,
      results: [
        { key: 1, left: { id: 1 }, right: { id: 1, more: true } },
        { key: null, left: { name: 'nobody' }, right: null },
      ],
      errors: ['TypeError'],
    },
  ],
});
