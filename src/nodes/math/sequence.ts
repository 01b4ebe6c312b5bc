/** Makes the numbers of a sequence. */
import { z } from 'zod';
import { defineNode, many } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { add, type Exact, fibonacciNumbers, multiply } from '../exact-integers.ts';
import { field } from '../field-widgets.ts';
import { primesFrom } from '../primes.ts';

const kinds = ['arithmetic', 'geometric', 'fibonacci', 'primes', 'range'] as const;
type Kind = (typeof kinds)[number];
const maxCount = 10_000_000;

const optionalNumber = (words: Parameters<typeof field>[0]) => z.number().optional().meta(field(words));

const params = z.object({
  kind: z
    .enum(kinds)
    .default('arithmetic')
    .meta(
      field({
        title: 'Sequence',
        title_zh: '数列',
        widget: 'select',
        labels: {
          arithmetic: 'Arithmetic: add each time',
          geometric: 'Geometric: multiply each time',
          fibonacci: 'Fibonacci numbers',
          primes: 'Prime numbers',
          range: 'Range: up to an end',
        },
        labels_zh: {
          arithmetic: '等差：每次相加',
          geometric: '等比：每次相乘',
          fibonacci: '斐波那契数',
          primes: '质数',
          range: '区间：直到终点',
        },
      }),
    ),
  start: optionalNumber({
    title: 'Start',
    title_zh: '起点',
    description: 'The first number (0, geometric 1); of Fibonacci and prime numbers, the least wanted.',
    description_zh: '首项（默认 0，等比为 1）；对斐波那契数和质数而言是所需的最小值。',
    widget: 'number',
    placeholder: '0',
  }),
  step: optionalNumber({
    title: 'Step',
    title_zh: '步长',
    description: 'What is added each time (1), or multiplied by (geometric, 2).',
    description_zh: '每次相加的数（默认 1）；等比数列中为每次相乘的数（默认 2）。',
    widget: 'number',
    placeholder: '1',
  }),
  stop: optionalNumber({
    title: 'Stop before (range)',
    title_zh: '终点（区间）',
    description: 'A range ends before this number. Without it, it goes by how many.',
    description_zh: '区间在此数之前结束。不填写时按个数生成。',
    widget: 'number',
    placeholder: '100',
  }),
  count: z
    .int()
    .min(0)
    .max(maxCount)
    .default(10)
    .meta(
      field({
        title: 'How many',
        title_zh: '个数',
        description: 'A number that comes in is taken instead; of a range it is the end.',
        description_zh: '传入的数字会取代此值；对区间而言则取代终点。',
        widget: 'number',
        placeholder: '10',
      }),
    ),
  as: z
    .enum(['each', 'list'])
    .default('each')
    .meta(
      field({
        title: 'Give',
        title_zh: '输出',
        widget: 'select',
        labels: { each: 'Each number by itself', list: 'One list' },
        labels_zh: { each: '逐个输出', list: '整个列表' },
      }),
    ),
});

type Params = z.output<typeof params>;
type Wanted = Pick<Params, 'start' | 'step' | 'stop' | 'count'>;

const generate: Record<Kind, (wanted: Wanted) => Iterable<Exact>> = {
  arithmetic: ({ start = 0, step = 1, count }) => evenly(start, step, count),
  *geometric({ start = 1, step = 2, count }) {
    for (let i = 0, value: Exact = start; i < count; i++, value = multiply(value, step)) yield value;
  },
  *fibonacci({ start = 0, count }) {
    let left = count;
    if (left === 0) return;
    for (const value of fibonacciNumbers()) {
      if (value < start) continue;
      yield value;
      if (--left === 0) return;
    }
  },
  *primes({ start = 0, count }) {
    let left = count;
    if (left === 0) return;
    for (const prime of primesFrom(start)) {
      yield prime;
      if (--left === 0) return;
    }
  },
  range({ start = 0, step = 1, stop, count }) {
    if (stop === undefined) return evenly(start, step, count);
    if (step === 0) throw new RangeError('A range with step 0 never comes to its end.');
    const length = Math.max(0, Math.ceil((stop - start) / step));
    if (length > maxCount)
      throw new RangeError(`The range has ${length} numbers, more than the limit of ${maxCount}.`);
    return evenly(start, step, length);
  },
};

/** By multiplication, so that rounding does not add up. */
function* evenly(start: number, step: number, count: number): Generator<Exact> {
  for (let i = 0; i < count; i++) yield add(start, multiply(step, i));
}

/** The params, with what the payload says instead. */
function wantedOf(payload: unknown, given: Params): Wanted {
  if (payload === undefined || payload === null) return given;
  if (typeof payload === 'number') {
    return given.kind === 'range' ? check({ ...given, stop: payload }) : check({ ...given, count: payload });
  }
  if (typeof payload !== 'object' || Array.isArray(payload))
    throw new TypeError(
      `A number says how many, an object may hold start, step, stop and count; the value is ${describeValue(payload)}.`,
    );
  const wanted: Wanted = { ...given };
  for (const name of ['start', 'step', 'stop', 'count'] as const) {
    const own = (payload as Record<string, unknown>)[name];
    if (own === undefined) continue;
    if (typeof own !== 'number')
      throw new TypeError(`${name} has to be a number, not ${describeValue(own)}.`);
    wanted[name] = own;
  }
  return check(wanted);
}

function check(wanted: Wanted): Wanted {
  for (const name of ['start', 'step', 'stop'] as const) {
    const value = wanted[name];
    if (value !== undefined && !Number.isFinite(value))
      throw new RangeError(`${name} has to be a finite number, not ${value}.`);
  }
  if (Number.isInteger(wanted.count) && wanted.count >= 0 && wanted.count <= maxCount) return wanted;
  throw new RangeError(`How many has to be a whole number from 0 to ${maxCount}, not ${wanted.count}.`);
}

export default defineNode({
  type: 'math.sequence',
  version: 1,
  kind: 'map',
  title: { en: 'Sequence', zh: '数列' },
  summary: {
    en: 'Makes numbers: arithmetic, geometric, Fibonacci, primes or a range.',
    zh: '生成数列：等差、等比、斐波那契、质数或区间。',
  },
  icon: 'list-ordered',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: ({ as }) => [{ name: 'out', type: as === 'list' ? 'array' : 'number' }],
  params,
  place: 'worker',
  fansOut: true,
  trigger: true,
  create: (given: Params) => (payload) => {
    const numbers = generate[given.kind](wantedOf(payload, given));
    return given.as === 'list' ? Array.from(numbers) : many(numbers);
  },
  examples: [
    {
      title: { en: 'Ten numbers', zh: '十个数' },
      params: { start: 1 },
      payloads: [undefined],
      results: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    },
    {
      title: { en: 'A range as a list', zh: '区间列表' },
      params: { kind: 'range', start: 10, stop: 0, step: -3, as: 'list' },
      payloads: [undefined, { stop: 3 }],
      results: [
        [10, 7, 4, 1],
        [10, 7, 4],
      ],
    },
    {
      title: { en: 'Powers of two', zh: '2 的幂' },
      params: { kind: 'geometric', count: 5, as: 'list' },
      payloads: [undefined],
      results: [[1, 2, 4, 8, 16]],
    },
    {
      title: { en: 'Primes from 100 on', zh: '从 100 开始的质数' },
      params: { kind: 'primes', start: 100, as: 'list' },
      payloads: [5],
      results: [[101, 103, 107, 109, 113]],
    },
    {
      title: { en: 'Fibonacci numbers', zh: '斐波那契数' },
      params: { kind: 'fibonacci', count: 8 },
      payloads: [undefined],
      results: [0, 1, 1, 2, 3, 5, 8, 13],
    },
    {
      title: { en: 'What makes no sequence', zh: '无法生成的数列' },
      params: { kind: 'range', as: 'list' },
      payloads: [{ step: 0, stop: 5 }, { start: 'one' }, 'ten', { count: -1 }, 2],
      results: [[0, 1]],
      errors: ['RangeError', 'TypeError', 'TypeError', 'RangeError'],
    },
  ],
});
