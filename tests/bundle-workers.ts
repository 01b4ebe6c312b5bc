/** Bundles worker entries of tests with Vite, since workers on Node need plain JavaScript. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds them into a folder of their own within `node_modules`, where their imports are found.
 * @param name of the folder, to which random letters are added
 * @param entries paths from the project's root, by name; each becomes the file `NAME.mjs`
 */
export async function bundleWorkers(
  name: string,
  entries: Record<string, string>,
): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(root, 'node_modules', `.${name}-`));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir: folder,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([entry, path]) => [entry, join(root, path)])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
