import { afterEach, describe, expect, test } from 'vitest';
import {
  createPortFetch,
  type Endpoint,
  type PortFetchOptions,
  servePort,
} from '../../src/api/port-fetch.ts';
import { HandloomError } from '../../src/errors.ts';

type Handle = Parameters<typeof servePort>[1];

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const channels: Record<string, () => [Endpoint, Endpoint]> = {
  MessageChannel() {
    const { port1, port2 } = new MessageChannel();
    cleanups.push(() => port1.close());
    return [port1, port2];
  },
  BroadcastChannel() {
    const name = `test ${Math.random()}`;
    const ends = [new BroadcastChannel(name), new BroadcastChannel(name)] as const;
    cleanups.push(() => {
      for (const end of ends) end.close();
    });
    return [...ends];
  },
};

/** Resolves with how the promise was rejected. */
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was to be rejected'),
    (error: unknown) => error,
  );

/** A hand-driven replacement of the client's timer. */
function handDrivenTimer() {
  const waiting = new Set<() => void>();
  return {
    after: (_ms: number, fn: () => void) => {
      waiting.add(fn);
      return () => waiting.delete(fn);
    },
    fire() {
      const due = [...waiting];
      waiting.clear();
      for (const fn of due) fn();
    },
    get size() {
      return waiting.size;
    },
  };
}

/** A promise to be settled from outside. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await oneTurn();
}

describe.each(Object.entries(channels))('fetch over a %s', (_name, connect) => {
  function host(handle: Handle, options?: PortFetchOptions) {
    const [client, server] = connect();
    const service = servePort(server, handle);
    const fetch = createPortFetch(client, options);
    cleanups.push(() => fetch.close());
    return { fetch, service, client, server };
  }

  test('carries method, path, headers and body there, status, headers and body back', async () => {
    const { fetch } = host(async (request) => {
      const { pathname, search } = new URL(request.url);
      const seen = { method: request.method, pathname, search, body: await request.json() };
      return Response.json(seen, { status: 201, headers: { 'x-echo': request.headers.get('x-word') ?? '' } });
    });

    const response = await fetch('/api/things?x=1', {
      method: 'POST',
      headers: { 'x-word': 'hello', 'content-type': 'application/json' },
      body: JSON.stringify({ ä: [1, 2] }),
    });

    expect(response.status).toBe(201);
    expect(response.headers.get('x-echo')).toBe('hello');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({
      method: 'POST',
      pathname: '/api/things',
      search: '?x=1',
      body: { ä: [1, 2] },
    });
  });

  test('takes a Request, and gives responses without a body', async () => {
    const { fetch } = host(
      (request) => new Response(null, { status: request.method === 'DELETE' ? 204 : 500 }),
    );
    const response = await fetch(new Request('http://localhost/api/runs/1', { method: 'DELETE' }));
    expect(response.status).toBe(204);
    expect(response.body).toBeNull();
  });

  test('keeps 10 MB whole, both ways', async () => {
    const { fetch } = host((request) => new Response(request.body));
    const sent = new Uint8Array(10_000_000).map((_, i) => (i * 31) % 251);
    const response = await fetch('/echo', { method: 'POST', body: sent });
    const received = new Uint8Array(await response.arrayBuffer());
    expect(received.byteLength).toBe(sent.byteLength);
    expect(Buffer.compare(received, sent)).toBe(0);
  });

  test('sends only the part of a buffer that a chunk views', async () => {
    const { fetch, client } = host(() => {
      const view = new Uint8Array(5_000_000).fill(7).subarray(10, 20);
      return new Response(
        new ReadableStream({
          start(body) {
            body.enqueue(view);
            body.close();
          },
        }),
      );
    });
    let widest = 0;
    client.addEventListener('message', (event) => {
      const { data } = event as MessageEvent<{ bytes?: Uint8Array }>;
      if (data.bytes) widest = Math.max(widest, data.bytes.buffer.byteLength);
    });
    const response = await fetch('/view');
    expect((await response.bytes?.()) ?? new Uint8Array(await response.arrayBuffer())).toHaveLength(10);
    expect(widest).toBe(10);
  });

  test('keeps 100 requests at once apart', async () => {
    const { fetch } = host(async (request) => {
      for (let turns = Math.random() * 5; turns > 0; turns--) await oneTurn();
      return new Response(new URL(request.url).search);
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => (await fetch(`/n?${i}`)).text()),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `?${i}`));
  });

  test('passes server-sent events on as they come', async () => {
    let send: (text: string) => void = () => {};
    const { fetch } = host(() => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          send = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const response = await fetch('/events');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      send(text);
      expect(await reader.read()).toEqual({ done: false, value: text });
    }
    await reader.cancel();
  });

  test('stops reading a body that the client does not read', async () => {
    let made = 0;
    let cancelled = false;
    const { fetch } = host(() => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          made++;
          controller.enqueue(new Uint8Array(1000).fill(made));
        },
        cancel() {
          cancelled = true;
        },
      });
      return new Response(body);
    });
    const response = await fetch('/endless');
    await until(() => made >= 8);
    for (let i = 0; i < 50; i++) await oneTurn();
    expect(made).toBeLessThan(20);

    const reader = response.body!.getReader();
    for (let i = 1; i <= 100; i++) expect((await reader.read()).value?.[0]).toBe(i);
    expect(made).toBeLessThan(120);
    await reader.cancel();
    await until(() => cancelled);
  });

  test('an abort before the answer rejects with its reason and reaches the handler', async () => {
    const aborted = deferred<unknown>();
    const { fetch } = host(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            aborted.resolve(request.signal.reason);
            reject(request.signal.reason);
          });
        }),
    );
    const controller = new AbortController();
    const answer = rejection(fetch('/slow', { signal: controller.signal }));
    await oneTurn();
    controller.abort(new Error('enough'));
    expect(await answer).toMatchObject({ message: 'enough' });
    expect(await aborted.promise).toMatchObject({ code: 'request_aborted' });
  });

  test('an abort amid a body ends it on both sides, also while it is silent', async () => {
    let cancelled = false;
    const { fetch } = host(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (body) => body.enqueue(new Uint8Array(1)),
            cancel() {
              cancelled = true;
            },
          }),
        ),
    );
    const controller = new AbortController();
    const response = await fetch('/silent', { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    expect(await rejection(reader.read())).toMatchObject({ name: 'AbortError' });
    await until(() => cancelled);
  });

  test('what a handler throws rejects with name, message and code', async () => {
    const { fetch } = host(() => {
      throw new HandloomError('out_of_thread', 'There is no thread left.');
    });
    expect(await rejection(fetch('/x'))).toMatchObject({
      name: 'HandloomError',
      code: 'out_of_thread',
      message: 'There is no thread left.',
    });
  });

  test('an error amid a body errors the body', async () => {
    const { fetch } = host(() => {
      let first = true;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (first) controller.enqueue(new Uint8Array(3));
          else controller.error(new HandloomError('chunk_damaged', 'The chunk is damaged.'));
          first = false;
        },
      });
      return new Response(body);
    });
    const response = await fetch('/x');
    expect(await rejection(response.arrayBuffer())).toMatchObject({ code: 'chunk_damaged' });
  });

  test('pending requests reject when the server stops serving', async () => {
    const { fetch, service } = host((request) =>
      request.url.endsWith('/body')
        ? new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) }))
        : new Promise<Response>(() => {}),
    );
    const reader = (await fetch('/body')).body!.getReader();
    await reader.read();
    const answer = rejection(fetch('/never'));
    await oneTurn();
    service.close();
    expect(await answer).toMatchObject({ code: 'engine_lost' });
    expect(await rejection(reader.read())).toMatchObject({ code: 'engine_lost' });
  });

  test('pending requests reject when nobody answers, but not before four questions', async () => {
    const timer = handDrivenTimer();
    const [client] = connect();
    const fetch = createPortFetch(client, { after: timer.after });
    cleanups.push(() => fetch.close());
    let settled = false;
    const answer = rejection(fetch('/x')).finally(() => {
      settled = true;
    });
    await until(() => timer.size === 1);
    for (let i = 0; i < 4; i++) timer.fire();
    await oneTurn();
    expect(settled).toBe(false);
    timer.fire();
    expect(await answer).toMatchObject({ code: 'engine_lost' });
    expect(timer.size).toBe(0);
  });

  test('a slow answer is waited for as long as the server is there', async () => {
    const timer = handDrivenTimer();
    const slow = deferred<Response>();
    const { fetch, client } = host(() => slow.promise, { after: timer.after });
    let pongs = 0;
    client.addEventListener('message', () => pongs++);
    const answer = fetch('/slow');
    await until(() => timer.size === 1);
    for (let i = 1; i <= 10; i++) {
      timer.fire();
      await until(() => pongs === i);
    }
    slow.resolve(new Response('at last'));
    expect(await (await answer).text()).toBe('at last');
    expect(timer.size).toBe(0);
  });

  test('requests of a server that was replaced on the channel reject', async () => {
    const timer = handDrivenTimer();
    const [client, server] = connect();
    const requests = { count: 0 };
    const gone = (event: Event) => {
      if ((event as MessageEvent<{ kind?: string }>).data.kind === 'request') requests.count++;
    };
    server.addEventListener('message', gone);
    server.start?.();
    const fetch = createPortFetch(client, { after: timer.after });
    cleanups.push(() => fetch.close());
    const answer = rejection(fetch('/x'));
    await until(() => requests.count === 1);
    servePort(server, () => new Response('from the new one'));
    timer.fire();
    expect(await answer).toMatchObject({ code: 'engine_lost' });
    expect(await (await fetch('/y')).text()).toBe('from the new one');
  });

  test('closing it rejects what is pending and what follows, with the given reason', async () => {
    const aborted = deferred<void>();
    const { fetch } = host(
      (request) =>
        new Promise<Response>(() => {
          request.signal.addEventListener('abort', () => aborted.resolve());
        }),
    );
    const answer = rejection(fetch('/x'));
    await oneTurn();
    fetch.close(new HandloomError('moved', 'Elsewhere.'));
    expect(await answer).toMatchObject({ code: 'moved' });
    expect(await rejection(fetch('/y'))).toMatchObject({ code: 'moved' });
    await aborted.promise;
  });
});

test('pending requests reject when the port is closed from the other side', async () => {
  const { port1, port2 } = new MessageChannel();
  servePort(port2, () => new Promise<Response>(() => {}));
  const fetch = createPortFetch(port1);
  const answer = rejection(fetch('/x'));
  await oneTurn();
  port2.close();
  expect(await answer).toMatchObject({ code: 'engine_lost' });
});

test('two clients on one channel get their own answers', async () => {
  const name = `test ${Math.random()}`;
  const ends = Array.from({ length: 3 }, () => new BroadcastChannel(name));
  cleanups.push(() => {
    for (const end of ends) end.close();
  });
  servePort(ends[0]!, (request) => new Response(request.url));
  const [one, two] = ends.slice(1).map((end) => createPortFetch(end));
  const texts = await Promise.all([one!('/one'), two!('/two')].map(async (answer) => (await answer).text()));
  expect(texts).toEqual(['http://localhost/one', 'http://localhost/two']);
});
