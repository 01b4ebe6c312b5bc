/**
 * A fetch over a message channel: the same requests and responses as over HTTP, without a network. What the engine
 * serves to its page, to other tabs and to the service worker goes through it.
 *
 * Bodies of responses travel in chunks; the server sends at most {@link chunksInFlight} ahead of what has been read,
 * so a stream that nobody reads holds still. Bodies of requests travel whole.
 */
import { nanoid } from 'nanoid';
import { fromWireError, HandloomError } from '../errors.ts';
import { chunksInFlight, type Endpoint, isFor, type ToClient, type ToServer } from './port-protocol.ts';

export type { Endpoint } from './port-protocol.ts';
export { servePort } from './serve-port.ts';

export interface PortFetchOptions {
  /** What relative URLs are relative to. Default: this page or worker, or `http://localhost/`. */
  base?: string;
  /**
   * While requests are pending, the server is asked for a sign of life four times in this many milliseconds; when
   * all four stay unanswered, it is taken for lost. Counting questions instead of time keeps a machine that slept
   * from losing its engine.
   * @default 10000
   */
  silenceMs?: number;
  /** Calls back once after `ms`; the returned function takes it back. */
  after?: (ms: number, fn: () => void) => () => void;
}

/** Rejects with HandloomError `engine_lost` when the server falls silent, stops serving, or the channel closes. */
export type PortFetch = typeof fetch & {
  /** Rejects what is pending, and whatever is asked from now on, with `reason` (default `engine_lost`). */
  close(reason?: HandloomError): void;
};

const questions = 4;
/** Statuses whose responses must not be given a body. */
const bodiless = new Set([101, 103, 204, 205, 304]);

const systemAfter = (ms: number, fn: () => void) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

export const engineLost = () =>
  new HandloomError('engine_lost', 'The engine that was to answer has gone away.', {
    details: { retryable: true },
  });

/** A request that has not been answered in full. */
interface Pending {
  onHead(head: ToClient & { kind: 'head' }): void;
  onChunk(bytes: Uint8Array): void;
  onEnd(): void;
  fail(reason: unknown): void;
}

/** A `fetch` that asks whoever calls {@link servePort} on the other end of `endpoint`. */
export function createPortFetch(endpoint: Endpoint, options: PortFetchOptions = {}): PortFetch {
  const { silenceMs = 10_000, after = systemAfter } = options;
  const base = options.base ?? globalThis.location?.href ?? 'http://localhost/';
  const client = nanoid();
  const pending = new Map<string, Pending>();
  let count = 0;
  let unanswered = 0;
  let stopAsking: (() => void) | undefined;
  let closed: HandloomError | undefined;

  const post = (message: ToServer) => endpoint.postMessage(message);

  const onMessage = (event: Event) => {
    const { data } = event as MessageEvent<unknown>;
    if (!isFor('client', data)) return;
    unanswered = 0;
    if (data.kind === 'closed') return failAll(engineLost());
    if (data.kind === 'pong') {
      // A server that has taken over this channel knows nothing of what its predecessor was at.
      if (data.client === client) for (const id of data.unknown) pending.get(id)?.fail(engineLost());
      return;
    }
    const request = pending.get(data.id);
    if (!request) return;
    if (data.kind === 'head') request.onHead(data);
    else if (data.kind === 'chunk') request.onChunk(data.bytes);
    else if (data.kind === 'end') request.onEnd();
    else request.fail(fromWireError(data.error));
  };

  const onClose = () => close();

  function failAll(reason: HandloomError): void {
    for (const request of [...pending.values()]) request.fail(reason);
  }

  function watch(): void {
    stopAsking ??= after(silenceMs / questions, () => {
      stopAsking = undefined;
      if (pending.size === 0) return;
      if (unanswered >= questions) return failAll(engineLost());
      unanswered++;
      post({ port: 'server', kind: 'ping', client, ids: [...pending.keys()] });
      watch();
    });
  }

  function settle(id: string): void {
    pending.delete(id);
    if (pending.size > 0) return;
    stopAsking?.();
    stopAsking = undefined;
    unanswered = 0;
  }

  async function portFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    if (closed) throw closed;
    const request =
      input instanceof Request ? new Request(input, init) : new Request(new URL(input, base), init);
    const { signal } = request;
    signal.throwIfAborted();
    const { method, url } = request;
    const headers: [string, string][] = [...request.headers];
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    signal.throwIfAborted();
    if (closed) throw closed;

    const id = `${client}:${++count}`;
    return new Promise<Response>((resolve, reject) => {
      let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
      /** Chunks the server may still send. */
      let credit = chunksInFlight;

      const finish = () => {
        signal.removeEventListener('abort', onAbort);
        settle(id);
      };
      const fail = (reason: unknown) => {
        finish();
        if (stream) stream.error(reason);
        else reject(reason);
      };
      const onAbort = () => {
        post({ port: 'server', kind: 'abort', id });
        fail(signal.reason);
      };
      const responseBody = () =>
        new ReadableStream<Uint8Array>(
          {
            start(controller) {
              stream = controller;
            },
            pull(controller) {
              const room = (controller.desiredSize ?? 0) - credit;
              // Half a window at a time: one message of credit for four chunks.
              if (room < chunksInFlight / 2 || !pending.has(id)) return;
              credit += room;
              post({ port: 'server', kind: 'credit', id, chunks: room });
            },
            cancel() {
              if (!pending.has(id)) return;
              post({ port: 'server', kind: 'abort', id });
              finish();
            },
          },
          { highWaterMark: chunksInFlight },
        );

      pending.set(id, {
        onHead({ status, statusText, headers, hasBody }) {
          const body = hasBody && !bodiless.has(status) ? responseBody() : null;
          if (!hasBody) finish();
          resolve(new Response(body, { status, statusText, headers }));
        },
        onChunk(bytes) {
          credit--;
          stream?.enqueue(bytes);
        },
        onEnd() {
          finish();
          stream?.close();
        },
        fail,
      });
      signal.addEventListener('abort', onAbort);
      post({ port: 'server', kind: 'request', id, method, url, headers, ...(body && { body }) });
      watch();
    });
  }

  function close(reason: HandloomError = engineLost()): void {
    if (closed) return;
    closed = reason;
    endpoint.removeEventListener('message', onMessage);
    endpoint.removeEventListener('close', onClose);
    for (const id of pending.keys()) post({ port: 'server', kind: 'abort', id });
    failAll(reason);
  }

  endpoint.addEventListener('message', onMessage);
  endpoint.addEventListener('close', onClose);
  endpoint.start?.();
  return Object.assign(portFetch, { close });
}
