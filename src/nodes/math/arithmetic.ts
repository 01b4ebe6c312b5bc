/** One operation on two numbers. */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';

const operations = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'modulo',
  'power',
  'root',
  'min',
  'max',
] as const;
type Operation = (typeof operations)[number];

const params = z.object({
  operation: z
    .enum(operations)
    .default('add')
    .meta(
      field({
        title: 'Operation',
        title_zh: '运算',
        widget: 'select',
        labels: {
          add: 'Add',
          subtract: 'Subtract',
          multiply: 'Multiply',
          divide: 'Divide',
          modulo: 'Remainder',
          power: 'Power',
          root: 'Root',
          min: 'Smaller of the two',
          max: 'Larger of the two',
        },
        labels_zh: {
          add: '加',
          subtract: '减',
          multiply: '乘',
          divide: '除',
          modulo: '取余',
          power: '幂',
          root: '开方',
          min: '取较小者',
          max: '取较大者',
        },
      }),
    ),
  operand: z
    .number()
    .optional()
    .meta(
      field({
        title: 'Second number',
        title_zh: '第二个数',
        description: 'Without it, each value has to be a list of two numbers.',
        description_zh: '不填写时，每个值必须是包含两个数的列表。',
        widget: 'number',
        placeholder: '2',
      }),
    ),
});

const compute: Record<Operation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide(a, b) {
    if (b === 0) throw new RangeError(`${a} cannot be divided by zero.`);
    return a / b;
  },
  modulo(a, b) {
    if (b === 0) throw new RangeError(`${a} divided by zero has no remainder.`);
    const rest = a % b;
    // Like clocks and calendars count: the remainder has the sign of the divisor.
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  power: (a, b) => real(a ** b, a, b, 'to the power of'),
  root(a, b) {
    if (b === 0) throw new RangeError('There is no zeroth root.');
    if (a < 0 && Math.abs(b % 2) === 1) return -exactRoot(-a, b);
    return real(exactRoot(a, b), a, b, 'has no real root of degree');
  },
  min: Math.min,
  max: Math.max,
};

/** The root, without the rounding error of the power where a whole number is meant: the third root of 64 is 4. */
function exactRoot(a: number, b: number): number {
  const root = a ** (1 / b);
  const whole = Math.round(root);
  return whole ** b === a ? whole : root;
}

function real(result: number, a: number, b: number, words: string): number {
  if (Number.isNaN(result) && !Number.isNaN(a) && !Number.isNaN(b))
    throw new RangeError(`${a} ${words} ${b} is not a real number.`);
  return result;
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`Arithmetic needs a number, but the value is ${describeValue(value)}.`);
}

export default defineNode({
  type: 'math.arithmetic',
  version: 1,
  kind: 'map',
  title: { en: 'Arithmetic', zh: '算术' },
  summary: {
    en: 'Adds, multiplies, divides and more, with a fixed number or with pairs.',
    zh: '与固定数字或成对数字进行加、乘、除等运算。',
  },
  icon: 'calculator',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'number' }],
  params,
  place: 'worker',
  create({ operation, operand }: z.output<typeof params>) {
    const run = compute[operation];
    if (operand !== undefined) return (payload) => run(numberOf(payload), operand);
    return (payload) => {
      if (!Array.isArray(payload) || payload.length !== 2) {
        throw new TypeError(
          `Without a second number, the value has to be a list of two numbers, but it is ${describeValue(payload)}.`,
        );
      }
      return run(numberOf(payload[0]), numberOf(payload[1]));
    };
  },
  examples: [
    {
      title: { en: 'Times ten', zh: '乘以十' },
      params: { operation: 'multiply', operand: 10 },
      payloads: [1, 2.5],
      results: [10, 25],
    },
    {
      title: { en: 'Pairs', zh: '成对数字' },
      params: { operation: 'subtract' },
      payloads: [
        [5, 3],
        [1, 4],
      ],
      results: [2, -3],
    },
    {
      title: { en: 'Third root', zh: '立方根' },
      params: { operation: 'root', operand: 3 },
      payloads: [64, -27],
      results: [4, -3],
    },
    {
      title: { en: 'Remainder', zh: '取余' },
      params: { operation: 'modulo', operand: 7 },
      payloads: [30, -1],
      results: [2, 6],
    },
    {
      title: { en: 'What cannot be computed', zh: '无法计算' },
      params: { operation: 'divide' },
      payloads: [[6, 2], [1, 0], ['6', 2], 6],
      results: [3],
      errors: ['RangeError', 'TypeError', 'TypeError'],
    },
  ],
});
