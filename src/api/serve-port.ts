/** The serving side of a fetch over a message channel. */
import { HandloomError, toWireError } from '../errors.ts';
import {
  chunkBytes,
  chunksInFlight,
  type Endpoint,
  isFor,
  type ToClient,
  type ToServer,
} from './port-protocol.ts';

/** One request under way. */
class Exchange {
  readonly abort = new AbortController();
  #credit = chunksInFlight;
  #wake: (() => void) | undefined;

  grant(chunks: number): void {
    this.#credit += chunks;
    this.#wake?.();
  }

  cancel(): void {
    this.abort.abort(new HandloomError('request_aborted', 'The request was given up by who made it.'));
    this.#wake?.();
  }

  /** Resolves once the client has room for a chunk, or has lost interest. */
  async room(): Promise<void> {
    while (this.#credit === 0 && !this.abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#credit--;
  }
}

/**
 * Answers the requests that {@link createPortFetch} sends from the other end of `endpoint`, each by one call of
 * `handle`. A request's signal aborts when the client gives it up; its body is then read no further.
 */
export function servePort(
  endpoint: Endpoint,
  handle: (request: Request) => Response | Promise<Response>,
): { close(): void } {
  const exchanges = new Map<string, Exchange>();
  const post = (message: ToClient) => endpoint.postMessage(message);

  const onMessage = (event: Event) => {
    const { data } = event as MessageEvent<unknown>;
    if (!isFor('server', data)) return;
    if (data.kind === 'request') void answer(data);
    else if (data.kind === 'abort') exchanges.get(data.id)?.cancel();
    else if (data.kind === 'credit') exchanges.get(data.id)?.grant(data.chunks);
    else
      post({
        port: 'client',
        kind: 'pong',
        client: data.client,
        unknown: data.ids.filter((id) => !exchanges.has(id)),
      });
  };

  async function answer(message: ToServer & { kind: 'request' }): Promise<void> {
    const { id, url, method, headers, body } = message;
    const exchange = new Exchange();
    const { signal } = exchange.abort;
    exchanges.set(id, exchange);
    try {
      const request = new Request(url, { method, headers, signal, ...(body && { body: body as BodyInit }) });
      const response = await handle(request);
      if (signal.aborted) return void (await response.body?.cancel(signal.reason));
      const { status, statusText } = response;
      post({
        port: 'client',
        kind: 'head',
        id,
        status,
        statusText,
        headers: [...response.headers],
        hasBody: response.body !== null,
      });
      if (response.body) await send(id, response.body, exchange);
    } catch (error) {
      if (!signal.aborted) post({ port: 'client', kind: 'error', id, error: toWireError(error) });
    } finally {
      exchanges.delete(id);
    }
  }

  async function send(id: string, body: ReadableStream<Uint8Array>, exchange: Exchange): Promise<void> {
    const { signal } = exchange.abort;
    const reader = body.getReader();
    // A read may be pending for as long as the body is silent, so an abort must not wait for its turn.
    const onAbort = () => void reader.cancel(signal.reason).catch(() => {});
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (done) break;
        for (let from = 0; from < value.byteLength; from += chunkBytes) {
          await exchange.room();
          if (signal.aborted) return;
          // A view drags its whole buffer through a structured clone; only its own part is to travel.
          const whole = value.byteLength === value.buffer.byteLength && value.byteLength <= chunkBytes;
          post({
            port: 'client',
            kind: 'chunk',
            id,
            bytes: whole ? value : value.slice(from, from + chunkBytes),
          });
        }
      }
      post({ port: 'client', kind: 'end', id });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  endpoint.addEventListener('message', onMessage);
  endpoint.start?.();
  return {
    /** Aborts what is under way and tells the clients; the endpoint itself is left open. */
    close() {
      endpoint.removeEventListener('message', onMessage);
      for (const exchange of exchanges.values()) exchange.cancel();
      exchanges.clear();
      post({ port: 'client', kind: 'closed' });
    },
  };
}
