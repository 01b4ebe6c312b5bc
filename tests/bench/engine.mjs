// @ts-check
/**
 * The engine alone, in this very process, so that a profiler sees it:
 * `node --cpu-prof tests/bench/run.mjs --only engine`.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { makeFolder, root } from './owned.mjs';
import { functions, graphOf, sumOf } from './workloads.mjs';

/** @type {typeof import('./engine-alone.ts').runEngineAlone | undefined} */
let built;

/** Bundles the engine as it is in the sources, when first asked for. */
async function runEngineAlone() {
  if (built) return built;
  // Within node_modules, where its imports are found.
  const outDir = makeFolder(join(root, 'node_modules/.cache')).path;
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: 'tests/bench/engine-alone.ts',
      outDir,
      target: 'node20',
      minify: false,
      copyPublicDir: false,
      rolldownOptions: { output: { entryFileNames: 'engine.mjs' } },
    },
  });
  const module = await import(pathToFileURL(join(outDir, 'engine.mjs')).href);
  return (built = /** @type {NonNullable<typeof built>} */ (module.runEngineAlone));
}

/** @type {import('./summary.mjs').Measure} */
export async function engineAlone({ workload, count, cores }) {
  const run = await runEngineAlone();
  await run(graphOf(workload, 1_000), functions, cores);
  const { ms, outputs } = await run(graphOf(workload, count), functions, cores);
  return { ms, sum: sumOf(/** @type {number[]} */ (outputs)) };
}
