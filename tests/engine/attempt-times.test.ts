/** What is told of when an attempt began, and how long it took. */
import { expect, test } from 'vitest';
import type { BatchOutcome } from '../../src/engine/executor.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { simulatedEngine } from './run-graph.ts';
import { code, graph } from './small-graphs.ts';

const [waits, works] = [6000, 350];

/** Runs one task; its batch comes back after a wait, and after its worker was at it for a while. */
async function attemptOf(outcome: (sentAt: number) => BatchOutcome) {
  const { engine, clock, executor, store } = simulatedEngine(1, undefined, createMemoryStore());
  let sentAt = 0;
  executor.execute = async () => {
    sentAt = clock.now();
    await new Promise<void>((resolve) => clock.after(waits + works, resolve));
    return outcome(sentAt);
  };
  const node = code('a', '(n) => n', { policy: { timeoutMs: 250 } });
  const { id } = await engine.start(graph([node], { a: [1] }));
  await clock.until(engine.ended(id));
  const task = await engine.task(id, '1');
  const [attempt] = task.history ?? [];
  if (!attempt || !task.startedAt) throw new Error('There was no attempt.');
  expect(task).toMatchObject({ startedAt: attempt.startedAt, finishedAt: attempt.finishedAt });
  return {
    began: Date.parse(attempt.startedAt) - sentAt,
    ended: Date.parse(attempt.finishedAt) - sentAt,
    took: task.durationMs,
    store,
    id,
  };
}

const timeout = (begunAt?: number): BatchOutcome => ({
  kind: 'timeout',
  index: 0,
  worker: 'w',
  ...(begunAt !== undefined && { begunAt }),
});

test('an attempt that took too long began when its worker came to it, not when it was sent', async () => {
  const told = await attemptOf((sentAt) => timeout(sentAt + waits));
  expect(told).toMatchObject({ began: waits, ended: waits + works, took: works });
});

test('so did one that succeeded', async () => {
  const result = { outcomes: [0], values: [1], errors: [], busyMs: 7, worker: 'w' };
  const told = await attemptOf((sentAt) => ({
    kind: 'done',
    result: { ...result, begunAt: sentAt + waits },
  }));
  expect(told).toMatchObject({ began: waits, ended: waits + works, took: 7 });
});

test('where the worker did not say, it began when it was sent', async () => {
  const told = await attemptOf(() => timeout());
  expect(told).toMatchObject({ began: 0, ended: waits + works, took: waits + works });
});

test("a worker's word is held to what can be true", async () => {
  expect(await attemptOf((sentAt) => timeout(sentAt - 1000))).toMatchObject({ began: 0 });
  expect(await attemptOf((sentAt) => timeout(sentAt + 1e9))).toMatchObject({
    began: waits + works,
    took: 0,
  });
});
