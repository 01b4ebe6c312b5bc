/** Results kept for later runs, in IndexedDB. */
import type { Table } from 'dexie';
import { type ArtifactTables, type ArtifactUse, releaseArtifacts } from './dexie-artifacts.ts';
import type { CacheStore } from './store.ts';

export interface CacheRow {
  key: string;
  at: number;
  size: number;
  bytes: Uint8Array;
}

export interface CacheTables extends ArtifactTables {
  cache: Table<CacheRow, string>;
}

type Guard = <T>(work: () => PromiseLike<T>) => Promise<T>;

export function createCache(db: CacheTables, guard: Guard): CacheStore {
  const { cache, artifacts, artifactUses } = db;
  return {
    get: (keys) => guard(async () => (await cache.bulkGet([...keys])).map((row) => row?.bytes)),
    put: (entries) =>
      guard(() =>
        db.transaction('rw', cache, artifactUses, async () => {
          const there = new Set(
            (await cache.bulkGet(entries.map(({ key }) => key))).flatMap((row) => (row ? [row.key] : [])),
          );
          const added = new Map<string, CacheRow>();
          for (const { key, at, bytes } of entries)
            if (!there.has(key) && !added.has(key))
              added.set(key, { key, at, size: bytes.length, bytes: bytes.slice() });
          await cache.bulkPut([...added.values()]);
          const uses: ArtifactUse[] = entries.flatMap(({ key, uses }) =>
            uses.map((hash) => ({ run: key, hash })),
          );
          await artifactUses.bulkPut(uses);
        }),
      ),
    delete: (before = Number.POSITIVE_INFINITY) =>
      guard(() =>
        db.transaction('rw', cache, artifacts, artifactUses, async () => {
          const gone = await cache.where('at').below(before).primaryKeys();
          await cache.bulkDelete(gone);
          for (const key of gone) await releaseArtifacts(db, key);
          return gone.length;
        }),
      ),
    size: () =>
      guard(() =>
        db.transaction('r', cache, async () => {
          // Keys of an index, so that no result is read: the size is part of it.
          const sizes = (await cache.orderBy('size').keys()) as number[];
          return { entries: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
        }),
      ),
  };
}
