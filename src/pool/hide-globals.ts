/**
 * Takes out of sight, in a worker, what the host gives any script and a node is not to use: the network and storage.
 *
 * This is no protection (that is the sandbox, or nothing): it makes a graph behave alike on every host, and tells whoever
 * wrote `fetch` out of habit what to write instead.
 */
import { CapabilityError } from '../errors.ts';

const hidden = [
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'EventSource',
  'WebTransport',
  'BroadcastChannel',
  'Worker',
  'SharedWorker',
  'importScripts',
  'indexedDB',
  'caches',
];

/** Call it once, in a worker, before any task. */
export function hideGlobals(): void {
  const scope = globalThis as Record<string, unknown>;
  for (const name of hidden) if (name in scope) replace(scope, name, undefined);
  if (typeof navigator === 'object' && 'storage' in navigator) replace(navigator, 'storage', undefined);
  replace(scope, 'fetch', async () => {
    const message =
      'A node fetches with "ctx.fetch", the second argument of its function: (payload, { fetch }) => …. The graph permits hosts in "settings.capabilities.fetch".';
    throw new CapabilityError('fetch_refused', message);
  });
}

function replace(object: object, name: string, value: unknown): void {
  // What a browser does not let be replaced stays; see above.
  Reflect.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: false });
}
