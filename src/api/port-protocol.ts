/** What travels between {@link createPortFetch} and {@link servePort}: plain cloneable messages, nothing transferred. */
import type { WireError } from '../errors.ts';

/** Either end of a channel between two realms: a MessagePort, a BroadcastChannel, a worker. */
export interface Endpoint {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  /** A MessagePort delivers nothing before it. */
  start?(): void;
}

/** Most bytes in one chunk of a body. */
export const chunkBytes = 256 * 1024;
/** Chunks the server may send ahead of what the client has read. */
export const chunksInFlight = 8;

/** Ids are unique over all clients, so several may share one channel. */
export type ToServer =
  | {
      port: 'server';
      kind: 'request';
      id: string;
      method: string;
      url: string;
      headers: [string, string][];
      body?: Uint8Array;
    }
  /** The client has room for this many more chunks. */
  | { port: 'server'; kind: 'credit'; id: string; chunks: number }
  | { port: 'server'; kind: 'abort'; id: string }
  /** Asks whether the server is there, and still at work on these. */
  | { port: 'server'; kind: 'ping'; client: string; ids: string[] };

export type ToClient =
  | {
      port: 'client';
      kind: 'head';
      id: string;
      status: number;
      statusText: string;
      headers: [string, string][];
      /** Whether chunks and an end follow. */
      hasBody: boolean;
    }
  | { port: 'client'; kind: 'chunk'; id: string; bytes: Uint8Array }
  | { port: 'client'; kind: 'end'; id: string }
  | { port: 'client'; kind: 'error'; id: string; error: WireError }
  /** `unknown`: those of the asked ids that the server has nothing to do with. */
  | { port: 'client'; kind: 'pong'; client: string; unknown: string[] }
  /** The server stops serving this channel. */
  | { port: 'client'; kind: 'closed' };

export function isFor<Side extends 'server' | 'client'>(
  side: Side,
  data: unknown,
): data is Side extends 'server' ? ToServer : ToClient {
  return typeof data === 'object' && data !== null && (data as { port?: unknown }).port === side;
}
