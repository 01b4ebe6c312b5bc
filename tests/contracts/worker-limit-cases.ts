/** What every kind of worker must do with tasks that go on for too long, or give too much. */
import { outcome } from '../../src/engine/executor.ts';
import { assertEqual } from './deep-equal.ts';
import { endless, type WorkerCase, within } from './worker-case.ts';
import { done } from './worker-harness.ts';

const { succeeded, failed } = outcome;

export const limitCases: WorkerCase[] = [
  {
    name: 'stops a splitter that never ends, and goes on with the others',
    async run(h) {
      const code = `(x) => [
        () => many((function* () { for (;;) yield 1; })()),
        () => many({ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) }),
        () => many(new Array(4e9)),
        () => many((function* () { for (let i = 0; ; i++) yield { i, text: 'x'.repeat(100_000) + i }; })()),
        () => many((function* () { for (;;) yield new Uint8Array(1e6); })()),
        () => many((async function* () { for (;;) yield new Uint8Array(1e7); })()),
        () => many([1, 2, 3]),
      ][x]()`;
      const result = await h.run({ code }, [0, 1, 2, 3, 4, 5, 6]);
      assertEqual(result.values, [1, 2, 3]);
      const [count, size] = ['5000000 results', '512 MB of results'];
      assertEqual(
        result.errors.map(({ name, code, message }) => [
          name,
          code,
          /^One task gave more than (.*?), /.exec(message)?.[1],
        ]),
        [count, count, count, size, size, size].map((limit) => [
          'ResultLimitError',
          'too_many_results',
          limit,
        ]),
      );
    },
  },
  {
    name: 'ends a task that waits beyond its limit, through its signal, and keeps the others',
    async run(h) {
      const code =
        '(x, { signal }) => x ? new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))) : "ok"';
      const result = await h.run({ code, policy: { timeoutMs: 60 } }, [0, 1, 0]);
      assertEqual(result.outcomes, [succeeded, failed, succeeded]);
      assertEqual([result.errors[0]?.name, result.errors[0]?.code], ['TimeoutError', 'task_timeout']);
    },
  },
  {
    name: 'counts the limit from the start of each task',
    async run(h) {
      const code = '() => new Promise((resolve) => setTimeout(resolve, 100, 1))';
      const result = await h.run({ code, policy: { timeoutMs: 400 } }, [0, 0, 0, 0, 0]);
      assertEqual(result.values, [1, 1, 1, 1, 1]);
    },
  },
  {
    name: 'ends a splitter that hangs between two results at its limit',
    ownThread: true,
    async run(h) {
      const code = `(x) => x ? many((function* () { yield 1; ${'for (;;);'} })()) : x`;
      const run = h.open([{ code, policy: { timeoutMs: 200 } }]);
      const ended = await within(5000, 'the time-out', h.execute(run, [0, 1]));
      assertEqual([ended.kind, ended.kind === 'timeout' && ended.index], ['timeout', 1]);
    },
  },
  {
    name: 'ends an endless loop at its limit, names the task, and serves others meanwhile',
    ownThread: true,
    async run(h) {
      const run = h.open([
        { code: `(x) => x === 2 ? (${endless})() : x`, policy: { timeoutMs: 200 } },
        { id: 'm', code: '(x) => x + 1' },
      ]);
      const looping = within(5000, 'the time-out', h.execute(run, [1, 2, 3]));
      assertEqual(done(await h.execute(run, [1], { node: 'm' })).values, [2]);
      const ended = await looping;
      assertEqual([ended.kind, ended.kind === 'timeout' && ended.index], ['timeout', 1]);
      assertEqual(done(await h.execute(run, [1, 3])).values, [1, 3]);
    },
  },
  {
    name: 'does not end a slow batch whose tasks each keep their limit',
    ownThread: true,
    async run(h) {
      const code = '() => { const end = performance.now() + 60; while (performance.now() < end); return 1; }';
      const result = await h.run({ code, policy: { timeoutMs: 2000 } }, Array(40).fill(0));
      assertEqual(result.values, Array(40).fill(1));
    },
  },
  {
    name: 'fails a computing task that came back by itself, but too late',
    ownThread: true,
    async run(h) {
      const code =
        '(ms) => { const end = performance.now() + ms; while (performance.now() < end); return 1; }';
      const run = h.open([{ code, policy: { timeoutMs: 100 } }]);
      const ended = await h.execute(run, [0, 120, 0]);
      // On a machine that is busy otherwise, the task may well have to be ended.
      if (ended.kind === 'timeout') return assertEqual(ended.index, 1);
      assertEqual(done(ended).outcomes, [succeeded, failed, succeeded]);
      assertEqual(done(ended).errors[0]?.name, 'TimeoutError');
    },
  },
  {
    name: 'finds the task that blocks a large batch by running it again',
    ownThread: true,
    async run(h) {
      const run = h.open([{ code: `(x) => x === 70 ? (${endless})() : x`, policy: { timeoutMs: 100 } }]);
      const payloads = Array.from({ length: 100 }, (_, i) => i);
      const first = await within(5000, 'the first time-out', h.execute(run, payloads));
      assertEqual(first.kind, 'lost');
      const second = await within(5000, 'the second time-out', h.execute(run, payloads));
      assertEqual([second.kind, second.kind === 'timeout' && second.index], ['timeout', 70]);
    },
  },
  {
    name: 'ends a flood of promises at its limit',
    ownThread: true,
    async run(h) {
      const run = h.open([{ code: 'async () => { for (;;) await null; }', policy: { timeoutMs: 150 } }]);
      const ended = await within(5000, 'the time-out', h.execute(run, [0]));
      assertEqual([ended.kind, ended.kind === 'timeout' && ended.index], ['timeout', 0]);
    },
  },
  {
    name: 'leaves batches of others that share a worker with an endless loop without fault',
    ownThread: true,
    async run(h) {
      const policy = { mode: 'async', workers: 4 } as const;
      const wait = '(ms) => new Promise((resolve) => setTimeout(resolve, ms, ms))';
      const innocent = h.open([{ code: wait, policy: { ...policy, timeoutMs: 600 } }]);
      const guilty = h.open([{ code: endless, policy: { ...policy, timeoutMs: 900 } }]);
      const unwatched = h.open([{ code: wait, policy }]);
      const flights = [h.execute(innocent, [400]), h.execute(unwatched, [400]), h.execute(guilty, [0])];
      const [a, b, c] = await within(8000, 'all', Promise.all(flights));
      assertEqual([a?.kind, b?.kind, c?.kind], ['lost', 'lost', 'timeout']);
      assertEqual(done(await h.execute(innocent, [5])).values, [5]);
    },
  },
  {
    name: 'replaces a worker whose task goes on after its limit',
    ownThread: true,
    async run(h) {
      const code = '() => new Promise((resolve) => setTimeout(resolve, 2000))';
      const run = h.open([{ code, policy: { timeoutMs: 30 } }]);
      const ended = await h.execute(run, [0]);
      // On a machine with much to do, its limit may be noticed from outside first.
      if (ended.kind !== 'timeout') assertEqual(done(ended).outcomes, [failed]);
      assertEqual(h.executor.stats.alive, 0, 'workers alive');
    },
  },
];
