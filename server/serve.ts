/** A server for the app and the API, from start to shutdown. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { problemResponse } from '../src/api/respond.ts';
import type { Retention } from '../src/engine/retention/retention.ts';
import { HandloomError } from '../src/errors.ts';
import { BadInput } from './cli/exit.ts';
import { type NodeHost, openNodeHost } from './node-host.ts';
import { isLoopback } from './request-guard.ts';
import { runForwarder } from './run-forwarder.ts';
import { createWebApp } from './web-app.ts';

export interface ServeOptions {
  /** 0 takes any free one. */
  port: number;
  host: string;
  data: string;
  files?: string;
  workers?: number;
  /** Which ended runs are kept; default all. */
  retention?: Retention | undefined;
  /** Folder of the built app; by default where the build puts it, beside this file's. */
  webDir?: string;
  log?: (line: string) => void;
}

export interface RunningServer {
  /** Where it answers, without a slash at the end. */
  url: string;
  host: NodeHost;
  /** Lets go of readers, ends the workers and closes the store. */
  close(): Promise<void>;
}

const defaultWebDir = () => fileURLToPath(new URL('../web', import.meta.url));

/** Starts a server. @throws BadInput when the port or the address cannot be had */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
  let app: ReturnType<typeof createWebApp> | undefined;
  const starting = () =>
    problemResponse(new HandloomError('starting', 'Handloom is starting.'), undefined, {
      'retry-after': '1',
    });
  const server = createAdaptorServer({
    fetch: (request, env) => app?.fetch(request, env) ?? starting(),
  }) as Server;
  // The port first: when it cannot be had, no data folder has been touched.
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = await openNodeHost({
    dataDir: options.data,
    files: options.files,
    workers: options.workers,
    retention: options.retention,
    stays: true,
  }).catch((error) => {
    server.close();
    throw error;
  });
  app = createWebApp(await host.services(), {
    webDir: options.webDir ?? defaultWebDir(),
    host: options.host,
    forward: runForwarder(host.engine, options.data),
    onUnexpected: (error, request) =>
      log(`${request.method} ${new URL(request.url).pathname}: ${(error as Error)?.stack ?? error}`),
  });
  // Runs that a server before this one left unfinished go on; the API answers meanwhile.
  host.engine
    .recover()
    .then(
      (resumed) => {
        if (resumed.length > 0)
          log(`Going on with ${resumed.length} interrupted run${resumed.length > 1 ? 's' : ''}.`);
      },
      (error) => log(`Interrupted runs could not be looked for: ${error?.message ?? error}`),
    )
    .then(() => host.engine.tidy())
    .catch((error) => log(`What is not needed any more could not be removed: ${error?.message ?? error}`));
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    host,
    async close() {
      const closed = new Promise((done) => server.close(done));
      // Event streams would keep it open for as long as their readers like.
      server.closeAllConnections();
      await closed;
      await host.close();
    },
  };
}

/** Serves until the process is told to end; a second signal ends it at once. */
export async function serve(options: ServeOptions): Promise<void> {
  const server = await startServer(options);
  process.stdout.write(`Handloom is at ${server.url}\n`);
  if (!isLoopback(options.host)) {
    process.stderr.write('Whoever can reach this address can run code on this machine.\n');
  }
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(1);
    asked = true;
    server.close().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${error?.stack ?? error}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

function listen(server: Server, { port, host }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new BadInput([whyNot(error, port, host)])));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function whyNot({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === 'EADDRINUSE') return `Port ${port} is in use; --port takes another.`;
  if (code === 'EACCES') return `Port ${port} may not be used by this user; --port takes another.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${host} is no address of this machine.`;
  return `Cannot listen on ${host}:${port}: ${message}`;
}
