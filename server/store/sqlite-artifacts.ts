/** Artifacts in SQLite, and who uses them. */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ArtifactStore } from '../../src/store/store.ts';
import { type SqlTables, toBytes } from './sqlite-database.ts';
import { giveBackSpace } from './sqlite-space.ts';

/** Uses an artifact that was put and not claimed yet. No run has this id. */
const unclaimed = '';

type Guard = <T>(work: (db: Kysely<SqlTables>) => Promise<T>) => Promise<T>;

export function createArtifacts(guard: Guard): ArtifactStore {
  return {
    put: (hash, bytes) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          await addArtifact(tx, hash, bytes);
          await addUse(tx, unclaimed, hash);
        }),
      ),
    claim: (run, claims) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          for (const { hash, bytes } of claims) {
            if (bytes) await addArtifact(tx, hash, bytes);
            await addUse(tx, run, hash);
            await tx
              .deleteFrom('artifact_uses')
              .where('run', '=', unclaimed)
              .where('hash', '=', hash)
              .execute();
          }
        }),
      ),
    release: (run, hashes) =>
      guard(async (db) => {
        await db.transaction().execute((tx) => releaseArtifacts(tx, run, hashes));
        await giveBackSpace(db);
      }),
    get: (hash) =>
      guard(async (db) => {
        const row = await db
          .selectFrom('artifacts')
          .select('bytes')
          .where('hash', '=', hash)
          .executeTakeFirst();
        return row && toBytes(row.bytes);
      }),
    has: (hash) =>
      guard(async (db) => {
        const row = await db
          .selectFrom('artifacts')
          .select('hash')
          .where('hash', '=', hash)
          .executeTakeFirst();
        return row !== undefined;
      }),
    delete: (hash) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          await tx.deleteFrom('artifact_uses').where('hash', '=', hash).execute();
          const gone = await tx.deleteFrom('artifacts').where('hash', '=', hash).executeTakeFirst();
          return gone.numDeletedRows > 0n;
        }),
      ),
    sweep: () =>
      guard(async (db) => {
        const gone = await db.transaction().execute(async (tx) => {
          await tx
            .deleteFrom('artifact_uses')
            .where(({ not, exists, selectFrom, ref }) =>
              not(exists(selectFrom('runs').select('id').where('id', '=', ref('artifact_uses.run')))),
            )
            .where(({ not, exists, selectFrom, ref }) =>
              not(exists(selectFrom('cache').select('key').where('key', '=', ref('artifact_uses.run')))),
            )
            .execute();
          return tx.deleteFrom('artifacts').where(isUnused).executeTakeFirst();
        });
        await giveBackSpace(db);
        return Number(gone.numDeletedRows);
      }),
  };
}

/** Takes a run, or a cached result, from what it uses, all or only these, and removes what nobody uses then. */
export async function releaseArtifacts(
  tx: Transaction<SqlTables>,
  run: string,
  hashes?: readonly string[],
): Promise<void> {
  const uses = tx.selectFrom('artifact_uses').select('hash').where('run', '=', run);
  const used = hashes ?? (await uses.execute()).map(({ hash }) => hash);
  for (const hash of used) {
    await tx.deleteFrom('artifact_uses').where('run', '=', run).where('hash', '=', hash).execute();
    await tx.deleteFrom('artifacts').where('hash', '=', hash).where(isUnused).execute();
  }
}

const isUnused = sql<boolean>`not exists (select 1 from artifact_uses where artifact_uses.hash = artifacts.hash)`;

async function addArtifact(tx: Transaction<SqlTables>, hash: string, bytes: Uint8Array): Promise<void> {
  await tx
    .insertInto('artifacts')
    .values({ hash, bytes: bytes.slice() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Says that a run, or a cached result, uses an artifact. */
export async function addUse(tx: Transaction<SqlTables>, run: string, hash: string): Promise<void> {
  await tx
    .insertInto('artifact_uses')
    .values({ run, hash })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
