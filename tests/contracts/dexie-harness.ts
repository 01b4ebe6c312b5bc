/** The Dexie store under the contract, in whatever IndexedDB is given: the browser's own, or one for Node. */
import { createDexieStore, type DexieStoreOptions } from '../../src/store/dexie-store.ts';
import type { StoreHarness } from './store-case.ts';

export interface IndexedDb extends Required<Pick<DexieStoreOptions, 'indexedDB' | 'IDBKeyRange'>> {
  IDBObjectStore: { prototype: IDBObjectStore };
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A fresh database of this name. */
export async function createDexieHarness(name: string, idb: IndexedDb): Promise<StoreHarness> {
  const { indexedDB, IDBKeyRange, IDBObjectStore } = idb;
  const open = () => createDexieStore(name, { indexedDB, IDBKeyRange });
  const harness: StoreHarness = {
    store: await open(),
    reopen: async () => {
      await harness.store.close();
      harness.store = await open();
      return harness.store;
    },
    damage: async (run, first) => {
      const db = await done(indexedDB.open(name));
      const bodies = db.transaction('chunkBodies', 'readwrite').objectStore('chunkBodies');
      const row = (await done(bodies.get([run, first]))) as { bytes: Uint8Array };
      row.bytes[row.bytes.length - 2] = (row.bytes.at(-2) as number) ^ 1;
      await done(bodies.put(row));
      db.close();
    },
    fill: async () => {
      const { add, put } = IDBObjectStore.prototype;
      const refuse = (method: typeof add): typeof add =>
        function (this: IDBObjectStore, ...args) {
          if (this.name === 'chunkBodies') throw new DOMException('no room', 'QuotaExceededError');
          return method.apply(this, args);
        };
      Object.assign(IDBObjectStore.prototype, { add: refuse(add), put: refuse(put) });
      return async () => {
        Object.assign(IDBObjectStore.prototype, { add, put });
      };
    },
    dispose: async () => {
      await harness.store.close();
      await done(indexedDB.deleteDatabase(name));
    },
  };
  return harness;
}
