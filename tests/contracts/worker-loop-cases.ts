/** What must hold where tasks of mode `async` share an event loop, and one of them never lets go of it. */
import { assert, assertEqual } from './deep-equal.ts';
import { endless, type WorkerCase, within } from './worker-case.ts';
import type { Harness } from './worker-harness.ts';

const policy = { mode: 'async', workers: 4, timeoutMs: 200 } as const;
const flood = 'async () => { for (;;) await null; }';
const wait = '(ms) => new Promise((resolve) => setTimeout(resolve, ms, ms))';

/** Runs what was lost as the engine does: each task by itself, apart from all others. */
async function againApart(h: Harness, run: string, payloads: unknown[], node = 'n') {
  return Promise.all(payloads.map((payload) => h.execute(run, [payload], { node, apart: true })));
}

export const loopCases: WorkerCase[] = [
  {
    name: 'does not blame a task for the flood of promises of another one in its batch',
    ownThread: true,
    async run(h) {
      const run = h.open([{ code: `(x) => x ? (${wait})(x) : (${flood})()`, policy }]);
      for (const payloads of [
        [0, 20],
        [20, 0],
      ]) {
        const ended = await within(8000, 'the time-out', h.execute(run, payloads));
        assertEqual([ended.kind, ended.kind === 'lost' && ended.apart], ['lost', true]);
        const again = await within(8000, 'the second try', againApart(h, run, payloads));
        assertEqual(
          again.map(({ kind }) => kind),
          payloads.map((ms) => (ms ? 'done' : 'timeout')),
        );
      }
    },
  },
  {
    name: 'does not blame a task for the flood of promises of another node',
    ownThread: true,
    async run(h) {
      const innocent = h.open([{ code: wait, policy: { ...policy, timeoutMs: 300 } }]);
      await h.execute(innocent, [1]);
      const guilty = h.open([{ code: flood, policy: { ...policy, timeoutMs: 600 } }]);
      const flights = [h.execute(innocent, [200]), h.execute(guilty, [0])];
      const ended = await within(8000, 'both', Promise.all(flights));
      assertEqual(
        ended.map((each) => each.kind === 'lost' && each.apart),
        [true, true],
      );
      const [[good], [bad]] = await within(
        8000,
        'the second try',
        Promise.all([againApart(h, innocent, [200]), againApart(h, guilty, [0])]),
      );
      assertEqual([good?.kind, bad?.kind], ['done', 'timeout']);
    },
  },
  {
    name: 'lays it to nobody that a task blocks while code of another node is being made',
    ownThread: true,
    async run(h) {
      const blocks = `async () => { await (${wait})(5); for (;;); }`;
      const run = h.open([
        { code: blocks, policy },
        { id: 'm', type: 'test.slow-code', code: '(x) => x', policy },
      ]);
      const flights = [h.execute(run, [0]), h.execute(run, [1], { node: 'm' })];
      const ended = await within(8000, 'both', Promise.all(flights));
      assertEqual(
        ended.map((each) => each.kind === 'lost' && each.apart),
        [true, true],
      );
      const [[bad], [good]] = await within(
        8000,
        'the second try',
        Promise.all([againApart(h, run, [0]), againApart(h, run, [1], 'm')]),
      );
      assertEqual([bad?.kind, good?.kind], ['timeout', 'done']);
    },
  },
  ...[endless, flood].map((code, i) => ({
    name: `ends a task that blocks while code of another node waits to be made: ${i ? 'flood' : 'loop'}`,
    ownThread: true,
    async run(h: Harness) {
      const run = h.open([
        { code, policy },
        { id: 'm', code: '(x) => x', policy },
      ]);
      const flights = [h.execute(run, [0]), h.execute(run, [1], { node: 'm' })];
      const [guilty, innocent] = await within(8000, 'both', Promise.all(flights));
      assertEqual(guilty?.kind, 'timeout');
      // A process takes in all that has come before promises go on.
      const isFree = innocent?.kind === 'done' || (innocent?.kind === 'lost' && !innocent.apart);
      assert(isFree, `the other is at fault: ${innocent?.kind}`);
    },
  })),
];
