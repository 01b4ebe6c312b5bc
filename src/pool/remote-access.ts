/** A worker's side of `ctx`: `fetch`, `files` and `tables` as calls to the broker beside the engine. */
import type { Remote } from 'comlink';
import type { Batch } from '../engine/executor.ts';
import type { Files, Tables } from '../nodes/define-node.ts';
import type { LibraryName } from './library-text.ts';
import type { Access } from './task-context.ts';

/** A request without its stream: bodies travel whole. */
export interface WireRequest {
  url: string;
  method: string;
  headers: [string, string][];
  body?: ArrayBuffer;
}
export interface WireResponse {
  url: string;
  status: number;
  statusText: string;
  redirected: boolean;
  headers: [string, string][];
  body: ArrayBuffer | null;
}

export const fileMethods = ['read', 'write', 'delete', 'list'] as const satisfies (keyof Files)[];
export const tableMethods = [
  'readFile',
  'fromRows',
  'query',
  'rows',
  'writeFile',
] as const satisfies (keyof Tables)[];

/** What the engine's side offers a worker. Every call but that for a library names the batch it is made for. */
export interface WorkerBroker {
  /** `id` is the worker's own, for {@link abortFetch}. */
  fetch(batch: number, id: number, request: WireRequest): Promise<WireResponse>;
  abortFetch(batch: number, id: number): void;
  files(batch: number, method: string, args: unknown[]): Promise<unknown>;
  tables(batch: number, method: string, args: unknown[]): Promise<unknown>;
  library(name: LibraryName): Promise<string>;
  /** Brings a part of what a task gives; settles when there is room for the next. */
  part(batch: number, index: number, port: string, values: unknown[]): Promise<void>;
}
export const brokerFunctions: ReadonlySet<string> = new Set([
  'fetch',
  'abortFetch',
  'files',
  'tables',
  'library',
  'part',
]);

let lastFetch = 0;

/** What the handlers of one batch reach through the broker. */
export function remoteAccess(broker: Remote<WorkerBroker>, { id: batch }: Batch): Access {
  const proxy = (methods: readonly string[], call: (method: string, args: unknown[]) => Promise<unknown>) =>
    Object.fromEntries(methods.map((method) => [method, (...args: unknown[]) => call(method, args)]));
  return {
    files: proxy(fileMethods, (method, args) => broker.files(batch, method, args)) as unknown as Files,
    tables: proxy(tableMethods, (method, args) => broker.tables(batch, method, args)) as unknown as Tables,
    async fetch(url, init, taskSignal) {
      const signal = init?.signal ? AbortSignal.any([init.signal, taskSignal]) : taskSignal;
      signal.throwIfAborted();
      const wire = await toWireRequest(url, init);
      const id = ++lastFetch;
      let giveUp: () => void = () => {};
      const aborted = new Promise<never>((_, reject) => {
        giveUp = () => {
          reject(signal.reason);
          void broker.abortFetch(batch, id);
        };
        signal.addEventListener('abort', giveUp, { once: true });
      });
      try {
        return toResponse(await Promise.race([broker.fetch(batch, id, wire), aborted]));
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
  };
}

async function toWireRequest(url: string, init: RequestInit = {}): Promise<WireRequest> {
  const headers = new Headers(init.headers);
  const wire: WireRequest = { url, method: (init.method ?? 'GET').toUpperCase(), headers: [] };
  if (init.body !== undefined && init.body !== null) {
    // A Response knows how to read every kind of body, and which content type goes with it.
    const body = new Response(init.body);
    const type = body.headers.get('content-type');
    if (type && !headers.has('content-type')) headers.set('content-type', type);
    wire.body = await body.arrayBuffer();
  }
  wire.headers = [...headers];
  return wire;
}

function toResponse({ url, status, statusText, redirected, headers, body }: WireResponse): Response {
  const response = new Response(body, { status, statusText, headers });
  Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
  return response;
}
