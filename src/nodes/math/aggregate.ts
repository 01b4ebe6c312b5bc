/** One figure from a list. */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { max, mean, min, mode, product, quantile, std, sum, variance } from '../statistics.ts';

const operations = [
  'sum',
  'mean',
  'median',
  'min',
  'max',
  'count',
  'std',
  'variance',
  'product',
  'mode',
  'quantile',
] as const;
type Operation = (typeof operations)[number];

const params = z.object({
  operation: z
    .enum(operations)
    .default('sum')
    .meta(
      field({
        title: 'Figure',
        title_zh: '统计量',
        widget: 'select',
        labels: {
          sum: 'Sum',
          mean: 'Mean',
          median: 'Median',
          min: 'Smallest',
          max: 'Largest',
          count: 'Count',
          std: 'Standard deviation',
          variance: 'Variance',
          product: 'Product',
          mode: 'Most frequent',
          quantile: 'Quantile',
        },
        labels_zh: {
          sum: '总和',
          mean: '平均值',
          median: '中位数',
          min: '最小值',
          max: '最大值',
          count: '计数',
          std: '标准差',
          variance: '方差',
          product: '乘积',
          mode: '众数',
          quantile: '分位数',
        },
      }),
    ),
  field: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Field (optional)',
        title_zh: '字段（可选）',
        description: 'For a list of objects: the field that holds the numbers.',
        description_zh: '对于对象列表：存放数字的字段。',
        widget: 'text',
        placeholder: 'price',
      }),
    ),
  quantile: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta(
      field({
        title: 'Quantile',
        title_zh: '分位',
        description: 'From 0 (smallest) to 1 (largest); used by the quantile only.',
        description_zh: '从 0（最小）到 1（最大），仅用于分位数。',
        widget: 'number',
        placeholder: '0.5',
      }),
    ),
});

const compute: Record<Operation, (values: number[], share: number) => number> = {
  sum,
  mean,
  median: (values) => quantile(values, 0.5),
  min,
  max,
  count: (values) => values.length,
  std,
  variance,
  product,
  mode,
  quantile,
};

function numbersOf(payload: unknown, name: string | undefined): number[] {
  if (!isList(payload))
    throw new TypeError(`A figure needs a list of numbers, but the value is ${describeValue(payload)}.`);
  return Array.from(payload, (item, index) => {
    const value = name ? memberOf(item, name, index) : item;
    if (typeof value === 'number') return value;
    throw new TypeError(
      `Item ${index}${name ? `, field "${name}",` : ''} is ${describeValue(value)}, not a number.`,
    );
  });
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);

function memberOf(item: unknown, name: string, index: number): unknown {
  if (typeof item === 'object' && item !== null && Object.hasOwn(item, name))
    return (item as Record<string, unknown>)[name];
  throw new TypeError(`Item ${index} is ${describeValue(item)} and has no field "${name}".`);
}

export default defineNode({
  type: 'math.aggregate',
  version: 1,
  kind: 'map',
  title: { en: 'Aggregate', zh: '聚合' },
  summary: {
    en: 'Gives one figure for a list: sum, mean, median, spread and more.',
    zh: '为列表计算一个统计量：总和、平均值、中位数、离散度等。',
  },
  icon: 'sigma',
  inputs: [{ name: 'in', type: 'array' }],
  outputs: [{ name: 'out', type: 'number' }],
  params,
  place: 'worker',
  create({ operation, field: name, quantile: share }: z.output<typeof params>) {
    const run = compute[operation];
    return (payload) => run(numbersOf(payload, name), share);
  },
  examples: [
    {
      title: { en: 'Sum', zh: '总和' },
      params: { operation: 'sum' },
      payloads: [[1, 2, 3], []],
      results: [6, 0],
    },
    {
      title: { en: 'Mean of a field', zh: '字段的平均值' },
      params: { operation: 'mean', field: 'price' },
      payloads: [[{ price: 10 }, { price: 20 }]],
      results: [15],
    },
    {
      title: { en: 'Median', zh: '中位数' },
      params: { operation: 'median' },
      payloads: [
        [5, 1, 3],
        [4, 1, 3, 2],
      ],
      results: [3, 2.5],
    },
    {
      title: { en: 'Upper quartile', zh: '上四分位数' },
      params: { operation: 'quantile', quantile: 0.75 },
      payloads: [[1, 2, 3, 4, 5]],
      results: [4],
    },
    {
      title: { en: 'Standard deviation', zh: '标准差' },
      params: { operation: 'std' },
      payloads: [[2, 4, 6]],
      results: [2],
    },
    {
      title: { en: 'What has no figure', zh: '无法统计' },
      params: { operation: 'max' },
      payloads: [[1, 9], [1, 'two'], [], 5],
      results: [9],
      errors: ['TypeError', 'RangeError', 'TypeError'],
    },
  ],
});
