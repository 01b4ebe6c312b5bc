/** Results kept for later runs, in SQLite. */
import { type Kysely, sql } from 'kysely';
import type { CacheStore } from '../../src/store/store.ts';
import { addUse, releaseArtifacts } from './sqlite-artifacts.ts';
import { type SqlTables, toBytes } from './sqlite-database.ts';
import { giveBackSpace } from './sqlite-space.ts';

/** Keys in one question; SQLite takes a limited number of parameters. */
const portion = 500;

type Guard = <T>(work: (db: Kysely<SqlTables>) => Promise<T>) => Promise<T>;

export function createCache(guard: Guard): CacheStore {
  return {
    get: (keys) =>
      guard(async (db) => {
        const found = new Map<string, Uint8Array>();
        for (let at = 0; at < keys.length; at += portion) {
          const rows = await db
            .selectFrom('cache')
            .select(['key', 'bytes'])
            .where('key', 'in', keys.slice(at, at + portion))
            .execute();
          for (const { key, bytes } of rows) found.set(key, toBytes(bytes));
        }
        return keys.map((key) => found.get(key));
      }),
    put: (entries) =>
      guard((db) =>
        db.transaction().execute(async (tx) => {
          for (const { key, at, bytes, uses } of entries) {
            await tx
              .insertInto('cache')
              .values({ key, at, bytes: bytes.slice() })
              .onConflict((conflict) => conflict.doNothing())
              .execute();
            for (const hash of uses) await addUse(tx, key, hash);
          }
        }),
      ),
    delete: (before = Number.MAX_SAFE_INTEGER) =>
      guard(async (db) => {
        const gone = await db.transaction().execute(async (tx) => {
          const gone = await tx.selectFrom('cache').select('key').where('at', '<', before).execute();
          await tx.deleteFrom('cache').where('at', '<', before).execute();
          for (const { key } of gone) await releaseArtifacts(tx, key);
          return gone.length;
        });
        await giveBackSpace(db);
        return gone;
      }),
    size: () =>
      guard(async (db) => {
        const row = await db
          .selectFrom('cache')
          .select((eb) => [
            eb.fn.countAll<number>().as('entries'),
            sql<number>`coalesce(sum(length(bytes)), 0)`.as('bytes'),
          ])
          .executeTakeFirstOrThrow();
        return { entries: Number(row.entries), bytes: Number(row.bytes) };
      }),
  };
}
