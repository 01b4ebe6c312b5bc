import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Handler, NodeContext } from '../../src/nodes/define-node.ts';
import delay from '../../src/nodes/flow/delay.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function handlerOf(params: Record<string, unknown>): Promise<Handler> {
  if (delay.kind !== 'map') throw new Error('flow.delay is a map');
  return delay.create(delay.params.parse(params) as never);
}
const context = (signal: AbortSignal) => ({ signal }) as NodeContext;

it('passes a value on when its time has come, and not before', async () => {
  const handler = await handlerOf({ ms: 250 });
  const done = vi.fn();
  const waiting = (handler({ a: 1 }, context(new AbortController().signal)) as Promise<unknown>).then(done);
  await vi.advanceTimersByTimeAsync(249);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect(done).toHaveBeenCalledWith({ a: 1 });
});

it('stops waiting when its task is given up, and leaves no timer behind', async () => {
  const handler = await handlerOf({ ms: 60_000 });
  const controller = new AbortController();
  const waiting = handler(1, context(controller.signal)) as Promise<unknown>;
  const reason = new Error('cancelled');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
  await expect(handler(2, context(controller.signal))).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});
