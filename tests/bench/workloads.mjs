// @ts-check
/** What there is to do: many tasks of next to no work, and fewer of some. Runs in Node and in a page. */
import * as tasks from './tasks.mjs';

/** @typedef {'add' | 'square' | 'sumOfPrimes' | 'sumsOfPrimes'} Step */
/**
 * @typedef {object} Workload
 * @property {string} title
 * @property {number} count inputs of a real measurement
 * @property {number} quickCount inputs with `--quick`
 * @property {Step[]} steps functions of tasks.mjs that each input goes through
 * @property {(input: any) => number} all the steps at once, for the plain loop
 * @property {(count: number) => unknown[]} inputs
 * @property {(count: number) => number} sum what all outputs add up to, known beforehand
 * @property {'best pool' | 'loop ÷ cores'} yardstick what Handloom's speed is held against first
 * @property {number} wanted that speed ÷ the yardstick's, at least
 * @property {Step} [inOneCall] does the step for a list of inputs
 */

/** @type {Record<'add-square' | 'primes', Workload>} */
export const workloads = {
  'add-square': {
    title: 'add → square',
    count: 100_000,
    quickCount: 5_000,
    steps: ['add', 'square'],
    all: (pair) => tasks.square(tasks.add(pair)),
    inputs: (count) => Array.from({ length: count }, (_, i) => [i, i + 1]),
    // 1² + 3² + … + (2n − 1)²
    sum: (n) => (n * (4 * n * n - 1)) / 3,
    yardstick: 'best pool',
    wanted: 10,
  },
  primes: {
    title: 'sum of the primes below 20,000',
    count: 2_000,
    quickCount: 100,
    steps: ['sumOfPrimes'],
    all: tasks.sumOfPrimes,
    inputs: (count) => Array(count).fill(20_000),
    sum: (count) => count * 21_171_191,
    yardstick: 'loop ÷ cores',
    wanted: 0.95,
    inOneCall: 'sumsOfPrimes',
  },
};

/** @typedef {keyof typeof workloads} WorkloadName */

/** @type {Record<Step, (payload: any) => any>} */
export const functions = tasks;

/**
 * The workload as a graph: a chain of `code.js` nodes that bears the names of the steps.
 * @param {Workload} workload
 * @param {number} count
 * @returns {import('../../src/schema/graph.ts').Graph}
 */
export function graphOf({ title, steps, inputs }, count) {
  const [first = ''] = steps;
  return {
    format: 'handloom.graph',
    version: 1,
    name: `${title}, ${count} inputs`,
    nodes: steps.map((id) => ({ id, type: 'code.js', params: { code: String(functions[id]) } })),
    edges: steps.slice(1).map((target, i) => ({ source: steps[i] ?? '', target })),
    inputs: { [first]: inputs(count) },
  };
}

/**
 * One thread and nothing else. Starts warm, as the pools do.
 * @param {Workload} workload
 * @param {unknown[]} inputs
 */
export function plainLoop({ all }, inputs) {
  /** @param {unknown[]} some */
  const loop = (some) => {
    const outputs = [];
    for (const input of some) outputs.push(all(input));
    return outputs;
  };
  loop(inputs.slice(0, 100));
  const began = performance.now();
  const outputs = loop(inputs);
  return { ms: performance.now() - began, sum: sumOf(outputs) };
}

/**
 * A pool as people use it: one call per task, a bounded number of inputs under way.
 * @param {(step: Step, payload: any) => PromiseLike<any>} call
 * @param {Workload} workload
 * @param {unknown[]} inputs
 */
export async function throughPool(call, { steps }, inputs) {
  const inFlight = 1_000;
  /** @param {unknown[]} some */
  const drive = async (some) => {
    const outputs = Array(some.length);
    let next = 0;
    const lane = async () => {
      while (next < some.length) {
        const i = next++;
        let value = some[i];
        for (const step of steps) value = await call(step, value);
        outputs[i] = value;
      }
    };
    await Promise.all(Array.from({ length: Math.min(inFlight, some.length) }, lane));
    return outputs;
  };
  await drive(inputs.slice(0, 100));
  const began = performance.now();
  const outputs = await drive(inputs);
  return { ms: performance.now() - began, sum: sumOf(outputs) };
}

/**
 * A pool whose user packs several tasks into each call.
 * @param {(step: Step, payload: any) => PromiseLike<any>} call
 * @param {Workload} workload
 * @param {unknown[]} inputs
 * @param {number} size
 */
export function throughPoolInParts(call, workload, inputs, size) {
  const parts = [];
  for (let i = 0; i < inputs.length; i += size) parts.push(inputs.slice(i, i + size));
  const { inOneCall = 'sumsOfPrimes' } = workload;
  const sumOfPart = async (/** @type {Step} */ step, /** @type {unknown[]} */ part) =>
    sumOf(await call(step, part));
  return throughPool(sumOfPart, { ...workload, steps: [inOneCall] }, parts);
}

/** @param {number[]} values */
export const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);
