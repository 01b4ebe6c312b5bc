/**
 * What every kind of worker must do, as plain cases without a test framework, so that Node's runner and a page in a
 * browser judge by the same.
 */
import { outcome } from '../../src/engine/executor.ts';
import { chainCases } from './chain-cases.ts';
import { assert, assertEqual } from './deep-equal.ts';
import { partCases } from './part-cases.ts';
import { done, type Harness } from './worker-harness.ts';

export interface WorkerCase {
  name: string;
  /** Needs a thread of the worker's own, which can be ended while it is busy. */
  ownThread?: boolean;
  run(harness: Harness): Promise<void>;
}

const endless = '() => { for (;;); }';
const { succeeded, failed, notRun } = outcome;

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await promise;
  const took = performance.now() - began;
  assert(took < ms, `${what} took ${took.toFixed()} ms, more than ${ms}`);
  return value;
}

const base: WorkerCase[] = [
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
    name: 'copies every kind of value as structured cloning does',
    async run(h) {
      const cyclic: Record<string, unknown> = { name: 'loop' };
      cyclic.self = cyclic;
      const payload = {
        date: new Date(12345),
        map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1, 'a'])]]),
        big: 123456789012345678901234567890n,
        floats: new Float64Array([1.5, Number.NaN, -0]),
        bytes: new Uint8Array([1, 2, 3]),
        part: new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2),
        nothing: undefined,
        numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY],
        sparse: [1, undefined, null],
        pattern: /a+/gi,
        error: new RangeError('inside'),
        cyclic,
      };
      assertEqual(await h.value('(x) => x', payload), payload);
      assertEqual(await h.value('() => undefined'), undefined);
      assertEqual(await h.value('() => [-0, NaN, 5n]'), [-0, Number.NaN, 5n]);
    },
  },
  {
    name: 'fails only the tasks whose results cannot be copied, naming the path',
    async run(h) {
      const code = `(x) => x === 2 ? { rows: [1, { 'a b': { format() {} } }] } : x === 4 ? new Map([['k', Symbol('s')]]) : x`;
      const result = await h.run({ code }, [1, 2, 3, 4, 5]);
      assertEqual(result.values, [1, 3, 5]);
      assertEqual(result.outcomes, [succeeded, failed, succeeded, failed, succeeded]);
      assertEqual(
        result.errors.map(({ code }) => code),
        ['not_cloneable', 'not_cloneable'],
      );
      assert(
        result.errors[0]?.message.includes('result.rows[1]["a b"].format (a function)'),
        `${result.errors[0]?.message}`,
      );
      assert(
        result.errors[1]?.message.includes('result.get("k") (a symbol)'),
        `${result.errors[1]?.message}`,
      );
    },
  },
  {
    name: 'finds the culprit in maps, sets, lists, errors and one of many results',
    async run(h) {
      const code = `(x) => [
        () => new Map([[{ a: 1 }, 1], ['deep', new Set([1, [2, { f() {} }]])]]),
        () => new Map([[() => 1, 1]]),
        () => new Error('outer', { cause: { why: Symbol('s') } }),
        () => many([1, { ok: true }, [() => 1], 4]),
        () => ({ proxy: new Proxy({}, {}) }),
        () => Object.assign([1], { named() {} }),
        () => async () => 1,
        async () => ({ later: Promise.resolve() }),
        () => 'fine',
      ][x]()`;
      const payloads = [0, 1, 2, 3, 4, 5, 6, 7, 8];
      for (const mode of ['thread', 'async'] as const) {
        const result = await h.run({ code, policy: { mode } }, payloads);
        assertEqual(result.values, ['fine'], mode);
        assertEqual(
          result.errors.map(({ name, code, message }) => [name, code, /copied: (.*)\.$/.exec(message)?.[1]]),
          [
            'result.get("deep").values[1][1].f (a function)',
            'result.keys(() => 1) (a function)',
            'result.cause.why (a symbol)',
            'result[0] (a function)',
            'result.proxy (a Object)',
            'result.named (a function)',
            'result (a function)',
            'result.later (a Promise; await it)',
          ].map((where) => ['DataCloneError', 'not_cloneable', where]),
          mode,
        );
      }
    },
  },
  {
    name: 'refuses what no journal can keep, though a channel may carry it',
    async run(h) {
      // Also where a page may not name the class.
      const shared = 'new WebAssembly.Memory({ shared: true, initial: 1, maximum: 1 }).buffer';
      const code = `(x, ctx, shared = () => ${shared}) => [
        () => ({ shared: shared() }),
        () => [new Uint8Array(shared())],
        () => new Map([['file', new Blob(['bytes'])]]),
        () => many([new Blob(['bytes'])]),
        () => { const error = new Error('round'); error.cause = { error }; return [error]; },
      ][x]()`;
      const sharedView = 'result[0].buffer (a SharedArrayBuffer; give a copy instead)';
      const { errors, values } = await h.run({ code }, [0, 1, 2, 3, 4]);
      assertEqual(values, []);
      assertEqual(
        // Where a page may not name the class, the view itself is the culprit.
        errors.map(({ code, message }) => [
          code,
          /copied: (.*)\.$/.exec(message)?.[1]?.replace('result[0] (a Uint8Array)', sharedView),
        ]),
        [
          ['not_cloneable', 'result.shared (a SharedArrayBuffer; give a copy instead)'],
          ['not_cloneable', sharedView],
          ['not_cloneable', 'result.get("file") (a Blob; give its bytes instead)'],
          ['not_cloneable', 'result (a Blob; give its bytes instead)'],
          ['not_cloneable', 'result[0].cause (a Object)'],
        ],
      );
    },
  },
  {
    name: 'gives binary data buffers of their own, and the class off an instance',
    async run(h) {
      const code = `(x) => [x.bytes.buffer.byteLength, x.left.buffer === x.right.buffer, x.bytes.constructor.name,
        Object.getPrototypeOf(x.point) === Object.prototype, x.point.x, x.view.getUint8(0)]`;
      class Point {
        x = 7;
        get y() {
          return 8;
        }
      }
      const shared = new ArrayBuffer(16);
      const payload = {
        bytes: new Uint8Array([1, 2, 3]),
        left: new Uint8Array(shared, 0, 8),
        right: new Float64Array(shared, 8),
        view: new DataView(new Uint8Array([5, 6]).buffer, 1),
        point: new Point(),
      };
      assertEqual(await h.value(code, payload), [3, true, 'Uint8Array', true, 7, 6]);
      const back = (await h.value('(x) => x', payload)) as typeof payload;
      assertEqual([back.bytes.buffer.byteLength, back.left.buffer === back.right.buffer], [3, true], 'back');
    },
  },
  {
    name: 'fails the steps of a fold that leave a state which cannot be kept, and no others',
    async run(h) {
      const code = `{ initial: () => ({ sum: 0 }), step(s, x) {
        if (x === 5) throw new Error('five'); return { sum: s.sum + x, ...(x === 3 && { f() {} }) }; } }`;
      const { outcomes, errors, state } = await h.run({ type: 'test.fold', code }, [1, 3, 5, 2]);
      assertEqual(outcomes, [succeeded, failed, failed, succeeded]);
      assertEqual(state, { value: { sum: 3 } });
      assertEqual([errors[0]?.code, errors[1]?.message], ['not_cloneable', 'five']);
      assert(errors[0]?.message.includes('state.f (a function)'), `${errors[0]?.message}`);
      const bad = await h.run(
        { type: 'test.fold', code: '{ initial: () => ({ f() {} }), step: (s) => s }' },
        [1],
      );
      assertEqual([bad.outcomes, bad.errors[0]?.code], [[failed], 'not_cloneable']);
    },
  },
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
    name: 'carries logs, also with data that cannot be copied',
    async run(h) {
      const { logs } = await h.run({ code: "(x, { log }) => { log('got', x); log('odd', () => {}); }" }, [
        5,
        { a: 1 },
      ]);
      assertEqual(logs?.slice(0, 2), [
        { index: 0, message: 'got', data: 5 },
        { index: 0, message: 'odd' },
      ]);
      assertEqual(logs?.[2], { index: 1, message: 'got', data: { a: 1 } });
    },
  },
  {
    name: 'takes what tasks write to the console for logs',
    ownThread: true,
    async run(h) {
      const code = "(x) => { console.log('n is', x, { a: [1n] }); }";
      assertEqual((await h.run({ code }, [1, 2])).logs, [
        { index: 0, message: 'n is 1 {"a":["1n"]}' },
        { index: 1, message: 'n is 2 {"a":["1n"]}' },
      ]);
    },
  },
  {
    name: 'gives each task a context of its own, with random numbers that a replay draws again',
    async run(h) {
      const code = `(x, ctx) => [ctx.run, ctx.node, ctx.task, ctx.attempt, ctx.idempotencyKey, ctx.random(), ctx.random(),
        Math.abs(ctx.now() - Date.now()) < 1000, ctx.signal.aborted]`;
      const run = h.open([{ code }]);
      const first = done(await h.execute(run, [0, 0], { tasks: [7, 8], attempts: [1, 3] }))
        .values as unknown[][];
      const again = done(await h.execute(run, [0], { tasks: [7] })).values as unknown[][];
      const [a, b] = first;
      assertEqual(a?.slice(0, 5), [run, 'n', '7', 1, `${run}:n:7`]);
      assertEqual(b?.[3], 3);
      assertEqual(a?.slice(7), [true, false]);
      assertEqual(again[0]?.slice(5, 7), a?.slice(5, 7), 'random numbers of a replay');
      assert(a?.[5] !== b?.[5] && a?.[5] !== a?.[6], 'random numbers repeat');
    },
  },
  {
    name: 'reports progress while a task runs',
    async run(h) {
      await h.run({ code: '(x, ctx) => { ctx.progress(0.5); ctx.progress(1); }' }, [0]);
      assertEqual(h.fractions, [0.5, 1]);
    },
  },
  {
    name: 'brokers files and tables, errors intact',
    async run(h) {
      const code = `async (x, { files, tables }) => {
        await files.write('a.txt', 'hi');
        const bytes = await files.read('a.txt');
        const error = await files.read('b.txt').catch((e) => [e.name, e.message, e.code]);
        return [new TextDecoder().decode(bytes), (await files.list()).length, await tables.rows({}), error];
      }`;
      assertEqual(await h.value(code), [
        'hi',
        1,
        [{ a: 1 }],
        ['HandloomError', 'no b.txt', 'file_not_found'],
      ]);
    },
  },
  {
    name: 'fetches only from hosts the graph permits, redirects included',
    async run(h) {
      const code = `async (url, { fetch }) => {
        try {
          const response = await fetch(url, { method: 'POST', body: 'data' });
          return [response.status, response.headers.get('x-test'), await response.text(), response.url];
        } catch (error) { return [error.name, error.code, error.message.includes('settings.capabilities.fetch'), error.details?.host]; }
      }`;
      const run = h.open([{ code }], { capabilities: { fetch: ['good.test'] } });
      const urls = [
        'http://good.test/x',
        'http://evil.test/x',
        'http://good.test/moved',
        'http://good.test/away',
      ];
      const { values } = done(await h.execute(run, urls));
      assertEqual((values[0] as unknown[]).slice(0, 3), [200, 'yes', 'POST data']);
      assertEqual(values[1], ['CapabilityError', 'fetch_refused', true, 'evil.test']);
      assertEqual(values[2], [200, 'yes', 'GET hello', 'http://good.test/hello']);
      assertEqual(values[3], ['CapabilityError', 'fetch_refused', true, 'evil.test']);
      assert(!h.fetched.some((url) => url.includes('evil')), 'a host that was not permitted was asked');
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
    name: 'cancels what waits at once',
    async run(h) {
      const run = h.open([{ code: '() => new Promise(() => {})' }]);
      const flights = [1, 2, 3, 4].map((x) => h.execute(run, [x]));
      h.executor.cancel(run);
      for (const ended of await Promise.all(flights)) assertEqual(ended, { kind: 'cancelled' });
      assertEqual(await h.value('() => 1'), 1);
    },
  },
  {
    name: 'interleaves the batches of async nodes on one worker',
    async run(h) {
      const code = '() => new Promise((resolve) => setTimeout(resolve, 300, 1))';
      const run = h.open([{ code, policy: { mode: 'async', workers: 10 } }]);
      const batches = Promise.all([[0, 0, 0], [0], [0]].map((payloads) => h.execute(run, payloads)));
      const ended = await within(5000, 'all', batches);
      const workers = new Set(ended.map((each) => done(each).worker));
      assertEqual(workers.size, 1, 'number of workers');
      assert(
        ended.every((each) => done(each).busyMs < 890),
        'tasks waited for each other',
      );
    },
  },
];

const ownThread: WorkerCase[] = [
  {
    name: 'ends a splitter that hangs between two results at its limit',
    async run(h) {
      const code = `(x) => x ? many((function* () { yield 1; ${'for (;;);'} })()) : x`;
      const run = h.open([{ code, policy: { timeoutMs: 200 } }]);
      const ended = await within(5000, 'the time-out', h.execute(run, [0, 1]));
      assertEqual([ended.kind, ended.kind === 'timeout' && ended.index], ['timeout', 1]);
    },
  },
  {
    name: 'ends an endless loop at its limit, names the task, and serves others meanwhile',
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
    async run(h) {
      const code = '() => { const end = performance.now() + 60; while (performance.now() < end); return 1; }';
      const result = await h.run({ code, policy: { timeoutMs: 2000 } }, Array(40).fill(0));
      assertEqual(result.values, Array(40).fill(1));
    },
  },
  {
    name: 'fails a computing task that came back by itself, but too late',
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
    async run(h) {
      const run = h.open([{ code: 'async () => { for (;;) await null; }', policy: { timeoutMs: 150 } }]);
      const ended = await within(5000, 'the time-out', h.execute(run, [0]));
      assertEqual([ended.kind, ended.kind === 'timeout' && ended.index], ['timeout', 0]);
    },
  },
  {
    name: 'cancels endless loops at once and frees their workers within a second',
    async run(h) {
      const run = h.open([{ code: endless }]);
      const flights = [1, 2, 3].map((x) => h.execute(run, [x]));
      assertEqual(h.executor.stats.busy, 2, 'busy workers');
      h.executor.cancel(run);
      for (const ended of await within(500, 'cancelling', Promise.all(flights)))
        assertEqual(ended, { kind: 'cancelled' });
      assertEqual(await within(5000, 'the next task', h.value('() => 1')), 1);
    },
  },
  {
    name: 'leaves batches of others that share a worker with an endless loop without fault',
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
    async run(h) {
      const code = '() => new Promise((resolve) => setTimeout(resolve, 2000))';
      const run = h.open([{ code, policy: { timeoutMs: 30 } }]);
      const ended = await h.execute(run, [0]);
      // On a machine with much to do, its limit may be noticed from outside first.
      if (ended.kind !== 'timeout') assertEqual(done(ended).outcomes, [failed]);
      assertEqual(h.executor.stats.alive, 0, 'workers alive');
    },
  },
  {
    name: 'tells the death of a worker with its reason and goes on with another',
    async run(h) {
      const run = h.open([
        { code: "() => new Promise(() => setTimeout(() => { throw new TypeError('stray'); }))" },
      ]);
      const ended = await h.execute(run, [0]);
      assert(ended.kind === 'died', `ended otherwise: ${ended.kind}`);
      assert(ended.reason.includes('stray'), `no reason: ${ended.reason}`);
      assertEqual(await h.value('() => 1'), 1);
    },
  },
  {
    name: 'recycles workers after the number of tasks a policy sets',
    async run(h) {
      const run = h.open([
        { code: '(x) => x', policy: { mode: 'process', workers: 1, maxTasksPerWorker: 2 } },
      ]);
      const names: string[] = [];
      for (let i = 0; i < 4; i++) names.push(done(await h.execute(run, [i])).worker);
      assertEqual([names[0] === names[1], names[1] === names[2], names[2] === names[3]], [true, false, true]);
    },
  },
  {
    name: 'makes no more workers than the limit, and keeps them warm',
    async run(h) {
      const run = h.open([{ code: '(x) => x' }]);
      await Promise.all(Array.from({ length: 20 }, (_, i) => h.execute(run, [i])));
      await h.executor.drain();
      assertEqual(h.executor.stats, { alive: 2, busy: 0 });
      const wide = h.open([{ code: '() => 1', policy: { workers: 3 } }]);
      await Promise.all(Array.from({ length: 9 }, () => h.execute(wide, [0])));
      assertEqual(h.executor.stats.alive, 3, 'workers alive');
      h.executor.close(wide);
      assertEqual(h.executor.stats.alive, 2, 'workers alive afterwards');
    },
  },
];

export const workerCases: WorkerCase[] = [
  ...base,
  ...chainCases,
  ...partCases,
  ...ownThread.map((each) => ({ ...each, ownThread: true })),
];
