/**
 * Tables in the browser, computed on by DuckDB in a worker of its own. Its 34 MB are loaded when SQL or CSV first
 * asks for them, from the app's own origin; nothing ever comes from anywhere else.
 */
import type { Tables } from '../nodes/define-node.ts';
import type { TablesOptions } from './arrow-tables.ts';

/** Every method loads what it needs on first use; a failure to load is tried again by the next call. */
export function createWasmTables(options: TablesOptions): Tables {
  let loading: Promise<Tables> | undefined;
  const tables = () => {
    loading ??= load(options);
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  return {
    readFile: async (...given) => (await tables()).readFile(...given),
    fromRows: async (...given) => (await tables()).fromRows(...given),
    query: async (...given) => (await tables()).query(...given),
    rows: async (...given) => (await tables()).rows(...given),
    writeFile: async (...given) => (await tables()).writeFile(...given),
  };
}

async function load(options: TablesOptions): Promise<Tables> {
  const { ArrowTables } = await import('./arrow-tables.ts');
  return new ArrowTables(async () => (await import('./wasm-database.ts')).openWasmDatabase(), options);
}
