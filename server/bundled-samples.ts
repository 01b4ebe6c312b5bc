/** The samples on disk: beside the built app, or in the package they come from when the sources run. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { samples } from '../src/examples/samples.ts';
import { fileNotFound } from '../src/files/file-path.ts';
import type { SampleSource } from '../src/files/sample-files.ts';

const here = dirname(fileURLToPath(import.meta.url));
const folders = [join(here, '../web/samples'), join(here, '../node_modules/vega-datasets/data')];

export function bundledSamples(): SampleSource {
  return {
    async read(path) {
      if (!samples.some((sample) => sample.path === path)) throw fileNotFound(path);
      for (const folder of folders) {
        const bytes = await readFile(join(folder, path)).catch(() => undefined);
        if (bytes) return new Uint8Array(bytes);
      }
      throw fileNotFound(path);
    },
    list: async () => samples.map(({ path, bytes }) => ({ path, bytes })),
  };
}
