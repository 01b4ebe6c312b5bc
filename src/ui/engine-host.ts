/**
 * The page's way to the engine. Each page starts an engine worker; the one whose worker holds the origin's lock leads
 * and talks to it over a port, all others talk to that same engine over a BroadcastChannel, until it is their turn.
 */

import mathjsUrl from '../../workers/mathjs.ts?worker&url';
import taskWorkerUrl from '../../workers/task-worker.ts?worker&url';
import { type Isolation, pageLock } from '../api/engine-channel.ts';
import type { FromEngineWorker, FromPage } from '../api/engine-worker-messages.ts';
import { createPortFetch, type PortFetch } from '../api/port-fetch.ts';
import { connectRemoteEngine } from '../api/remote-engine.ts';
import { createSwitchedFetch } from '../api/switched-fetch.ts';
import { fromWireError, HandloomError } from '../errors.ts';
import { openSandbox } from './sandbox.ts';

/** This many engine workers may end within that many milliseconds before we stop starting new ones by ourselves. */
const failureLimit = 3;
const failureSpan = 60_000;
/** A request this long after the last failure, as when somebody presses "try again", starts another one. */
const retryAfter = 3000;

export interface EngineConnection {
  /**
   * Asks the engine; waits for it while it starts. A GET whose engine is lost goes to the next one, anything else
   * rejects with HandloomError `engine_lost`, since it may have been carried out.
   */
  readonly fetch: typeof fetch;
  /** Whether the engine runs in this tab; undefined until that is known. */
  readonly role: 'leader' | 'follower' | undefined;
  /** How tasks are kept apart; undefined while no engine answers. */
  readonly isolation: Isolation | undefined;
  /** `starting` also while a new engine takes over; `failed` when none could be started here, and none is elsewhere. */
  readonly phase: 'starting' | 'ready' | 'failed';
  /** The latest thing that went wrong with an engine of this page; what to tell the user. */
  readonly problem: HandloomError | undefined;
  /** Calls back after each change of the above; the returned function ends that. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** An engine worker of this page and what belongs to it. */
interface OwnEngine {
  worker: Worker;
  fetch: PortFetch;
  leading: boolean;
  isolation: Isolation | undefined;
  /** Takes its frame away and closes its ports. */
  dispose(): void;
}

/** Starts this page's engine worker and connects to the engine of the origin, whichever that is. */
export function connectEngine(): EngineConnection {
  const listeners = new Set<() => void>();
  let own: OwnEngine | undefined;
  let failures: number[] = [];
  let problem: HandloomError | undefined;
  let stopped = false;

  const line = createSwitchedFetch({ onLost: (connection) => remote?.drop(connection) });
  const secure = globalThis.isSecureContext && 'locks' in navigator;
  const remote = secure ? connectRemoteEngine(changed) : undefined;
  let releasePage = () => {};

  function changed(): void {
    if (own?.leading) line.use(own.isolation && own.fetch);
    else line.use(remote?.connection?.fetch);
    if (hasFailed()) line.refuse(problem);
    for (const listener of [...listeners]) listener();
  }

  const hasFailed = () => !own && !remote?.connection && !stopped;

  function start(): void {
    const worker = new Worker(new URL('../../workers/engine-worker.ts', import.meta.url), {
      type: 'module',
      name: 'handloom engine',
    });
    const { port1, port2 } = new MessageChannel();
    const fetch = createPortFetch(port1);
    const ended = new AbortController();
    const engine: OwnEngine = {
      worker,
      fetch,
      leading: false,
      isolation: undefined,
      dispose() {
        ended.abort();
        worker.terminate();
        fetch.close();
        port1.close();
      },
    };
    own = engine;
    const post = (message: FromPage, transfer: Transferable[]) => worker.postMessage(message, transfer);

    worker.addEventListener('message', ({ data }: MessageEvent<FromEngineWorker>) => {
      if (own !== engine) return;
      if (data.worker === 'alive') {
        // Granted when the worker has ended, however it did: locks are the one thing a dead worker lets go of.
        navigator.locks
          .request(data.lock, { signal: ended.signal }, () => replace(engine, crashed()))
          .catch(() => {});
      } else if (data.worker === 'leading') {
        engine.leading = true;
        changed();
        void openSandbox().then((sandbox) => {
          if (ended.signal.aborted) return sandbox?.close();
          if (sandbox) ended.signal.addEventListener('abort', sandbox.close, { once: true });
          const port = sandbox?.port;
          post({ page: 'sandbox', port, taskWorkerUrl, mathjsUrl }, port ? [port] : []);
        });
      } else if (data.worker === 'ready') {
        engine.isolation = data.isolation;
        changed();
      } else {
        replace(engine, fromWireError(data.error));
      }
    });
    worker.addEventListener('error', (event) => {
      // An error inside a worker that answers is not its end. One that never got to say a word will not.
      if (own === engine && !engine.isolation) replace(engine, crashed(event.message));
    });
    post({ page: 'open', port: port2 }, [port2]);
  }

  /** Tells the worker while there is time: browsers end pages that go away, and often those that are hidden. */
  function onLeaving(): void {
    own?.worker.postMessage({ page: 'leaving' } satisfies FromPage);
  }
  const onVisibility = () => {
    if (document.visibilityState === 'hidden') onLeaving();
  };

  /** Puts a new engine worker in the place of one that has ended. */
  function replace(engine: OwnEngine, reason: HandloomError): void {
    if (own !== engine || stopped) return;
    own = undefined;
    engine.dispose();
    problem = reason;
    const now = performance.now();
    failures = [...failures.filter((at) => now - at < failureSpan), now];
    if (failures.length < failureLimit) start();
    changed();
  }

  if (secure) {
    const pageEnds = new Promise<void>((resolve) => {
      releasePage = resolve;
    });
    void navigator.locks.request(pageLock, { mode: 'shared' }, () => pageEnds);
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('pagehide', onLeaving);
    start();
  } else {
    problem = insecure();
  }

  return {
    fetch(input, init) {
      if (!hasFailed()) return line.fetch(input, init);
      const waited = performance.now() - (failures.at(-1) ?? 0);
      if (waited < retryAfter || !secure) return Promise.reject(problem);
      start();
      changed();
      return line.fetch(input, init);
    },
    get role() {
      if (own?.leading) return 'leader';
      return remote?.connection ? 'follower' : undefined;
    },
    get isolation() {
      return own?.leading ? own.isolation : remote?.connection?.isolation;
    },
    get phase() {
      if (this.isolation) return 'ready';
      return hasFailed() ? 'failed' : 'starting';
    },
    get problem() {
      return problem;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      stopped = true;
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('pagehide', onLeaving);
      own?.dispose();
      own = undefined;
      remote?.close();
      releasePage();
      listeners.clear();
    },
  };
}

const crashed = (message?: string) =>
  new HandloomError(
    'engine_crashed',
    `The engine ended unexpectedly${message ? `: ${message}` : ''}. It is started again.`,
  );

const insecure = () =>
  new HandloomError(
    'insecure_context',
    'Browsers let an app keep data and work in the background only over https or at localhost. Open Handloom at such an address.',
  );
