/** The service worker's way to the engine: requests for `/api/` go to it over the origin's channel. */
import { engineLock, pageLock } from '../src/api/engine-channel.ts';
import { connectRemoteEngine } from '../src/api/remote-engine.ts';
import { problemResponse } from '../src/api/respond.ts';
import { createSwitchedFetch } from '../src/api/switched-fetch.ts';

/** How long a request waits for an engine that is known to be starting, in milliseconds. */
const startPatience = 30_000;
/**
 * Browsers cut what a service worker streams for too long; ending an event stream ourselves makes its reader go on
 * with `Last-Event-ID`, as after any end. In milliseconds.
 */
const streamSpan = 240_000;

/**
 * Makes the relay. It keeps nothing that matters: when the browser ends the service worker, the next one connects
 * anew.
 */
export function createRelay(): (request: Request) => Promise<Response> {
  const line = createSwitchedFetch({
    patience: engineComing,
    onLost: (connection) => remote.drop(connection),
  });
  const remote = connectRemoteEngine((connection) => line.use(connection?.fetch));

  return async (request) => {
    try {
      return limited(await line.fetch(request));
    } catch (error) {
      if (request.signal.aborted) throw error;
      return problemResponse(error, undefined, { 'retry-after': '2' });
    }
  };
}

/** Whether to wait on: pages and engines hold locks from before they start until they end. */
async function engineComing(): Promise<number> {
  const { held = [], pending = [] } = await navigator.locks.query();
  const coming = [...held, ...pending].some(({ name }) => name === engineLock || name === pageLock);
  return coming ? startPatience : 0;
}

function limited(response: Response): Response {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream'))
    return response;
  let timer: ReturnType<typeof setTimeout>;
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        timer = setTimeout(() => controller.terminate(), streamSpan);
      },
      flush: () => clearTimeout(timer),
    }),
  );
  return new Response(body, response);
}
