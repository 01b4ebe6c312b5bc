/** What every kind of worker must do with a batch that it may carry on to further nodes by itself. */
import { outcome } from '../../src/engine/executor.ts';
import { assert, assertEqual } from './deep-equal.ts';
import type { WorkerCase } from './worker-case.ts';
import { done } from './worker-harness.ts';

const { succeeded, failed } = outcome;
const toM = [{ node: 'm', first: 10 }];

export const chainCases: WorkerCase[] = [
  {
    name: 'carries results on to the nodes of a chain, under the numbers set aside for them',
    async run(h) {
      const run = h.open([
        { code: '(x) => x + 1' },
        { id: 'm', code: '(x, ctx) => x * 2 + ":" + ctx.node + ctx.task' },
        { id: 'o', code: '(x, ctx) => x + "," + ctx.node + ctx.task' },
      ]);
      const chain = [...toM, { node: 'o', first: 20 }];
      const result = done(await h.execute(run, [1, 2], { chain }));
      assertEqual(result.values, [2, 3]);
      const [m, o, ...more] = result.chained ?? [];
      assertEqual(
        [m?.values, m?.outcomes],
        [
          ['4:m10', '6:m11'],
          [succeeded, succeeded],
        ],
      );
      assertEqual(o?.values, ['4:m10,o20', '6:m11,o21']);
      assertEqual(more, []);
      assertEqual([m?.worker, o?.worker], [result.worker, result.worker]);
    },
  },
  {
    name: 'gives the next node of a chain a copy',
    async run(h) {
      const run = h.open([
        { code: '(x) => [x]' },
        { id: 'm', code: '(list) => { list.push(9); return list; }' },
      ]);
      const result = done(await h.execute(run, [1], { chain: toM }));
      assertEqual([result.values, result.chained?.[0]?.values], [[[1]], [[1, 9]]]);
    },
  },
  {
    name: 'carries on only the results of tasks that succeeded, and tells the failures of each node',
    async run(h) {
      const run = h.open([
        { code: '(x) => { if (x === 2) throw new Error("two"); return x; }' },
        { id: 'm', code: '(x) => { if (x === 3) throw new Error("three"); return -x; }' },
      ]);
      const result = done(await h.execute(run, [1, 2, 3], { chain: toM }));
      assertEqual(
        [result.outcomes, result.values],
        [
          [succeeded, failed, succeeded],
          [1, 3],
        ],
      );
      const [m] = result.chained ?? [];
      assertEqual([m?.outcomes, m?.values], [[succeeded, failed], [-1]]);
      assertEqual(
        [...result.errors, ...(m?.errors ?? [])].map((error) => error.message),
        ['two', 'three'],
      );
    },
  },
  {
    name: 'leaves a chain where results go to ports, grow in number or cannot be copied',
    async run(h) {
      const chain = toM;
      const next = { id: 'm', code: '(x) => x' };
      for (const [code, outputs] of [
        ['(x) => to("a", x)', ['a']],
        ['(x) => many([x, x])', ['out']],
        ['(x) => none', ['out']],
      ] as const) {
        const run = h.open([{ code, outputs: [...outputs] }, next]);
        assertEqual(done(await h.execute(run, [1], { chain })).chained ?? [], []);
      }
      const run = h.open([{ code: '(x) => ({ f: () => x })' }, next]);
      const result = done(await h.execute(run, [1], { chain }));
      assertEqual([result.outcomes, result.chained ?? []], [[failed], []]);
      assertEqual(result.errors[0]?.code, 'not_cloneable');
    },
  },
  {
    name: 'fails just the task of a chain whose result cannot be copied',
    async run(h) {
      const run = h.open([{ code: '(x) => x' }, { id: 'm', code: '(x) => () => x' }]);
      const result = done(await h.execute(run, [1], { chain: toM }));
      assertEqual([result.outcomes, result.values], [[succeeded], [1]]);
      const [m] = result.chained ?? [];
      assertEqual([m?.outcomes, m?.errors[0]?.code], [[failed], 'not_cloneable']);
    },
  },
  {
    name: 'lets the nodes of a chain reach what their context offers',
    async run(h) {
      const run = h.open([
        { code: '(x) => x' },
        { id: 'm', code: 'async (x, { files }) => { await files.write("m", String(x)); return x; }' },
      ]);
      const result = done(await h.execute(run, [7], { chain: toM }));
      assertEqual(result.chained?.[0]?.values, [7]);
      assert(new TextDecoder().decode(h.files.get('m')) === '7', 'nothing was written');
    },
  },
  {
    name: 'runs a batch whose chain has a node that cannot be made',
    async run(h) {
      const run = h.open([{ code: '(x) => x' }, { id: 'm', code: '(() => { throw new Error("no"); })()' }]);
      const result = done(await h.execute(run, [7], { chain: toM }));
      assertEqual([result.values, result.chained ?? []], [[7], []]);
    },
  },
];
