/** The contract of tables on Node's DuckDB. */
import { afterEach, describe, it } from 'vitest';
import { createDuckDbTables } from '../../server/duckdb-tables.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { ArrowTables } from '../../src/tables/arrow-tables.ts';
import { tablesContract } from '../contracts/tables-contract.ts';

const opened: ArrowTables[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((tables) => tables.close()));
});

describe('tables on Node', () => {
  it.each(tablesContract)('$title', async ({ run }) => {
    const files = createMemoryFiles();
    const { artifacts } = createMemoryStore();
    const again = (loadedBytes?: number) => {
      const tables = createDuckDbTables({
        files,
        artifacts,
        ...(loadedBytes !== undefined && { loadedBytes }),
      });
      opened.push(tables);
      return tables;
    };
    await run({ files, artifacts, tables: again(), again });
  });
});
