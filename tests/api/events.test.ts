import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/create-app.ts';
import { heartbeatMs } from '../../src/api/event-stream.ts';
import type { RunProgress, Services } from '../../src/api/services.ts';
import { NotFoundError } from '../../src/errors.ts';
import type { RunStatus } from '../../src/schema/run.ts';
import { fakeServices, summary } from './fake-services.ts';

const progress = (seq: number, status: RunStatus = 'running', message = `${seq}`): RunProgress => ({
  seq,
  run: summary(status),
  edges: [],
  rates: {},
  errors: [{ task: '1', node: 'a', name: 'E', message, attempts: 1 }],
  logs: [],
});

/** A run whose progress the test gives, and a clock that stands still. */
function followed(subscribe?: Services['runs']['subscribe']) {
  const state = { send: (_: RunProgress) => {}, stopped: 0, after: -1, beat: () => {} };
  const runs: Partial<Services['runs']> = {
    subscribe:
      subscribe ??
      (async (_id, onProgress, afterSeq = 0) => {
        state.send = onProgress;
        state.after = afterSeq;
        return () => {
          state.stopped++;
        };
      }),
  };
  const clock = {
    now: () => 0,
    after: (ms: number, fn: () => void) => {
      expect(ms).toBe(heartbeatMs);
      state.beat = fn;
      return () => {
        state.beat = () => {};
      };
    },
  };
  return { app: createApp(fakeServices({ runs }), { clock }), state };
}

async function open(app: ReturnType<typeof createApp>, init?: RequestInit) {
  const answer = await app.request('/api/runs/r1/events', init);
  const reader = answer.body
    ?.pipeThrough(new TextDecoderStream())
    .getReader() as ReadableStreamDefaultReader<string>;
  return { answer, reader };
}
const idsOf = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

describe('events of a run', () => {
  it('gives each report as an event and closes itself at the end', async () => {
    const { app, state } = followed();
    const { answer, reader } = await open(app, { headers: { 'last-event-id': '7' } });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(state.after).toBe(7);
    state.send(progress(8));
    const { value = '' } = await reader.read();
    expect(value).toMatch(/^id: 8\nevent: progress\ndata: \{.*\}\n\n$/);
    state.send(progress(9, 'succeeded'));
    expect(idsOf((await reader.read()).value ?? '')).toEqual([9]);
    expect((await reader.read()).done).toBe(true);
    expect(state.stopped).toBe(1);
  });

  it('keeps one merged report for a reader that is slow', async () => {
    const { app, state } = followed();
    const { reader } = await open(app);
    for (let seq = 1; seq <= 10_000; seq++) state.send(progress(seq));
    state.send(progress(10_001, 'partial'));
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    const ids = idsOf(text);
    expect(ids.length).toBeLessThan(5);
    expect(ids.at(-1)).toBe(10_001);
    const last = JSON.parse(text.slice(text.lastIndexOf('data: ') + 6));
    expect(last.errors).toHaveLength(20);
    expect(last.errors.at(-1).message).toBe('10001');
  });

  it('shows in between that it lives', async () => {
    const { app, state } = followed();
    const { reader } = await open(app);
    const next = reader.read();
    state.beat();
    expect((await next).value).toBe(': still here\n\n');
  });

  it('lets go of the run when the reader leaves', async () => {
    const { app, state } = followed();
    const { reader } = await open(app);
    await reader.cancel();
    expect(state.stopped).toBe(1);
    const leaving = new AbortController();
    await open(app, { signal: leaving.signal });
    leaving.abort();
    expect(state.stopped).toBe(2);
  });

  it('answers a run that is not there, or a position that is none, as anywhere else', async () => {
    const { app } = followed(() => Promise.reject(new NotFoundError('run', 'r1')));
    expect((await app.request('/api/runs/r1/events')).status).toBe(404);
    expect((await app.request('/api/runs/r1/events', { headers: { 'last-event-id': 'x' } })).status).toBe(
      400,
    );
  });
});
