/** What every kind of worker must do with what tasks give, and with those that fail. */
import { outcome } from '../../src/engine/executor.ts';
import { assert, assertEqual } from './deep-equal.ts';
import type { WorkerCase } from './worker-case.ts';
import { done } from './worker-harness.ts';

const { succeeded, failed, notRun } = outcome;

export const resultCases: WorkerCase[] = [
  {
    name: 'gives results in order, one plain value each, without counts and ports',
    async run(h) {
      const result = await h.run({ code: '(x) => x * x' }, [1, 2, 3]);
      assertEqual(result.values, [1, 4, 9]);
      assertEqual(result.outcomes, [succeeded, succeeded, succeeded]);
      assert(!('counts' in result) && !('ports' in result), 'counts or ports given for plain values');
      assert(result.worker !== '' && result.busyMs >= 0, 'no worker or time');
    },
  },
  {
    name: 'keeps code between batches of a run and drops it with the run',
    async run(h) {
      const node = { code: '(() => { let n = 0; return () => ++n; })()' };
      const run = h.open([node]);
      assertEqual(done(await h.execute(run, [0, 0])).values, [1, 2]);
      assertEqual(done(await h.execute(run, [0])).values, [3]);
      h.executor.close(run);
      assertEqual((await h.run(node, [0])).values, [1]);
    },
  },
  {
    name: 'awaits promises and thenables',
    async run(h) {
      assertEqual(await h.value('async (x) => (await x) + 1', 1), 2);
      assertEqual(await h.value('(x) => ({ then(resolve) { resolve(x + 1) } })', 1), 2);
    },
  },
  {
    name: 'emits many, none and to ports, from iterables of both kinds',
    async run(h) {
      const code = `async (x) => x === 0 ? none : x === 1 ? many([1, 2, 3]) : x === 2 ? to('even', 2)
        : x === 3 ? many((async function* () { yield 7; yield 8; })(), 'even') : x`;
      const result = await h.run({ code, outputs: ['out', 'even'] }, [9, 0, 1, 2, 3]);
      assertEqual(result.counts, [1, 0, 3, 1, 2]);
      assertEqual(result.values, [9, 1, 2, 3, 2, 7, 8]);
      assertEqual(result.ports, ['out', 'out', 'out', 'out', 'even', 'even', 'even']);
    },
  },
  {
    name: 'fails a task that names a port there is not',
    async run(h) {
      const result = await h.run({ code: "(x) => x ? to('nowhere', x) : x" }, [0, 1]);
      assertEqual(result.outcomes, [succeeded, failed]);
      assertEqual([result.errors[0]?.name, result.errors[0]?.code], ['RouteError', 'unknown_port']);
      const route = await h.run({ code: '(x) => x', outputs: ['even', 'odd'] }, [1]);
      assertEqual(route.errors[0]?.code, 'unknown_port');
    },
  },
  {
    name: 'keeps results of a task that fails half-way out of the batch',
    async run(h) {
      const code = "(x) => many((function* () { yield x; if (x === 2) throw new Error('half'); yield x })())";
      const result = await h.run({ code }, [1, 2, 3]);
      assertEqual(result.values, [1, 1, 3, 3]);
      assertEqual(result.counts, [2, 0, 2]);
    },
  },
  {
    name: 'brings errors over intact',
    async run(h) {
      const code = `(kind) => {
        if (kind === 'string') throw 'just text';
        if (kind === 'nothing') throw undefined;
        class ValueError extends Error {}
        if (kind === 'class') throw new ValueError('bad value');
        if (kind === 'hostile') throw new Proxy({}, { has() { throw new Error('trap'); } });
        throw Object.assign(new TypeError('no good', { cause: new Error('deeper') }), { code: 'E_GOOD' });
      }`;
      const { errors, outcomes } = await h.run({ code }, ['code', 'class', 'string', 'nothing', 'hostile']);
      assertEqual(outcomes, [failed, failed, failed, failed, failed]);
      const [first, second, third] = errors;
      assertEqual([first?.name, first?.message, first?.code], ['TypeError', 'no good', 'E_GOOD']);
      assertEqual(first?.cause?.message, 'deeper');
      assert(first?.stack?.includes('no good'), 'no stack');
      assertEqual([second?.name, second?.message], ['ValueError', 'bad value']);
      assertEqual(third?.message, 'just text');
    },
  },
  {
    name: 'goes on after a failure, or stops when asked to',
    async run(h) {
      const code = "(x) => { if (x === 2) throw new Error('two'); return x; }";
      assertEqual((await h.run({ code }, [1, 2, 3])).values, [1, 3]);
      const stopped = await h.run({ code }, [1, 2, 3], { stopOnError: true });
      assertEqual(stopped.outcomes, [succeeded, failed, notRun]);
    },
  },
  {
    name: 'fails every task of a node whose code cannot be made',
    async run(h) {
      const result = await h.run({ code: '(' }, [1, 2]);
      assertEqual(result.outcomes, [failed, failed]);
      assertEqual(result.errors[1]?.name, 'SyntaxError');
    },
  },
  {
    name: 'folds with a state that a failing step leaves as it was',
    async run(h) {
      const code = `{ initial: () => ({ sum: 0, seen: [] }), step(s, x) {
        s.sum += x; s.seen.push(x); if (x === 3) throw new Error('three'); return s; } }`;
      const run = h.open([{ type: 'test.fold', code }]);
      const first = done(await h.execute(run, [1, 3, 2, 3]));
      assertEqual(first.outcomes, [succeeded, failed, succeeded, failed]);
      assertEqual(first.state, { value: { sum: 3, seen: [1, 2] } });
      const second = done(await h.execute(run, [4], { state: first.state! }));
      assertEqual(second.state, { value: { sum: 7, seen: [1, 2, 4] } });
      assertEqual(second.values, []);
      const plain = await h.run(
        { type: 'test.fold', code: '{ initial() {}, step: async (s, x) => s + x }' },
        [1, 2, 3],
      );
      assertEqual(plain.state, { value: 6 });
    },
  },
];
