/** Results kept for later runs, in memory. */
import type { MemoryArtifacts } from './memory-artifacts.ts';
import type { CacheStore } from './store.ts';

export interface CachedResult {
  bytes: Uint8Array;
  at: number;
}

type Open = <T>(work: () => T) => Promise<T>;

export function createMemoryCache(
  open: Open,
  results: Map<string, CachedResult>,
  artifacts: MemoryArtifacts,
): CacheStore {
  return {
    get: (keys) => open(() => keys.map((key) => results.get(key)?.bytes.slice())),
    put: (entries) =>
      open(() => {
        for (const { key, bytes, uses, at } of entries) {
          if (!results.has(key)) results.set(key, { bytes: bytes.slice(), at });
          artifacts.claim(
            key,
            uses.map((hash) => ({ hash })),
          );
        }
      }),
    delete: (before = Number.POSITIVE_INFINITY) =>
      open(() => {
        const gone = [...results].filter(([, { at }]) => at < before).map(([key]) => key);
        for (const key of gone) {
          results.delete(key);
          artifacts.release(key);
        }
        return gone.length;
      }),
    size: () =>
      open(() => ({
        entries: results.size,
        bytes: [...results.values()].reduce((sum, { bytes }) => sum + bytes.length, 0),
      })),
  };
}
