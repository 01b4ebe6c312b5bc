/** Results kept for later runs, in SQLite. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { beyond } from '../../src/store/paging.ts';
import type { CacheStore } from '../../src/store/store.ts';
import { addUse, releaseArtifacts } from './sqlite-artifacts.ts';
import { type SqlTables, toBytes } from './sqlite-database.ts';
import { giveBackSpace } from './sqlite-space.ts';

/** Keys in one question; SQLite takes a limited number of parameters. */
const portion = 500;

/** What a cached result takes. */
const sizeOf = sql<number>`coalesce(size, length(bytes))`;

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
          for (const { key, at, bytes, uses, size = bytes.length } of entries) {
            await tx
              .insertInto('cache')
              .values({ key, at, bytes: bytes.slice(), size })
              .onConflict((conflict) => conflict.doNothing())
              .execute();
            for (const hash of uses) await addUse(tx, key, hash);
          }
        }),
      ),
    delete: (before = Number.MAX_SAFE_INTEGER) =>
      guard((db) =>
        remove(db, async (tx) => {
          const gone = await tx.selectFrom('cache').select('key').where('at', '<', before).execute();
          return gone.map(({ key }) => key);
        }),
      ),
    trim: (bytes) =>
      guard((db) =>
        remove(db, async (tx) => {
          const newestFirst = await tx
            .selectFrom('cache')
            .select(['key', sizeOf.as('size')])
            .orderBy('at', 'desc')
            .execute();
          return beyond(
            newestFirst.map(({ key, size }) => ({ key, size: Number(size) })),
            bytes,
          );
        }),
      ),
    size: () =>
      guard(async (db) => {
        const row = await db
          .selectFrom('cache')
          .select((eb) => [
            eb.fn.countAll<number>().as('entries'),
            sql<number>`coalesce(sum(coalesce(size, length(bytes))), 0)`.as('bytes'),
          ])
          .executeTakeFirstOrThrow();
        return { entries: Number(row.entries), bytes: Number(row.bytes) };
      }),
  };
}

async function remove(
  db: Kysely<SqlTables>,
  find: (tx: Transaction<SqlTables>) => Promise<string[]>,
): Promise<number> {
  const gone = await db.transaction().execute(async (tx) => {
    const keys = await find(tx);
    for (let at = 0; at < keys.length; at += portion)
      await tx
        .deleteFrom('cache')
        .where('key', 'in', keys.slice(at, at + portion))
        .execute();
    for (const key of keys) await releaseArtifacts(tx, key);
    return keys.length;
  });
  if (gone > 0) await giveBackSpace(db);
  return gone;
}
