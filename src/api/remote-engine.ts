/** The engine of this origin, wherever it lives, as a follower tab or the service worker sees it. */
import { nanoid } from 'nanoid';
import {
  type EngineMessage,
  engineChannel,
  type Isolation,
  isEngineMessage,
  lifeLock,
} from './engine-channel.ts';
import { createPortFetch, type PortFetch } from './port-fetch.ts';

/** A channel of this client's own to one engine. */
export interface EngineConnection {
  /** Id of the engine. */
  readonly id: string;
  readonly fetch: PortFetch;
  readonly isolation: Isolation;
}

export interface RemoteEngine {
  /** Undefined while there is no engine that answers. */
  readonly connection: EngineConnection | undefined;
  /** Gives a connection up as dead, and asks for an engine anew. */
  drop(fetch: typeof globalThis.fetch): void;
  close(): void;
}

/** Connects to the engine of this origin, and to each that follows it; `onChange` is called at every turn. */
export function connectRemoteEngine(
  onChange: (connection: EngineConnection | undefined) => void,
): RemoteEngine {
  const announcements = new BroadcastChannel(engineChannel);
  let connection: (EngineConnection & { release(): void }) | undefined;
  /** The channel for which an engine has been asked, until one serves it. */
  let asked: { channel: string; release(): void } | undefined;
  let closed = false;

  announcements.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!isEngineMessage(data)) return;
    if (data.engine === 'welcome' && data.channel === asked?.channel) connect(data, asked.release);
    else if ((data.engine === 'starting' || data.engine === 'ready') && data.id !== connection?.id) {
      disconnect();
      // An engine that is starting has heard nothing that was asked before it was there.
      void ask();
    }
  });

  async function ask(): Promise<void> {
    asked?.release();
    const channel = `${engineChannel}:${nanoid()}`;
    const held = holdLock(channel);
    const mine = { channel, release: held.release };
    asked = mine;
    // Asking before the lock is held would look to the engine like a client that has already gone.
    await held.granted;
    if (asked === mine && !closed)
      announcements.postMessage({ engine: 'hello', channel } satisfies EngineMessage);
  }

  function connect(
    { channel, id, isolation }: EngineMessage & { engine: 'welcome' },
    releaseLock: () => void,
  ): void {
    asked = undefined;
    const own = new BroadcastChannel(channel);
    const fetch = createPortFetch(own);
    const over = new AbortController();
    navigator.locks.request(lifeLock(id), { signal: over.signal }, () => drop(fetch)).catch(() => {});
    connection = {
      id,
      isolation,
      fetch,
      release() {
        over.abort();
        fetch.close();
        own.close();
        releaseLock();
      },
    };
    onChange(connection);
  }

  function disconnect(): void {
    if (!connection) return;
    const { release } = connection;
    connection = undefined;
    onChange(undefined);
    release();
  }

  function drop(fetch: typeof globalThis.fetch): void {
    if (connection?.fetch !== fetch) return;
    disconnect();
    void ask();
  }

  void ask();
  return {
    get connection() {
      return connection;
    },
    drop,
    close() {
      closed = true;
      disconnect();
      asked?.release();
      announcements.close();
    },
  };
}

/** Holds a Web Lock until released; releasing one that is still waited for lets it go as soon as it comes. */
function holdLock(name: string): { granted: Promise<void>; release(): void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const granted = new Promise<void>((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return released;
    });
  });
  return { granted, release };
}
