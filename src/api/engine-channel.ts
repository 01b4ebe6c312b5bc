/**
 * How the realms of one browser origin find its engine. There is one engine per origin: whoever holds the Web Lock
 * {@link engineLock}. It answers on the BroadcastChannel {@link engineChannel}; each client then gets a channel of its
 * own, served with {@link servePort}.
 *
 * A client holds a lock named like its channel for as long as it lives. The engine waits for that lock, so it learns
 * of a client's end at once, however it came about, and no channel is served for nobody.
 */
import { type Endpoint, servePort } from './port-fetch.ts';

/** Held by the engine of this origin, from before it starts until its worker ends. */
export const engineLock = 'handloom-engine';
/** Held, shared, by each page that is to have an engine: without one there is nothing to wait for. */
export const pageLock = 'handloom-page';
export const engineChannel = 'handloom';
/** The lock that the engine `id` holds for life: whoever gets it knows that this engine has ended. */
export const lifeLock = (id: string): string => `${engineLock}:${id}`;

/** How tasks are kept apart in a browser. */
export type Isolation = 'sandbox' | 'worker';

export type EngineMessage =
  /** A client asks for the engine, on the channel it names. */
  | { engine: 'hello'; channel: string }
  /** The engine serves that channel from now on. */
  | { engine: 'welcome'; channel: string; id: string; isolation: Isolation }
  /** There is a new engine; it answers later. */
  | { engine: 'starting'; id: string }
  /** The engine answers. */
  | { engine: 'ready'; id: string; isolation: Isolation };

export function isEngineMessage(data: unknown): data is EngineMessage {
  return (
    typeof data === 'object' && data !== null && typeof (data as { engine?: unknown }).engine === 'string'
  );
}

/** Serves an engine to the rest of its origin. */
export interface EngineServer {
  /** Begins to answer, those first who asked since the start. */
  open(handle: (request: Request) => Response | Promise<Response>, isolation: Isolation): void;
}

/** Announces the engine `id`; to be called by the holder of {@link engineLock} alone, as soon as it is that. */
export function announceEngine(id: string): EngineServer {
  const channel = new BroadcastChannel(engineChannel);
  const post = (message: EngineMessage) => channel.postMessage(message);
  const early = new Set<string>();
  let welcome = (client: string): void => void early.add(client);

  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (isEngineMessage(data) && data.engine === 'hello') welcome(data.channel);
  });
  post({ engine: 'starting', id });

  return {
    open(handle, isolation) {
      welcome = (client) => {
        const own = new BroadcastChannel(client);
        const service = servePort(own as Endpoint, handle);
        void navigator.locks.request(client, () => {
          service.close();
          own.close();
        });
        post({ engine: 'welcome', channel: client, id, isolation });
      };
      for (const client of early) welcome(client);
      early.clear();
      post({ engine: 'ready', id, isolation });
    },
  };
}
