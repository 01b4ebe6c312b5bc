/** Results kept for later runs, in IndexedDB. */
import type { Table } from 'dexie';
import { type ArtifactTables, type ArtifactUse, releaseArtifacts } from './dexie-artifacts.ts';
import { beyond } from './paging.ts';
import type { CacheStore } from './store.ts';

export interface CacheRow {
  key: string;
  at: number;
  /** With its artifacts; of those put by older versions, without. */
  size: number;
  bytes: Uint8Array;
}

export interface CacheTables extends ArtifactTables {
  cache: Table<CacheRow, string>;
}

type Guard = <T>(work: () => PromiseLike<T>) => Promise<T>;

export function createCache(db: CacheTables, guard: Guard): CacheStore {
  const { cache, artifacts, artifactUses } = db;
  const remove = (find: () => PromiseLike<string[]>) =>
    db.transaction('rw', cache, artifacts, artifactUses, async () => {
      const gone = await find();
      await cache.bulkDelete(gone);
      for (const key of gone) await releaseArtifacts(db, key);
      return gone.length;
    });
  return {
    get: (keys) => guard(async () => (await cache.bulkGet([...keys])).map((row) => row?.bytes)),
    put: (entries) =>
      guard(() =>
        db.transaction('rw', cache, artifactUses, async () => {
          const there = new Set(
            (await cache.bulkGet(entries.map(({ key }) => key))).flatMap((row) => (row ? [row.key] : [])),
          );
          const added = new Map<string, CacheRow>();
          for (const { key, at, bytes, size = bytes.length } of entries)
            if (!there.has(key) && !added.has(key)) added.set(key, { key, at, size, bytes: bytes.slice() });
          await cache.bulkPut([...added.values()]);
          const uses: ArtifactUse[] = entries.flatMap(({ key, uses }) =>
            uses.map((hash) => ({ run: key, hash })),
          );
          await artifactUses.bulkPut(uses);
        }),
      ),
    delete: (before = Number.POSITIVE_INFINITY) =>
      guard(() => remove(async () => cache.where('at').below(before).primaryKeys())),
    trim: (bytes) =>
      guard(() =>
        remove(async () => {
          // Keys of an index, so that no result is read.
          const oldestFirst = (await cache.orderBy('[at+size+key]').keys()) as unknown as [
            at: number,
            size: number,
            key: string,
          ][];
          return beyond(
            oldestFirst.reverse().map(([, size, key]) => ({ key, size })),
            bytes,
          );
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
