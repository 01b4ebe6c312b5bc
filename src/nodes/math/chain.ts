/**
 * A chain of computations on a list of numbers, each step kept. Three kinds of operation:
 * - `add … power` go through the numbers from left to right, and in each further iteration through all of them again,
 *   starting from the last result.
 * - `factorial … double` change each number, in each further iteration what the last one gave.
 * - `sum … std` give one figure, in each further iteration of what the last one gave.
 */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import {
  add,
  divide,
  type Exact,
  factorial,
  fibonacciAt,
  multiply,
  power,
  subtract,
} from '../exact-integers.ts';
import { field } from '../field-widgets.ts';
import { max, mean, min, quantile, std } from '../statistics.ts';

const between: Record<string, (a: Exact, b: Exact) => Exact> = { add, subtract, multiply, divide, power };

const each: Record<string, (value: Exact) => Exact> = {
  factorial,
  fibonacci: fibonacciAt,
  square: (value) => multiply(value, value),
  sqrt(value) {
    const root = Math.sqrt(Number(value));
    if (Number.isNaN(root)) throw new RangeError(`${value} has no real square root.`);
    return root;
  },
  double: (value) => multiply(value, 2),
};

const figure: Record<string, (values: readonly Exact[]) => Exact> = {
  sum: (values) => values.reduce(add, 0),
  product: (values) => values.reduce(multiply, 1),
  mean: plainly(mean),
  median: plainly((values) => quantile(values, 0.5)),
  min: plainly(min),
  max: plainly(max),
  std: plainly(std),
};

/** A figure of floating-point numbers. */
function plainly(run: (values: readonly number[]) => number): (values: readonly Exact[]) => Exact {
  return (values) => run(values.map(Number));
}

const operations = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'power',
  'factorial',
  'fibonacci',
  'square',
  'sqrt',
  'double',
  'sum',
  'product',
  'mean',
  'median',
  'min',
  'max',
  'std',
] as const;
type Operation = (typeof operations)[number];
const maxIterations = 1000;

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
          power: 'Power',
          factorial: 'Factorial of each',
          fibonacci: 'Fibonacci number of each',
          square: 'Square of each',
          sqrt: 'Square root of each',
          double: 'Double of each',
          sum: 'Sum',
          product: 'Product',
          mean: 'Mean',
          median: 'Median',
          min: 'Smallest',
          max: 'Largest',
          std: 'Standard deviation',
        },
        labels_zh: {
          add: '加',
          subtract: '减',
          multiply: '乘',
          divide: '除',
          power: '幂',
          factorial: '各数的阶乘',
          fibonacci: '各数的斐波那契数',
          square: '各数的平方',
          sqrt: '各数的平方根',
          double: '各数的两倍',
          sum: '总和',
          product: '乘积',
          mean: '平均值',
          median: '中位数',
          min: '最小值',
          max: '最大值',
          std: '标准差',
        },
      }),
    ),
  numbers: z
    .array(z.number())
    .default([])
    .meta(
      field({
        title: 'Numbers',
        title_zh: '数字',
        description: 'A list of numbers that comes in is taken instead.',
        description_zh: '传入的数字列表会取代此处。',
        widget: 'json',
        placeholder: '[1, 2, 3]',
      }),
    ),
  iterations: z
    .int()
    .min(1)
    .max(maxIterations)
    .default(1)
    .meta(
      field({
        title: 'Iterations',
        title_zh: '迭代次数',
        description: 'Each works on what the one before gave.',
        description_zh: '每次迭代都基于上一次的结果。',
        widget: 'number',
        placeholder: '1',
      }),
    ),
});

interface Task {
  operation: Operation;
  numbers: Exact[];
  iterations: number;
}

/** The params, with what the payload says instead. */
function taskOf(payload: unknown, given: z.output<typeof params>): Task {
  if (payload === undefined || payload === null) return checked(given);
  if (typeof payload === 'number' || typeof payload === 'bigint' || Array.isArray(payload))
    return checked({ ...given, numbers: payload });
  if (typeof payload !== 'object')
    throw new TypeError(
      `A chain takes a list of numbers or {operation, numbers, iterations}, not ${describeValue(payload)}.`,
    );
  const own = payload as Record<string, unknown>;
  return checked({
    operation: own.operation ?? given.operation,
    numbers: own.numbers ?? given.numbers,
    iterations: own.iterations ?? given.iterations,
  });
}

function checked({ operation, numbers, iterations }: Record<keyof Task, unknown>): Task {
  if (!operations.includes(operation as Operation))
    throw new TypeError(`${describeValue(operation)} is no operation; choose of ${operations.join(', ')}.`);
  const list: unknown[] = Array.isArray(numbers) ? numbers : [numbers];
  if (list.length === 0) throw new RangeError('There are no numbers to compute with.');
  for (const [index, value] of list.entries()) {
    if (typeof value !== 'bigint' && (typeof value !== 'number' || !Number.isFinite(value)))
      throw new TypeError(`Number ${index} is ${describeValue(value)}, not a finite number.`);
  }
  if (!Number.isInteger(iterations) || (iterations as number) < 1 || (iterations as number) > maxIterations)
    throw new RangeError(
      `Iterations have to be a whole number from 1 to ${maxIterations}, not ${describeValue(iterations)}.`,
    );
  return {
    operation: operation as Operation,
    numbers: list as Exact[],
    iterations: iterations as number,
  };
}

/** What one iteration after another gives: a number, or a list where each of several numbers is changed. */
function* iterate({ operation, numbers, iterations }: Task): Generator<Exact | Exact[]> {
  const step = between[operation];
  const change = each[operation];
  let values = numbers;
  for (let i = 0; i < iterations; i++) {
    if (step) values = [(i === 0 ? values : [values[0] as Exact, ...numbers]).reduce(step)];
    else if (change) values = values.map(change);
    else values = [(figure[operation] as (values: readonly Exact[]) => Exact)(values)];
    yield values.length === 1 ? (values[0] as Exact) : values;
  }
}

export default defineNode({
  type: 'math.chain',
  version: 1,
  kind: 'map',
  title: { en: 'Math chain', zh: '数学链' },
  summary: {
    en: 'Repeats an operation on a list of numbers and keeps every step.',
    zh: '对一组数字反复进行运算，并保留每一步。',
  },
  icon: 'link',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'worker',
  trigger: true,
  create: (given: z.output<typeof params>) => (payload) => {
    const task = taskOf(payload, given);
    const steps = Array.from(iterate(task), (value, index) => ({ iteration: index + 1, value }));
    return { ...task, result: steps[steps.length - 1]?.value, steps };
  },
  examples: [
    {
      title: { en: 'Adding, three times over', zh: '累加三遍' },
      params: { operation: 'add', numbers: [1, 2, 3], iterations: 3 },
      payloads: [undefined],
      results: [
        {
          operation: 'add',
          numbers: [1, 2, 3],
          iterations: 3,
          result: 18,
          steps: [
            { iteration: 1, value: 6 },
            { iteration: 2, value: 12 },
            { iteration: 3, value: 18 },
          ],
        },
      ],
    },
    {
      title: { en: 'The factorial of each', zh: '各数的阶乘' },
      params: { operation: 'factorial' },
      payloads: [[3, 5], 6],
      results: [
        {
          operation: 'factorial',
          numbers: [3, 5],
          iterations: 1,
          result: [6, 120],
          steps: [{ iteration: 1, value: [6, 120] }],
        },
        {
          operation: 'factorial',
          numbers: [6],
          iterations: 1,
          result: 720,
          steps: [{ iteration: 1, value: 720 }],
        },
      ],
    },
    {
      title: { en: 'All of it in the value', zh: '全部由值指定' },
      payloads: [{ operation: 'mean', numbers: [2, 4, 9] }],
      results: [
        {
          operation: 'mean',
          numbers: [2, 4, 9],
          iterations: 1,
          result: 5,
          steps: [{ iteration: 1, value: 5 }],
        },
      ],
    },
    {
      title: { en: 'What cannot be computed', zh: '无法计算' },
      params: { operation: 'divide' },
      payloads: [[1, 0], [1, 'two'], [], { numbers: [8, 2], operation: 'guess' }, 'text'],
      results: [],
      errors: ['RangeError', 'TypeError', 'RangeError', 'TypeError', 'TypeError'],
    },
  ],
});
