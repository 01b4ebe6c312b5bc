/** Runs the contract of tables inside a dedicated worker, as the browser's engine would: DuckDB nests in it. */
import { createMemoryFiles } from '../../../src/files/memory-files.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { ArrowTables } from '../../../src/tables/arrow-tables.ts';
import type { Database } from '../../../src/tables/database.ts';
import { openWasmDatabase } from '../../../src/tables/wasm-database.ts';
import { createWasmTables } from '../../../src/tables/wasm-tables.ts';
import { tablesContract } from '../../contracts/tables-contract.ts';

/** One for all cases, since each takes seconds to start. */
let database: Promise<Database> | undefined;
const shared = () => {
  database ??= openWasmDatabase();
  return database;
};

addEventListener('message', async ({ data: index }: MessageEvent<number>) => {
  const files = createMemoryFiles();
  const { artifacts } = createMemoryStore();
  try {
    if (index < 0) {
      postMessage(await measureFirstUse(createWasmTables({ files, artifacts })));
      return;
    }
    const again = (loadedBytes?: number) =>
      new ArrowTables(shared, { files, artifacts, ...(loadedBytes !== undefined && { loadedBytes }) });
    await tablesContract[index]?.run({ files, artifacts, tables: again(), again });
    postMessage('passed');
  } catch (error) {
    postMessage(error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error));
  }
});

/** Milliseconds until the first query has its result, and for the one after it. */
async function measureFirstUse(
  tables: ReturnType<typeof createWasmTables>,
): Promise<{ first: number; second: number }> {
  const start = performance.now();
  await tables.query('SELECT 1 AS a');
  const middle = performance.now();
  await tables.query('SELECT 2 AS a');
  return { first: middle - start, second: performance.now() - middle };
}
