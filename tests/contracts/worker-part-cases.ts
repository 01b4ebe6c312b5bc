/** What every kind of worker must do with a task that gives so much that it leaves the worker in parts. */
import { outcome } from '../../src/engine/executor.ts';
import type { Pack } from '../../src/engine/values/packed.ts';
import { assert, assertEqual } from './deep-equal.ts';
import type { WorkerCase } from './worker-case.ts';
import { done, type Harness } from './worker-harness.ts';

const { succeeded, failed } = outcome;

/** Takes parts in, and tells how many were on their way at once. */
function packing(take: (values: unknown[]) => Promise<void> = async () => {}) {
  const seen = { parts: 0, values: 0, atOnce: 0, most: 0 };
  const pack: Pack = async (values) => {
    seen.parts++;
    seen.values += values.length;
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await take(values);
    seen.atOnce--;
    return { count: values.length, bytes: new Uint8Array(1), unpack: () => values };
  };
  return { seen, pack };
}

async function runInParts(
  h: Harness,
  node: Parameters<Harness['open']>[0][number],
  payloads: unknown[],
  pack: Pack,
) {
  const run = h.open([node]);
  const result = done(await h.executor.execute(h.batch(run, payloads), pack));
  h.executor.close(run);
  const given = payloads.map((_, i) => (result.parts ?? []).filter(({ index }) => index === i));
  const of = (i: number) => given[i]?.flatMap(({ packed }) => packed.unpack()) ?? [];
  return { result, of };
}

const upTo = 'function* upTo(n) { for (let i = 0; i < n; i++) yield { i }; }';

export const partCases: WorkerCase[] = [
  {
    name: 'sends what a task gives in parts where it is much, one after the other, and in order',
    async run(h) {
      const code = `(n) => { ${upTo} return n % 2 ? many(upTo(n), 'odd') : many(upTo(n)); }`;
      for (const mode of ['thread', 'async'] as const) {
        const { seen, pack } = packing(() => new Promise((resolve) => setTimeout(resolve, 1)));
        const node = { code, outputs: ['out', 'odd'], policy: { mode } };
        const { result, of } = await runInParts(h, node, [3, 10_001, 0, 20_000, 4096, 2], pack);
        assertEqual(result.outcomes, Array(6).fill(succeeded), mode);
        const plain = (n: number) => Array.from({ length: n }, (_, i) => ({ i }));
        assertEqual([of(1), of(3)], [plain(10_001), plain(20_000)], mode);
        assertEqual(of(0).length + of(2).length + of(5).length, 0, mode);
        // A part may be full just when there is nothing more.
        assertEqual(of(4).length + (result.counts?.[4] ?? 0), 4096, mode);
        assertEqual([result.counts?.[0], result.counts?.[1], result.counts?.[5]], [3, 0, 2], mode);
        assertEqual(
          new Set(result.parts?.map(({ index, port }) => `${index} ${port}`)).size <= 3,
          true,
          mode,
        );
        assertEqual(result.parts?.find(({ index }) => index === 1)?.port, 'odd', mode);
        if (mode === 'thread') assertEqual(seen.most, 1, 'on their way at once');
      }
    },
  },
  {
    name: 'sends large results in parts of bounded size, also of lists and of what comes asynchronously',
    async run(h) {
      const code = `(x) => {
        const large = (i) => ({ i, text: 'x'.repeat(1000) });
        if (x === 'list') return many(Array.from({ length: 3000 }, (_, i) => large(i)));
        return many((async function* () { for (let i = 0; i < 3000; i++) yield large(i); })());
      }`;
      const sizes: number[] = [];
      const { pack } = packing(async (values) => void sizes.push(values.length));
      const { of } = await runInParts(h, { code }, ['list', 'async'], pack);
      for (const i of [0, 1])
        assertEqual(
          (of(i) as { i: number }[]).map((each) => each.i),
          Array.from(Array(3000).keys()),
        );
      assert(Math.max(...sizes) < 400, `A part holds ${Math.max(...sizes)} results of 1 KB.`);
    },
  },
  {
    name: 'gives nothing of a task that fails after some parts',
    async run(h) {
      const code = `(x) => many((function* () {
        try {
          for (let i = 0; i < 9000; i++) yield x === 'proxy' && i === 8500 ? { rows: [new Proxy({}, {})] } : i;
          if (x === 'throws') throw new Error('late');
        } finally { globalThis.closed = (globalThis.closed ?? 0) + 1; }
      })())`;
      const { pack } = packing();
      const { result, of } = await runInParts(h, { code }, ['throws', 'proxy', 'fine'], pack);
      assertEqual(result.outcomes, [failed, failed, succeeded]);
      assertEqual([of(0), of(1), of(2).length], [[], [], 9000]);
      assertEqual([result.errors[0]?.message, result.errors[1]?.code], ['late', 'not_cloneable']);
      assert(result.errors[1]?.message.includes('result.rows[0] (a Object)'), `${result.errors[1]?.message}`);
      assertEqual(await h.value('() => globalThis.closed'), 3, 'generators that were closed');
    },
  },
  {
    name: 'fails a task whose parts cannot be taken in',
    async run(h) {
      const { pack } = packing(async (values) => {
        if ((values[0] as { i: number }).i > 4000) throw new Error('no room');
      });
      const { result, of } = await runInParts(
        h,
        { code: `(n) => { ${upTo} return many(upTo(n)); }` },
        [9000, 5],
        pack,
      );
      assertEqual([result.outcomes, result.errors[0]?.message, of(0)], [[failed, succeeded], 'no room', []]);
      assertEqual(result.values.length, 5);
    },
  },
  {
    name: 'stops a splitter that never ends at its limit, or at its time-out, while its parts are taken in',
    async run(h) {
      const { pack } = packing();
      const endless = 'many((function* () { for (let i = 0; ; i++) yield i; })())';
      const never = await runInParts(h, { code: `(x) => x === 'end' ? x : ${endless}` }, [1, 'end'], pack);
      assertEqual([never.result.outcomes, never.of(0)], [[failed, succeeded], []]);
      assertEqual(never.result.errors[0]?.code, 'too_many_results');
      const slow = 'many((function* () { for (let i = 0; i < 3e6; i++) yield "text " + i; })())';
      const policy = { timeoutMs: 100 };
      const timed = await runInParts(
        h,
        { code: `(x) => x === 'end' ? x : ${slow}`, policy },
        [1, 'end'],
        pack,
      );
      assertEqual(
        [timed.result.outcomes, timed.result.errors[0]?.name],
        [[failed, succeeded], 'TimeoutError'],
      );
      assertEqual(timed.of(0), []);
    },
  },
  {
    name: 'leaves it to the engine to carry on a batch of which parts are gone already',
    async run(h) {
      const { pack } = packing();
      const run = h.open([
        { code: `(n) => { ${upTo} return many(upTo(n)); }` },
        { id: 'm', code: '(x) => x.i' },
      ]);
      const execute = async (payloads: number[]) =>
        done(await h.executor.execute(h.batch(run, payloads, { chain: [{ node: 'm', first: 100 }] }), pack));
      assertEqual((await execute([1, 1])).chained?.[0]?.values, [0, 0]);
      const result = await execute([1, 9000]);
      assertEqual([result.chained ?? [], result.values], [[], [{ i: 0 }]]);
    },
  },
];
