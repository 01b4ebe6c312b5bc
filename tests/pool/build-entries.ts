/** The worker entries of the tests. The real entries differ in nothing but their registry. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleWorkers } from '../bundle-workers.ts';

export interface BuiltEntries {
  thread: URL;
  process: URL;
  /** See entries/parent.ts. */
  parent: URL;
  remove(): Promise<void>;
}

export async function buildEntries(): Promise<BuiltEntries> {
  const { folder, remove } = await bundleWorkers('pool-test', {
    thread: 'tests/pool/entries/thread.ts',
    process: 'tests/pool/entries/process.ts',
    parent: 'tests/pool/entries/parent.ts',
  });
  const built = (entry: string) => pathToFileURL(join(folder, `${entry}.mjs`));
  return { thread: built('thread'), process: built('process'), parent: built('parent'), remove };
}
