import { describe, expect, it, vi } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { createApp } from '../../src/api/create-app.ts';
import { readEvents } from '../../src/api/event-reader.ts';
import type { RunProgress } from '../../src/api/services.ts';
import { NotFoundError } from '../../src/errors.ts';
import type { RunStatus } from '../../src/schema/run.ts';
import { fakeServices, summary } from './fake-services.ts';

const progress = (seq: number, status: RunStatus = 'running'): RunProgress => ({
  seq,
  run: summary(status),
  edges: [],
  rates: {},
  errors: [],
  logs: [],
});
const clientOf = (over: Parameters<typeof fakeServices>[0]) => {
  const app = createApp(fakeServices(over));
  return createClient(async (url, init) => app.request(url, init));
};
/** Waits between tries pass at once. */
const clock = {
  after(_: number, fn: () => void) {
    queueMicrotask(fn);
    return () => {};
  },
};

describe('the client', () => {
  it('encodes what goes into addresses and gives what comes back', async () => {
    const report = vi.fn(async () => ({ ...summary('succeeded'), outputs: {}, errors: [] }));
    const list = vi.fn(async () => ({ items: [], nextCursor: null }));
    const write = vi.fn(async () => {});
    const client = clientOf({ runs: { report, list }, files: { write } });
    expect((await client.getRun('a/b ü')).id).toBe('r1');
    expect(report).toHaveBeenCalledWith('a/b ü');
    await client.listRuns({ status: 'failed', graph: 'x & y', limit: 5, cursor: undefined });
    expect(list).toHaveBeenCalledWith({ status: 'failed', graph: 'x & y', limit: 5 });
    await client.writeFile('data/a b%.csv', 'x');
    expect(write).toHaveBeenCalledWith('data/a b%.csv', new TextEncoder().encode('x'));
  });

  it('throws problems as errors with their code, issues and status', async () => {
    const issues = [{ code: 'unknown_node_type', message: 'No such type.', node: 'a' }];
    const client = clientOf({ runs: { validate: async () => issues } });
    await expect(client.createGraph({} as never)).rejects.toMatchObject({
      code: 'unknown_node_type',
      message: 'No such type.',
      issues,
      details: { status: 400 },
    });
    const elsewhere = createClient(async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(elsewhere.health()).rejects.toMatchObject({
      code: 'unreadable_answer',
      details: { status: 502 },
    });
  });

  it('follows a run over broken connections, going on from the last event', async () => {
    const asked: number[] = [];
    const app = createApp(
      fakeServices({
        runs: {
          subscribe: async (_, onProgress, afterSeq = 0) => {
            asked.push(afterSeq);
            onProgress(progress(afterSeq + 1, afterSeq === 2 ? 'succeeded' : 'running'));
            return () => {};
          },
        },
      }),
    );
    let tries = 0;
    const client = createClient(async (url, init) => {
      if (++tries === 1) throw new TypeError('network');
      const answer = await app.request(url, init);
      // The connection breaks after the first event.
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      const first = await reader.read();
      await reader.cancel();
      return new Response(first.value as Uint8Array<ArrayBuffer>, answer);
    });
    const seen: number[] = [];
    const onRetry = vi.fn();
    await client.followRun('r1', ({ seq }) => seen.push(seq), { clock, onRetry });
    expect(asked).toEqual([0, 1, 2]);
    expect(seen).toEqual([1, 2, 3]);
    expect(onRetry).toHaveBeenCalledTimes(1);
  });

  it('stops following when there is no such run, or when told to', async () => {
    const client = clientOf({ runs: { subscribe: () => Promise.reject(new NotFoundError('run', 'x')) } });
    await expect(client.followRun('x', () => {}, { clock })).rejects.toMatchObject({ code: 'run_not_found' });
    const leave = new AbortController();
    const quiet = clientOf({ runs: { subscribe: async () => () => {} } });
    const following = quiet.followRun('x', () => {}, { signal: leave.signal });
    leave.abort();
    await expect(following).resolves.toBeUndefined();
  });

  it('passes on changes of a graph, and says when some may have been missed', async () => {
    let change = (_: Uint8Array) => {};
    const leave = new AbortController();
    const client = clientOf({
      graphs: {
        get: async () => ({ id: 'g1' }) as never,
        subscribe: (_, onUpdate) => {
          change = onUpdate;
          queueMicrotask(() => change(new Uint8Array([0, 200, 255])));
          return () => {};
        },
      },
    });
    const updates: Uint8Array[] = [];
    const onResync = vi.fn(() => leave.abort());
    await client.followGraph(
      'g1',
      (update) => {
        updates.push(update);
        for (let i = 0; i < 1000; i++) change(new Uint8Array([1]));
      },
      onResync,
      { signal: leave.signal },
    );
    expect(updates[0]).toEqual(new Uint8Array([0, 200, 255]));
    expect(updates.length).toBeLessThan(150);
    expect(onResync).toHaveBeenCalled();
  });

  it('reads events however they are cut into pieces', async () => {
    const text = 'id: 1\r\nevent: a\r\ndata: é\r\ndata: 2\r\n\r\n: comment\n\ndata:x\n\ndata: unfinished';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 7, 1000]) {
      const body = new ReadableStream({
        start(controller) {
          for (let i = 0; i < bytes.length; i += size) controller.enqueue(bytes.slice(i, i + size));
          controller.close();
        },
      });
      const events = [];
      for await (const event of readEvents(new Response(body))) events.push(event);
      expect(events).toEqual([
        { event: 'a', data: 'é\n2', id: '1' },
        { event: 'message', data: 'x' },
      ]);
    }
  });
});
