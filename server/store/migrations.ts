/**
 * The tables of a server's store, step by step. Written in Kysely's schema builder so that SQLite, PostgreSQL and
 * MySQL can share them; a published step is never changed, only followed by another.
 */
import { type ColumnDataType, type Kysely, type Migration, type RawBuilder, sql } from 'kysely';

export type SqlDialect = 'sqlite' | 'postgres' | 'mysql';

/** All steps, by name; the names sort in the order they run. */
export function createMigrations(dialect: SqlDialect): Record<string, Migration> {
  const types = columnTypes[dialect];
  return {
    '001_graphs_runs_artifacts': { up: (db) => createTables(db, types) },
    '002_artifact_uses': { up: (db) => createArtifactUses(db, types) },
    '003_cache': { up: (db) => createCache(db, types) },
    '004_settings': { up: (db) => createSettings(db, types) },
  };
}

interface ColumnTypes {
  /** Ids and names that are looked up: compared byte by byte, and short enough for MySQL to index. */
  key: ColumnDataType | RawBuilder<unknown>;
  text: ColumnDataType | RawBuilder<unknown>;
  bytes: ColumnDataType | RawBuilder<unknown>;
}

const columnTypes: Record<SqlDialect, ColumnTypes> = {
  sqlite: { key: 'text', text: 'text', bytes: 'blob' },
  postgres: { key: sql`text collate "C"`, text: 'text', bytes: 'bytea' },
  mysql: {
    key: sql`varchar(200) character set utf8mb4 collate utf8mb4_bin`,
    text: sql`longtext`,
    bytes: sql`longblob`,
  },
};

async function createTables(db: Kysely<unknown>, { key, text, bytes }: ColumnTypes): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('graphs')
    .addColumn('id', key, (column) => column.primaryKey().notNull())
    .addColumn('updated_at', 'varchar(40)', (column) => column.notNull())
    .addColumn('record', text, (column) => column.notNull())
    .execute();
  await schema.createIndex('graphs_newest').on('graphs').columns(['updated_at', 'id']).execute();
  await schema
    .createTable('graph_updates')
    .addColumn('graph', key, (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('graph_updates_key', ['graph', 'position'])
    .execute();

  // A run's summary changes with every append, its document never: apart, an append writes little.
  await schema
    .createTable('runs')
    .addColumn('id', key, (column) => column.primaryKey().notNull())
    .addColumn('created_at', 'varchar(40)', (column) => column.notNull())
    .addColumn('status', 'varchar(20)', (column) => column.notNull())
    .addColumn('graph', text, (column) => column.notNull())
    .addColumn('graph_id', text)
    .addColumn('summary', text, (column) => column.notNull())
    .execute();
  await schema.createIndex('runs_newest').on('runs').columns(['created_at', 'id']).execute();
  await schema.createIndex('runs_by_status').on('runs').columns(['status', 'created_at', 'id']).execute();
  await schema
    .createTable('run_documents')
    .addColumn('id', key, (column) => column.primaryKey().notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .execute();

  await schema
    .createTable('chunks')
    .addColumn('run', key, (column) => column.notNull())
    .addColumn('first', 'bigint', (column) => column.notNull())
    .addColumn('last', 'bigint', (column) => column.notNull())
    .addColumn('summary', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('chunks_key', ['run', 'first'])
    .execute();
  await schema
    .createTable('chunk_bodies')
    .addColumn('run', key, (column) => column.notNull())
    .addColumn('first', 'bigint', (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('chunk_bodies_key', ['run', 'first'])
    .execute();

  await schema
    .createTable('artifacts')
    .addColumn('hash', key, (column) => column.primaryKey().notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .execute();
}

/** Who uses which artifact. Of those stored before nobody knows: they stay as long as any run of that time. */
async function createArtifactUses(db: Kysely<unknown>, { key }: ColumnTypes): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('artifact_uses')
    .addColumn('run', key, (column) => column.notNull())
    .addColumn('hash', key, (column) => column.notNull())
    .addPrimaryKeyConstraint('artifact_uses_key', ['run', 'hash'])
    .execute();
  await schema.createIndex('artifact_uses_by_hash').on('artifact_uses').columns(['hash']).execute();
  await sql`insert into artifact_uses (run, hash) select runs.id, artifacts.hash from runs, artifacts`.execute(
    db,
  );
}

async function createCache({ schema }: Kysely<unknown>, { key, bytes }: ColumnTypes): Promise<void> {
  await schema
    .createTable('cache')
    .addColumn('key', key, (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .execute();
  await schema.createIndex('cache_by_age').on('cache').columns(['at']).execute();
}

/** Settings, and what a cached result takes with its artifacts; of older ones only their own bytes are known. */
async function createSettings({ schema }: Kysely<unknown>, { key, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('settings')
    .addColumn('key', key, (column) => column.primaryKey().notNull())
    .addColumn('value', text, (column) => column.notNull())
    .execute();
  await schema.alterTable('cache').addColumn('size', 'bigint').execute();
}
