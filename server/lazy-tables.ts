/** Tables that load DuckDB when a run first asks for one. */
import type { Tables } from '../src/nodes/define-node.ts';

/** Every method waits for `open`, which is called once; a failure to open is tried again by the next call. */
export function tablesWhenFirstUsed(open: () => Promise<Tables>): Tables {
  let opening: Promise<Tables> | undefined;
  const tables = () => {
    opening ??= open();
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };
  return {
    readFile: async (...given) => (await tables()).readFile(...given),
    fromRows: async (...given) => (await tables()).fromRows(...given),
    query: async (...given) => (await tables()).query(...given),
    rows: async (...given) => (await tables()).rows(...given),
    writeFile: async (...given) => (await tables()).writeFile(...given),
  };
}
