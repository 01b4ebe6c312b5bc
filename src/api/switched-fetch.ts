/** One fetch over connections that come and go. */
import { HandloomError } from '../errors.ts';
import { engineLost } from './port-fetch.ts';

export interface SwitchedFetchOptions {
  /**
   * Called when a request has waited `noticeMs` for a connection; gives how much longer it is to wait, in
   * milliseconds, and 0 for not at all: it then rejects with `no_engine`. Without it requests wait for good.
   */
  patience?: () => Promise<number>;
  /** @default 2000 */
  noticeMs?: number;
  /** Told that a connection was found dead. */
  onLost?: (connection: typeof fetch) => void;
}

export interface SwitchedFetch {
  /**
   * Waits for a connection, then asks over it. When the engine is lost meanwhile, a GET is asked once more; anything
   * else rejects with HandloomError `engine_lost`, since it may have been carried out.
   */
  readonly fetch: typeof fetch;
  /** The connection for requests to come; undefined to let them wait. */
  use(connection: typeof fetch | undefined): void;
  /** Rejects the requests that wait for a connection: there will be none. */
  refuse(reason: unknown): void;
}

export function createSwitchedFetch(options: SwitchedFetchOptions = {}): SwitchedFetch {
  const { patience, noticeMs = 2000, onLost } = options;
  let current: typeof fetch | undefined;
  const waiting = new Map<(connection: typeof fetch) => void, (reason: unknown) => void>();

  function find(signal: AbortSignal | null | undefined): Promise<typeof fetch> {
    if (current) return Promise.resolve(current);
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const finish = () => {
        clearTimeout(timer);
        waiting.delete(found);
        signal?.removeEventListener('abort', onAbort);
      };
      const found = (connection: typeof fetch) => {
        finish();
        resolve(connection);
      };
      const refused = (reason: unknown) => {
        finish();
        reject(reason);
      };
      const onAbort = () => refused(signal?.reason);
      const giveUp = () => refused(noEngine());
      if (signal?.aborted) return reject(signal.reason);
      waiting.set(found, refused);
      signal?.addEventListener('abort', onAbort);
      if (!patience) return;
      timer = setTimeout(async () => {
        const more = await patience();
        if (!waiting.has(found)) return;
        if (more > 0) timer = setTimeout(giveUp, more);
        else giveUp();
      }, noticeMs);
    });
  }

  async function switchedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = input instanceof Request ? input : undefined;
    const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
    for (let retry = method === 'GET' || method === 'HEAD'; ; retry = false) {
      const connection = await find(init?.signal ?? request?.signal);
      try {
        return await connection(input, init);
      } catch (error) {
        if (!isLost(error)) throw error;
        if (current === connection) current = undefined;
        onLost?.(connection);
        if (!retry) throw engineLost();
      }
    }
  }

  return {
    fetch: switchedFetch,
    use(connection) {
      current = connection;
      if (connection) for (const found of [...waiting.keys()]) found(connection);
    },
    refuse(reason) {
      for (const refused of [...waiting.values()]) refused(reason);
    },
  };
}

export const noEngine = () =>
  new HandloomError('no_engine', 'No page of Handloom is open here, so there is no engine to answer.');

const isLost = (error: unknown) => error instanceof HandloomError && error.code === 'engine_lost';
