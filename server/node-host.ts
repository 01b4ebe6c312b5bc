/** A Node host: the engine with its store on disk, its workers, and the workspace. */
import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { customAlphabet } from 'nanoid';
import type { Services } from '../src/api/services.ts';
import { createEngine, type Engine } from '../src/engine/engine.ts';
import type { Retention } from '../src/engine/retention/retention.ts';
import { withSamples } from '../src/files/sample-files.ts';
import { prepareTools } from '../src/nodes/compile.ts';
import { registry } from '../src/nodes/registry.ts';
import { PoolExecutor } from '../src/pool/pool-executor.ts';
import type { Spawn } from '../src/pool/worker-handle.ts';
import { bundledSamples } from './bundled-samples.ts';
import { openControlSocket } from './control-socket.ts';
import { databaseFile, filesFolder, makeDataFolder } from './data-folder.ts';
import { createDirectoryFiles } from './directory-files.ts';
import { collectSoon } from './heap-growth.ts';
import { tablesWhenFirstUsed } from './lazy-tables.ts';
import { processSpawner, threadSpawner } from './node-workers.ts';
import { isAlive, owner } from './process-name.ts';
import { createSqliteStore } from './store/sqlite-store.ts';
import { systemClock } from './system-clock.ts';
import { version } from './version.ts';

export interface NodeHostOptions {
  /** Keeps graphs, runs and artifacts; made if need be. */
  dataDir: string;
  /** The workspace of the nodes; default `files` within the data folder. */
  files?: string | undefined;
  /** Cores to use; default all. */
  workers?: number | undefined;
  /** Which ended runs are kept; default all. */
  retention?: Retention | undefined;
  /** Makes its worker threads, some of which may have been started already. */
  threads?: Spawn;
  /** It goes on when its runs have ended, so other processes may start runs in it. */
  stays?: boolean;
}

export interface NodeHost {
  engine: Engine;
  /** What the API needs; loads what the command line does without. */
  services(): Promise<Services>;
  /** Ends the workers and closes the store. */
  close(): Promise<void>;
}

/** Ids that are easy to read out and to select with a double click. */
const newId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 14);

/** Opens a host. @throws StoreError when the data folder cannot be used */
export async function openNodeHost(options: NodeHostOptions): Promise<NodeHost> {
  const { dataDir, workers = availableParallelism(), stays = false } = options;
  collectSoon();
  await makeDataFolder(dataDir);
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const control = openControlSocket({
    dataDir,
    owner,
    stays,
    api: () => opened.then(() => localApi(services())),
  });
  const folder = createDirectoryFiles(options.files ?? filesFolder(dataDir));
  const files = withSamples(folder, bundledSamples());
  const tables = tablesWhenFirstUsed(async () => {
    const { createDuckDbTables } = await import('./duckdb-tables.ts');
    return createDuckDbTables({ files, artifacts: store.artifacts });
  });
  const executor = new PoolExecutor({
    cores: workers,
    clock: systemClock,
    thread: options.threads ?? threadSpawner(),
    process: processSpawner(),
    world: { fetch, files, tables },
    onProgress: ({ run, node }, _, fraction) => engine.progressed(run, node, fraction),
  });
  // Threads take longer to start than the store takes to open, so they go first.
  executor.warm();
  const store = await createSqliteStore(databaseFile(dataDir)).catch(async (error) => {
    executor.shutdown();
    await (await control).close();
    throw error;
  });
  const engine = createEngine({
    store,
    executor,
    registry,
    clock: systemClock,
    newId,
    tools: prepareTools,
    owner,
    isAlive,
    ...(options.retention && { retention: options.retention }),
  });
  // Once: whoever follows a graph hears only of the changes that come by its own library.
  let made: Promise<Services> | undefined;
  const services = () => (made ??= makeServices());
  const makeServices = async (): Promise<Services> => {
    const { createGraphLibrary } = await import('../src/sync/graph-library.ts');
    const graphs = createGraphLibrary(store.graphs, { now: systemClock.now, newId });
    return {
      host: 'node',
      version,
      registry,
      graphs,
      runs: engine,
      files,
      tables,
      isolation: () => 'threads',
    };
  };
  open();
  await control;
  return {
    engine,
    services,
    async close() {
      await (await control).close();
      await engine.leave();
      executor.shutdown();
      await tables.close();
      await store.close();
    },
  };
}

/** What other processes of this user are answered. */
async function localApi(services: Promise<Services>): Promise<Server> {
  const [{ createAdaptorServer }, { createApp }] = await Promise.all([
    import('@hono/node-server'),
    import('../src/api/create-app.ts'),
  ]);
  return createAdaptorServer({ fetch: createApp(await services).fetch }) as Server;
}
