/**
 * Bundles the worker entries of the tests with Vite, since workers on Node need plain JavaScript. The real entries
 * differ in nothing but their registry, so these tests need no build of the whole project.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

export interface BuiltEntries {
  thread: URL;
  process: URL;
  /** See entries/parent.ts. */
  parent: URL;
  remove(): Promise<void>;
}

/** Builds them into a folder of their own within `node_modules`, where their imports are found. */
export async function buildEntries(): Promise<BuiltEntries> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const outDir = await mkdtemp(join(root, 'node_modules', '.pool-test-'));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: {
          thread: join(root, 'tests/pool/entries/thread.ts'),
          process: join(root, 'tests/pool/entries/process.ts'),
          parent: join(root, 'tests/pool/entries/parent.ts'),
        },
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
  return {
    thread: pathToFileURL(join(outDir, 'thread.mjs')),
    process: pathToFileURL(join(outDir, 'process.mjs')),
    parent: pathToFileURL(join(outDir, 'parent.mjs')),
    remove: () => rm(outDir, { recursive: true, force: true }),
  };
}
