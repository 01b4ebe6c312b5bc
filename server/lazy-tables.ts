/** Tables that load DuckDB, Arrow and Parquet when a run first asks for one. */
import type { Tables } from '../src/nodes/define-node.ts';

export interface ClosableTables extends Tables {
  close(): Promise<void>;
}

/** Every method waits for `open`, which is called once; when it fails, the next call tries again. */
export function tablesWhenFirstUsed(open: () => Promise<ClosableTables>): ClosableTables {
  let opening: Promise<ClosableTables> | undefined;
  const tables = () => {
    opening ??= open().catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    readFile: async (...given) => (await tables()).readFile(...given),
    fromRows: async (...given) => (await tables()).fromRows(...given),
    query: async (...given) => (await tables()).query(...given),
    rows: async (...given) => (await tables()).rows(...given),
    writeFile: async (...given) => (await tables()).writeFile(...given),
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}
