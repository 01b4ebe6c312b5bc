/** The store as a host that dies at some moment sees it: what it has committed stays, no more is taken after. */
import type { Store } from '../../src/store/store.ts';

export function mortal(store: Store) {
  let dead = false;
  const append: Store['runs']['append'] = (run, chunks, after) =>
    dead ? new Promise(() => {}) : store.runs.append(run, chunks, after);
  return {
    store: { ...store, runs: { ...store.runs, append } },
    die() {
      dead = true;
    },
  };
}
