/** IndexedDB's failures in the store's words. */
import { HandloomError, StoreError } from '../errors.ts';

const codes: Record<string, [code: string, message: string]> = {
  QuotaExceededError: ['store_full', 'There is no room left in the browser’s storage.'],
  DatabaseClosedError: ['store_closed', 'The store is closed.'],
  VersionError: ['store_newer', 'The stored data was written by a newer version.'],
  TimeoutError: ['store_busy', 'The store did not answer in time.'],
};

/** Our own errors pass as they are; of an aborted transaction the reason inside it counts. */
export function toStoreError(error: unknown): HandloomError {
  for (let e = error, depth = 0; e && depth < 8; e = (e as { inner?: unknown }).inner, depth++) {
    if (e instanceof HandloomError) return e;
    const known = codes[(e as Error).name];
    if (known) return new StoreError(known[0], known[1], { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError('store_failed', `The store failed: ${message}`, { cause: error });
}
