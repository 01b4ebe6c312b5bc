/** What a page and its own engine worker say to each other, beside the requests on their port. */
import type { WireError } from '../errors.ts';
import type { Isolation } from './engine-channel.ts';

export type FromPage =
  /** The first message. The port is served once this worker is the origin's engine; transferred. */
  | { page: 'open'; port: MessagePort }
  /** The answer to `leading`: the way to the sandboxed frame, where the browser permits one; transferred. */
  | { page: 'sandbox'; port: MessagePort | undefined; taskWorkerUrl: string; mathjsUrl: string }
  /** The page is hidden or goes away, and the worker may end with it at any moment. It may also come back. */
  | { page: 'leaving' };

export type FromEngineWorker =
  /** It runs, and holds the lock of this name for as long as it does: whoever gets that lock knows that it has ended. */
  | { worker: 'alive'; lock: string }
  /** It has become the origin's engine and starts; it now needs what only a page can make. */
  | { worker: 'leading' }
  | { worker: 'ready'; isolation: Isolation }
  /** It cannot go on; it ends itself. */
  | { worker: 'failed'; error: WireError };
