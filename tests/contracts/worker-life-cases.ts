/** How workers of every kind come and go, and what they do side by side. */
import { assert, assertEqual } from './deep-equal.ts';
import { endless, type WorkerCase, within } from './worker-case.ts';
import { done } from './worker-harness.ts';

export const lifeCases: WorkerCase[] = [
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
  {
    name: 'cancels endless loops at once and frees their workers within a second',
    ownThread: true,
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
    name: 'tells the death of a worker with its reason and goes on with another',
    ownThread: true,
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
    ownThread: true,
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
    ownThread: true,
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
