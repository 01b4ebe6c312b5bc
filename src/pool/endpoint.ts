/** Comlink endpoints over channels that are none by themselves. */
import type { Endpoint } from 'comlink';

/** The part of Node's emitters that is needed: a worker thread, a parent port, a child process, a process. */
export interface Channel {
  post(message: unknown, transfer?: Transferable[]): void;
  /** Calls back with each message. */
  subscribe(listener: (message: unknown) => void): () => void;
}

/** An endpoint over a channel of Node's. */
export function channelEndpoint(channel: Channel): Endpoint {
  const unsubscribe = new Map<unknown, () => void>();
  return {
    postMessage: (message, transfer) => channel.post(message, transfer),
    addEventListener(_type, listener) {
      const call = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener);
      const stop = channel.subscribe((data) => call({ data } as MessageEvent));
      unsubscribe.set(listener, stop);
    },
    removeEventListener(_type, listener) {
      unsubscribe.get(listener)?.();
      unsubscribe.delete(listener);
    },
  };
}

/**
 * An endpoint that lets only calls of the named functions and replies through, and hands anything marked as a `note`
 * to `onNote`.
 *
 * Comlink follows any path through the exposed object, its prototypes included, and answers `new` with a proxy:
 * `['fetch', 'constructor']` would give a worker the Function of this side, and a SET to `__proto__` its prototypes.
 * Code that runs tasks can post what it likes on its port, so a worker's messages are checked before Comlink sees them.
 */
export function guardedEndpoint(
  endpoint: Endpoint,
  functions: ReadonlySet<string>,
  onNote: (note: Record<string, unknown>) => void = () => {},
): Endpoint {
  const wrapped = new Map<unknown, EventListener>();
  endpoint.addEventListener('message', ((event: MessageEvent) => {
    const data: unknown = event.data;
    if (typeof data === 'object' && data !== null && 'note' in data) onNote(data as Record<string, unknown>);
  }) as EventListener);
  return {
    postMessage: (message, transfer) => endpoint.postMessage(message, transfer),
    addEventListener(type, listener) {
      const call = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener);
      const guarded = ((event: MessageEvent) => {
        if (isPermitted(event.data, functions)) call(event);
      }) as EventListener;
      wrapped.set(listener, guarded);
      endpoint.addEventListener(type, guarded);
    },
    removeEventListener(type, listener) {
      const guarded = wrapped.get(listener);
      if (guarded) endpoint.removeEventListener(type, guarded);
      wrapped.delete(listener);
    },
    start: () => endpoint.start?.(),
  };
}

interface ComlinkMessage {
  id?: unknown;
  type?: unknown;
  name?: unknown;
  path?: unknown;
  argumentList?: unknown;
}

function isPermitted(data: ComlinkMessage | null, functions: ReadonlySet<string>): boolean {
  if (typeof data !== 'object' || data === null || typeof data.id !== 'string') return false;
  if (data.type === 'RAW') return true;
  if (data.type === 'HANDLER') return data.name === 'throw';
  if (data.type !== 'APPLY' || !Array.isArray(data.path) || data.path.length !== 1) return false;
  if (!functions.has(data.path[0]) || !Array.isArray(data.argumentList)) return false;
  return data.argumentList.every((argument: ComlinkMessage | null) => argument?.type === 'RAW');
}
