/** What every kind of worker must give its tasks to work with. */
import { assert, assertEqual } from './deep-equal.ts';
import type { WorkerCase } from './worker-case.ts';
import { done } from './worker-harness.ts';

export const contextCases: WorkerCase[] = [
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
    name: 'carries logs of whatever else, and of several things',
    async run(h) {
      const code = "(x, { log }) => { log({ only: x }); log('v', x, { a: 1 }); log(x); }";
      assertEqual((await h.run({ code }, [5])).logs, [
        { index: 0, message: '{"only":5}' },
        { index: 0, message: 'v', data: [5, { a: 1 }] },
        { index: 0, message: '5' },
      ]);
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
];
