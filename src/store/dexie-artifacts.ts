/** Artifacts in IndexedDB, and who uses them. */
import type Dexie from 'dexie';
import type { Table } from 'dexie';
import type { ArtifactStore } from './store.ts';

export interface ArtifactUse {
  /** A run, or the key of a cached result. */
  run: string;
  hash: string;
}

/** What a run takes, about. */
export interface RunSize {
  run: string;
  bytes: number;
}

/** The tables artifacts need. */
export interface ArtifactTables extends Dexie {
  runs: Table<unknown, string>;
  cache: Table<unknown, string>;
  artifacts: Table<{ hash: string; bytes: Uint8Array }, string>;
  artifactUses: Table<ArtifactUse, [string, string]>;
  runSizes: Table<RunSize, string>;
}

/** Uses an artifact that was put and not claimed yet. No run has this id. */
const unclaimed = '';
/** Keys in one question; long lists of them cost IndexedDB dearly. */
const portion = 1000;

type Guard = <T>(work: () => PromiseLike<T>) => Promise<T>;

export function createArtifacts(db: ArtifactTables, guard: Guard): ArtifactStore {
  const { artifacts, artifactUses } = db;
  const has = async (hash: string) => (await artifacts.where('hash').equals(hash).count()) > 0;
  return {
    put: (hash, bytes) =>
      guard(() =>
        db.transaction('rw', artifacts, artifactUses, async () => {
          if (!(await has(hash))) await artifacts.add({ hash, bytes: bytes.slice() });
          await artifactUses.put({ run: unclaimed, hash });
        }),
      ),
    claim: (run, claims) =>
      guard(() =>
        db.transaction('rw', artifacts, artifactUses, db.runSizes, async () => {
          const claimed = claims.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
          await addSize(db.runSizes, run, claimed);
          for (const { hash, bytes } of claims)
            if (bytes && !(await has(hash))) await artifacts.add({ hash, bytes: bytes.slice() });
          await artifactUses.bulkPut(claims.map(({ hash }) => ({ run, hash })));
          await artifactUses.bulkDelete(claims.map(({ hash }) => [unclaimed, hash]));
        }),
      ),
    release: (run, hashes) =>
      guard(() =>
        db.transaction('rw', artifacts, artifactUses, db.runSizes, async () => {
          let freed = 0;
          for (const hash of hashes) {
            const isUsed = (await artifactUses.where('[run+hash]').equals([run, hash]).count()) > 0;
            if (isUsed) freed += (await artifacts.get(hash))?.bytes.length ?? 0;
          }
          await addSize(db.runSizes, run, -freed);
          await releaseArtifacts(db, run, hashes);
        }),
      ),
    get: (hash) => guard(async () => (await artifacts.get(hash))?.bytes),
    has: (hash) => guard(() => has(hash)),
    delete: (hash) =>
      guard(() =>
        db.transaction('rw', artifacts, artifactUses, async () => {
          await artifactUses.where('hash').equals(hash).delete();
          return (await artifacts.where('hash').equals(hash).delete()) > 0;
        }),
      ),
    sweep: () =>
      guard(() =>
        db.transaction('rw', [db.runs, db.cache, artifacts, artifactUses], async () => {
          const [runs, cached] = [db.runs.toCollection(), db.cache.toCollection()];
          const users = new Set([...(await runs.primaryKeys()), ...(await cached.primaryKeys())]);
          const uses = await artifactUses.toCollection().primaryKeys();
          const gone = uses.filter(([user]) => !users.has(user));
          await artifactUses.bulkDelete(gone);
          const used = new Set(uses.filter(([user]) => users.has(user)).map(([, hash]) => hash));
          const unused = (await artifacts.toCollection().primaryKeys()).filter((hash) => !used.has(hash));
          await artifacts.bulkDelete(unused);
          return unused.length;
        }),
      ),
  };
}

/** Within a transaction. */
export async function addSize(sizes: Table<RunSize, string>, run: string, bytes: number): Promise<void> {
  await sizes.put({ run, bytes: bytes + ((await sizes.get(run))?.bytes ?? 0) });
}

/**
 * Within a transaction: takes a run, or a cached result, from what it uses, all or only these, and removes what nobody
 * uses then.
 */
export async function releaseArtifacts(
  { artifacts, artifactUses }: ArtifactTables,
  run: string,
  only?: readonly string[],
) {
  const own = artifactUses.where('[run+hash]').between([run, ''], [run, '\uffff'], true, true);
  const hashes = only ?? (await own.primaryKeys()).map(([, hash]) => hash);
  if (only) await artifactUses.bulkDelete(only.map((hash) => [run, hash]));
  else await own.delete();
  for (let at = 0; at < hashes.length; at += portion) {
    const some = hashes.slice(at, at + portion);
    const others = await artifactUses.where('hash').anyOf(some).primaryKeys();
    const used = new Set(others.map(([, hash]) => hash));
    await artifacts.bulkDelete(some.filter((hash) => !used.has(hash)));
  }
}
