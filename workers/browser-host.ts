/** Puts the browser's host together: what the engine needs, here, and the API over it. */
import { customAlphabet } from 'nanoid';
import { version } from '../package.json';
import { createApp } from '../src/api/create-app.ts';
import type { Isolation } from '../src/api/engine-channel.ts';
import type { Clock } from '../src/engine/clock.ts';
import { createEngine } from '../src/engine/engine.ts';
import { HandloomError, NotFoundError, StoreError } from '../src/errors.ts';
import { samples } from '../src/examples/samples.ts';
import { createOpfsFiles } from '../src/files/opfs-files.ts';
import { fetchedSamples, withSamples } from '../src/files/sample-files.ts';
import type { Files, PrepareTools } from '../src/nodes/define-node.ts';
import { registry } from '../src/nodes/registry.ts';
import { chooseBrowserWorkers } from '../src/pool/browser-workers.ts';
import type { LibraryName, LibraryUrls } from '../src/pool/library-text.ts';
import { PoolExecutor } from '../src/pool/pool-executor.ts';
import { createDexieStore } from '../src/store/dexie-store.ts';
import { createGraphLibrary } from '../src/sync/graph-library.ts';
import { createWasmTables } from '../src/tables/wasm-tables.ts';

export interface BrowserHostOptions {
  /** The page's port to the sandboxed frame; undefined where there is none. */
  sandbox: MessagePort | undefined;
  taskWorkerUrl: string;
  /** Of the script that brings mathjs into a task worker. */
  mathjsUrl: string;
  /** The host cannot go on: its store was taken away. */
  onLost: (error: HandloomError) => void;
}

export interface BrowserHost {
  handle(request: Request): Response | Promise<Response>;
  isolation: Isolation;
  /** Brings all that has happened into the store, since this worker may end at any moment. */
  prepareToLeave(): Promise<void>;
}

/** Ids that are easy to read out and to select with a double click. */
const newId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 14);

/** Browsers fire at once what should wait longer than this. */
const longestMs = 2_147_483_647;

const clock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};

/**
 * Opens the host, to be done by one worker of the origin alone.
 * @throws StoreError when the browser gives us no database
 */
export async function createBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const { sandbox, taskWorkerUrl, mathjsUrl, onLost } = options;
  const [files, store, workers] = await Promise.all([
    openFiles(),
    createDexieStore('handloom', { onClosed: (reason) => onLost(storeLost(reason)) }),
    chooseBrowserWorkers({ ...(sandbox && { sandbox }), taskWorkerUrl, clock }),
  ]);
  if (workers.reason) console.warn(`Tasks run without the sandbox: ${workers.reason}`);
  const tables = createWasmTables({ files, artifacts: store.artifacts });
  const executor = new PoolExecutor({
    cores: navigator.hardwareConcurrency,
    clock,
    thread: workers.spawn,
    process: workers.spawn,
    world: {
      fetch: (input, init) => fetch(input, init),
      files,
      tables,
      library: libraries({ mathjs: mathjsUrl }),
    },
    onProgress: ({ run, node }, _, fraction) => runs.progressed(run, node, fraction),
  });
  const { tools, ready: toolsReady } = compileTools();
  const runs = createEngine({ store, executor, registry, clock, newId, tools });
  const { pending, running, paused } = await store.runs.counts();
  if (pending + running + paused > 0) {
    // An engine before this one has left them. They are to be live before anybody asks about them.
    await toolsReady();
    await runs.recover();
  }
  runs.tidy().catch((error) => console.warn('What is not needed any more could not be removed:', error));
  const graphs = createGraphLibrary(store.graphs, { now: clock.now, newId });
  const { isolation } = workers;
  const app = createApp(
    { host: 'browser', version, registry, graphs, runs, files, tables, isolation: () => isolation },
    { clock, onUnexpected: (error, { method, url }) => console.error(`${method} ${url}:`, error) },
  );
  return {
    isolation,
    prepareToLeave: () => runs.prepareToLeave(),
    async handle(request) {
      // Only what changes something checks graphs, and with them code.
      if (request.method !== 'GET') await toolsReady();
      return app.fetch(request);
    },
  };
}

/** The workspace: a folder of the origin's private file system, with the samples that are served beside the app. */
async function openFiles(): Promise<Files> {
  const root = await navigator.storage.getDirectory();
  const own = createOpfsFiles(await root.getDirectoryHandle('workspace', { create: true }));
  return withSamples(
    own,
    fetchedSamples('/samples/', [...samples], (url) => fetch(url)),
  );
}

/** Gives the texts of scripts that task workers ask for, by name. */
function libraries(urls: LibraryUrls): (name: LibraryName) => Promise<string> {
  return async (name) => {
    if (!Object.hasOwn(urls, name)) throw new NotFoundError('library', String(name));
    const response = await fetch(urls[name]);
    if (!response.ok) throw new HandloomError('library_missing', `The library ${name} could not be loaded.`);
    return response.text();
  };
}

/** The compiler of nodes' code is loaded beside the first requests, not before them. */
function compileTools(): { tools: PrepareTools; ready(): Promise<void> } {
  let loaded: PrepareTools | undefined;
  const load = async () => {
    loaded = (await import('../src/nodes/compile.ts')).prepareTools;
  };
  let loading: Promise<void> | undefined;
  const ready = () => {
    loading ??= load().catch((cause) => {
      loading = undefined;
      throw new HandloomError('compiler_missing', 'The compiler for code could not be loaded.', { cause });
    });
    return loading;
  };
  ready().catch(() => {});
  return {
    ready,
    tools: {
      compile(source, field) {
        if (!loaded)
          throw new HandloomError('compiler_missing', 'The compiler for code has not been loaded.');
        return loaded.compile(source, field);
      },
    },
  };
}

const storeLost = (reason: 'newer_version' | 'lost') =>
  reason === 'newer_version'
    ? new StoreError(
        'newer_version',
        'A newer version of Handloom has been opened in another tab. Reload this one.',
      )
    : new StoreError('store_closed', 'The browser has closed the database.');
