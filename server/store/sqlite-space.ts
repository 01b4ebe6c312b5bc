/** What the store takes on the disk, and how it gets smaller. */
import { type Kysely, sql } from 'kysely';
import { runWhole, type SqlTables } from './sqlite-database.ts';

/** Pages given back at a time, so that others get their turn in between: 8 MB or so. */
const portion = 2000;

/**
 * Gives pages that nothing uses any more back to the file system. What another process is in the way of stays for
 * the next time.
 */
export async function giveBackSpace(db: Kysely<SqlTables>): Promise<void> {
  try {
    let free = await freePages(db);
    while (free > 0) {
      runWhole(db, `pragma incremental_vacuum(${portion})`);
      const left = await freePages(db);
      if (left >= free) break;
      free = left;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The file itself shrinks only when the log has been brought into it.
    await sql`pragma wal_checkpoint(truncate)`.execute(db);
  } catch {
    // The deletion itself has been done.
  }
}

async function freePages(db: Kysely<SqlTables>): Promise<number> {
  const { rows } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db);
  return Number(rows[0]?.freelist_count ?? 0);
}

/** Runs in one question; SQLite takes a limited number of parameters. */
const runsAtOnce = 500;

/** Bytes by run, of all or of these: its journal, and the artifacts it uses. */
export async function sizesOfRuns(
  db: Kysely<SqlTables>,
  ids?: readonly string[],
): Promise<Map<string, number>> {
  if (!ids) return sizesOfSome(db);
  const sizes = new Map<string, number>();
  for (let at = 0; at < ids.length; at += runsAtOnce) {
    for (const [run, bytes] of await sizesOfSome(db, ids.slice(at, at + runsAtOnce))) sizes.set(run, bytes);
  }
  return sizes;
}

async function sizesOfSome(db: Kysely<SqlTables>, ids?: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const add = (rows: readonly { run: string; bytes: number }[]) => {
    for (const { run, bytes } of rows) sizes.set(run, (sizes.get(run) ?? 0) + Number(bytes));
  };
  const bytes = sql<number>`sum(length(bytes))`.as('bytes');
  let journals = db
    .selectFrom('chunk_bodies')
    .innerJoin('runs', 'runs.id', 'chunk_bodies.run')
    .select(['run', bytes]);
  let artifacts = db
    .selectFrom('artifact_uses')
    .innerJoin('artifacts', 'artifacts.hash', 'artifact_uses.hash')
    .innerJoin('runs', 'runs.id', 'artifact_uses.run')
    .select(['run', bytes]);
  if (ids) {
    journals = journals.where('run', 'in', ids);
    artifacts = artifacts.where('run', 'in', ids);
  }
  add(await journals.groupBy('run').execute());
  add(await artifacts.groupBy('run').execute());
  return sizes;
}
