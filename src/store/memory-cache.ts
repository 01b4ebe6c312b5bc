/** Results kept for later runs, in memory. */
import type { MemoryArtifacts } from './memory-artifacts.ts';
import { beyond } from './paging.ts';
import type { CacheStore } from './store.ts';

export interface CachedResult {
  bytes: Uint8Array;
  size: number;
  at: number;
}

type Open = <T>(work: () => T) => Promise<T>;

export function createMemoryCache(
  open: Open,
  results: Map<string, CachedResult>,
  artifacts: MemoryArtifacts,
): CacheStore {
  const remove = (gone: readonly string[]) => {
    for (const key of gone) {
      results.delete(key);
      artifacts.release(key);
    }
    return gone.length;
  };
  return {
    get: (keys) => open(() => keys.map((key) => results.get(key)?.bytes.slice())),
    put: (entries) =>
      open(() => {
        for (const { key, bytes, uses, at, size = bytes.length } of entries) {
          if (!results.has(key)) results.set(key, { bytes: bytes.slice(), size, at });
          artifacts.claim(
            key,
            uses.map((hash) => ({ hash })),
          );
        }
      }),
    delete: (before = Number.POSITIVE_INFINITY) =>
      open(() => remove([...results].filter(([, { at }]) => at < before).map(([key]) => key))),
    trim: (bytes) =>
      open(() => {
        const newestFirst = [...results].sort(([, a], [, b]) => b.at - a.at);
        return remove(
          beyond(
            newestFirst.map(([key, { size }]) => ({ key, size })),
            bytes,
          ),
        );
      }),
    size: () =>
      open(() => ({
        entries: results.size,
        bytes: [...results.values()].reduce((sum, { size }) => sum + size, 0),
      })),
  };
}
