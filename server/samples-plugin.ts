/** Puts the sample files beside the app: into `samples/` of its build, and at `/samples/` of the development server. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { samples } from '../src/examples/samples.ts';

const bytesOf = (path: string) =>
  readFile(fileURLToPath(new URL(`../node_modules/vega-datasets/data/${path}`, import.meta.url)));

export function sampleFiles(): Plugin {
  return {
    name: 'handloom:samples',
    applyToEnvironment: ({ name }) => name === 'client',
    async generateBundle() {
      for (const { path } of samples) {
        this.emitFile({ type: 'asset', fileName: `samples/${path}`, source: await bytesOf(path) });
      }
    },
    configureServer(server) {
      server.middlewares.use('/samples/', async (request, response, next) => {
        const sample = samples.find(({ path }) => request.url === `/${path}` || request.url === path);
        if (!sample) return next();
        const type = sample.path.endsWith('.json') ? 'application/json' : 'text/csv';
        response.setHeader('Content-Type', type).end(await bytesOf(sample.path));
      });
    },
  };
}
