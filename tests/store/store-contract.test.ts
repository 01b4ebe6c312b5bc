import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import Database from 'libsql';
import { describe, it } from 'vitest';
import { createSqliteStore } from '../../server/store/sqlite-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createDexieHarness } from '../contracts/dexie-harness.ts';
import type { StoreHarness } from '../contracts/store-case.ts';
import { storeCases } from '../contracts/store-contract.ts';

async function createMemoryHarness(): Promise<StoreHarness> {
  const bodies = new Map<string, Uint8Array>();
  const store = createMemoryStore({
    onBody: (run, first, body) => {
      bodies.set(JSON.stringify([run, first]), body);
      return body;
    },
  });
  return {
    store,
    damage: async (run, first) => {
      const body = bodies.get(JSON.stringify([run, first])) as Uint8Array;
      body[body.length - 2] = (body.at(-2) as number) ^ 1;
    },
    dispose: () => store.close(),
  };
}

async function createSqliteHarness(): Promise<StoreHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'handloom-store-'));
  const file = join(folder, 'new', 'store.db');
  const aside = (work: (db: Database.Database) => void) => {
    const db = new Database(file);
    work(db);
    db.close();
  };
  const harness: StoreHarness = {
    store: await createSqliteStore(file),
    reopen: async () => {
      await harness.store.close();
      harness.store = await createSqliteStore(file);
      return harness.store;
    },
    damage: async (run, first) =>
      aside((db) => {
        const where = 'where run = ? and first = ?';
        const select = db.prepare(`select bytes from chunk_bodies ${where}`);
        const bytes = new Uint8Array((select.get([run, first]) as { bytes: ArrayBuffer }).bytes);
        bytes[bytes.length - 2] = (bytes.at(-2) as number) ^ 1;
        db.prepare(`update chunk_bodies set bytes = ? ${where}`).run([bytes, run, first]);
      }),
    fill: async () => {
      aside((db) =>
        db.exec(
          "create trigger full before insert on chunk_bodies when new.first > 1 begin select raise(abort, 'disk is full'); end",
        ),
      );
      return async () => aside((db) => db.exec('drop trigger full'));
    },
    dispose: async () => {
      await harness.store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return harness;
}

const stores: Record<string, () => Promise<StoreHarness>> = {
  memory: createMemoryHarness,
  sqlite: createSqliteHarness,
  'dexie on fake-indexeddb': () =>
    createDexieHarness('test', { indexedDB: new IDBFactory(), IDBKeyRange, IDBObjectStore } as never),
};

for (const [name, createHarness] of Object.entries(stores)) {
  describe(`${name} store`, () => {
    for (const { name: title, run } of storeCases) {
      it(title, { timeout: 60_000 }, async () => {
        const harness = await createHarness();
        try {
          await run(harness);
        } finally {
          await harness.dispose();
        }
      });
    }
  });
}
