/** Runs what it is told on the Dexie store, in a worker as the engine is. */
import { createDexieStore } from '../../../src/store/dexie-store.ts';
import { createDexieHarness } from '../../contracts/dexie-harness.ts';
import { storeCases } from '../../contracts/store-contract.ts';
import { measureAppends } from '../../store/measure-appends.ts';

type Order =
  | { do: 'case'; index: number }
  | { do: 'fill'; name: string; bytes: number }
  | { do: 'supersede'; name: string }
  | { do: 'measure'; name: string; chunks: number };

const failure = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

async function runCase(index: number): Promise<string> {
  const harness = await createDexieHarness(`case ${index}`, { indexedDB, IDBKeyRange, IDBObjectStore });
  try {
    await storeCases[index]?.run(harness);
    return 'passed';
  } catch (error) {
    return failure(error);
  } finally {
    await harness.dispose();
  }
}

/** Stores incompressible artifacts until that fails; gives the code of the failure and what is still readable. */
async function fill(name: string, bytes: number): Promise<{ code: string; kept: number; known: number }> {
  const { artifacts } = await createDexieStore(name);
  let kept = 0;
  try {
    for (; kept < 1000; kept++) {
      const random = new Uint8Array(bytes);
      for (let i = 0; i < bytes; i += 65_536) crypto.getRandomValues(random.subarray(i, i + 65_536));
      await artifacts.put(`artifact ${kept}`, random);
    }
  } catch (error) {
    let known = 0;
    while (await artifacts.has(`artifact ${known}`)) known++;
    return { code: (error as { code: string }).code, kept, known };
  }
  return { code: 'none', kept, known: kept };
}

/** Opens the database in a newer version under a live store, as a page after an update would. */
async function supersede(name: string): Promise<{ reasons: string[]; codes: string[]; version: number }> {
  const reasons: string[] = [];
  const store = await createDexieStore(name, { onClosed: (reason) => reasons.push(reason) });
  const newer = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, 1000);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
  const codes = [
    await codeOf(store.artifacts.put('h', new Uint8Array(1))),
    await codeOf(store.runs.list()),
    await codeOf(createDexieStore(name)),
  ];
  newer.close();
  return { reasons, codes, version: newer.version };
}

async function measure(name: string, chunks: number): Promise<number> {
  const store = await createDexieStore(name);
  return measureAppends(store, chunks);
}

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  try {
    if (data.do === 'case') self.postMessage(await runCase(data.index));
    else if (data.do === 'fill') self.postMessage(await fill(data.name, data.bytes));
    else if (data.do === 'measure') self.postMessage(await measure(data.name, data.chunks));
    else self.postMessage(await supersede(data.name));
  } catch (error) {
    self.postMessage(failure(error));
  }
};
