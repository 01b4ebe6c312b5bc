/**
 * Builds all that ships: the Node host (`dist/server`), the app (`dist/web`) and its service worker (one classic
 * script beside the app's page). `vite build` makes the three in this order; `vite` serves the app alone.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { build, defineConfig, type EnvironmentOptions, type Plugin } from 'vite';
import { sampleFiles } from './server/samples-plugin.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const web = here('dist/web');
const serviceWorkerEntry = here('workers/service-worker.ts');
const taskWorkerEntry = here('workers/task-worker.ts');
const mathjsEntry = here('workers/mathjs.ts');

/** Makes SharedArrayBuffer and exact timers available to the page; the Node host sends the same two. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** One classic script, without imports or exports. */
const script = { format: 'iife', codeSplitting: false } as const;
// Vite puts a preloader that looks at `import.meta` into each bundle; where there is one file it has nothing to do.
const checks = { emptyImportMeta: false };

/**
 * Gives the service worker `virtual:app-shell`: the files of the built app and a version that changes with any of
 * them. What is heavy and not needed by every visitor is left out; it is kept when it is first used.
 */
function appShell(list: () => string[]): Plugin {
  const id = 'virtual:app-shell';
  return {
    name: 'handloom:app-shell',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(loaded) {
      if (loaded !== `\0${id}`) return;
      const hash = createHash('sha256');
      const files = list();
      for (const file of files) hash.update(file).update(readFileSync(join(web, file)));
      const urls = files.map((file) => (file === 'index.html' ? '/' : `/${file}`));
      return `export const version = '${hash.digest('hex').slice(0, 16)}';\nexport const files = ${JSON.stringify(urls)};`;
    },
  };
}

/** Without what not every visitor needs, and the picture that only the README shows. */
/** WebAssembly and workers that are nothing without it or do but one thing, the samples, and what is no part of it. */
const leftOut =
  /\.(wasm|map)$|^service-worker\.js$|^screenshot\.png$|^samples\/|^assets\/(elk-worker|duckdb-browser)[^/]*\.js$/;

const builtFiles = () =>
  readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(web.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((file) => !leftOut.test(file))
    .sort();

/**
 * A task worker's text goes into a blob inside the sandbox, where nothing can be imported: it must be one script. What
 * is large and rarely needed is another one, which the engine sends in.
 */
function taskWorkerScripts(): Plugin {
  let entry: unknown;
  return {
    name: 'handloom:task-worker',
    enforce: 'pre',
    options({ input }) {
      entry = input;
    },
    resolveId: (source) =>
      entry === taskWorkerEntry && source.endsWith('/load-mathjs.ts')
        ? here('workers/mathjs-from-engine.ts')
        : undefined,
    outputOptions: (options) =>
      entry === taskWorkerEntry || entry === mathjsEntry ? { ...options, ...script } : options,
  };
}

/**
 * The development server hands out modules, of which neither a classic service worker nor a blob can be made, so it
 * bundles these scripts whenever they are asked for.
 */
function developmentScripts(): Plugin {
  const scripts = new Map([
    ['/service-worker.js', serviceWorkerEntry],
    ['/task-worker.js', taskWorkerEntry],
    ['/mathjs.js', mathjsEntry],
  ]);
  const bundle = async (input: string) => {
    const result = await build({
      configFile: false,
      mode: 'development',
      logLevel: 'warn',
      plugins: [appShell(() => []), taskWorkerScripts()],
      build: {
        write: false,
        minify: false,
        sourcemap: 'inline',
        rolldownOptions: { input, output: script, checks },
      },
    });
    const [bundled] = [result].flat();
    if (!bundled || !('output' in bundled)) throw new Error(`Nothing was made of ${input}`);
    return bundled.output[0].code;
  };
  return {
    name: 'handloom:development-scripts',
    apply: 'serve',
    enforce: 'pre',
    resolveId(source) {
      const [, name] = /\/workers\/(task-worker|mathjs)\.ts\?worker&url$/.exec(source) ?? [];
      return name && `\0script-url:${name}`;
    },
    load: (id) => (id.startsWith('\0script-url:') ? `export default '/${id.slice(12)}.js'` : undefined),
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const input = scripts.get(request.url?.split('?')[0] ?? '');
        if (!input) return next();
        try {
          const code = await bundle(input);
          response.setHeader('Content-Type', 'text/javascript').end(code);
        } catch (error) {
          next(error);
        }
      });
    },
  };
}

const serviceWorker: EnvironmentOptions = {
  consumer: 'client',
  build: {
    outDir: web,
    emptyOutDir: false,
    copyPublicDir: false,
    rolldownOptions: {
      input: serviceWorkerEntry,
      output: { ...script, entryFileNames: 'service-worker.js' },
      checks,
    },
  },
};

/**
 * The Node host. Packages are bundled like its own modules, since finding and reading their hundreds of files one by
 * one is most of what a command would wait for; only those with native parts stay imports.
 */
const ssr: EnvironmentOptions = {
  resolve: { noExternal: true, external: ['@duckdb/node-api', 'libsql'] },
  build: {
    outDir: here('dist/server'),
    copyPublicDir: false,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: ['cli', 'main', 'task-thread', 'task-process'].map((name) => here(`server/${name}.ts`)),
      // All in one folder, so that './task-thread.js' is right from whichever file asks for it.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
};

export default defineConfig(({ command }) => ({
  root: here('src/ui'),
  publicDir: here('public'),
  envDir: here('.'),
  cacheDir: here('node_modules/.vite'),
  plugins: [
    paraglideVitePlugin({ project: here('src/ui/i18n/project.inlang'), outdir: here('src/ui/paraglide') }),
    tailwindcss(),
    svelte({ configFile: false }),
    appShell(builtFiles),
    developmentScripts(),
    sampleFiles(),
  ],
  worker: { format: 'es', plugins: () => [taskWorkerScripts()] },
  optimizeDeps: {
    // What workers import is found from the start, or the page would be loaded anew when they ask for it.
    entries: ['index.html', here('workers/*-worker.ts')],
    // DuckDB finds its own files by URL, which bundling it beforehand would break.
    exclude: ['@duckdb/duckdb-wasm'],
  },
  server: {
    headers: isolation,
    fs: { allow: [here('.')] },
    // A Node host started beside (`npm start`) is reachable as it is from the pages that it serves itself.
    proxy: { '/server/api': 'http://127.0.0.1:8000' },
  },
  preview: { headers: isolation },
  build: {
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
  },
  environments: { client: { build: { outDir: web } }, ...(command === 'build' && { serviceWorker, ssr }) },
  builder: {
    async buildApp({ build, environments }) {
      // The service worker comes last, since it lists the files of the app.
      for (const name of ['ssr', 'client', 'serviceWorker']) {
        const environment = environments[name];
        if (environment) await build(environment);
      }
    },
  },
}));
