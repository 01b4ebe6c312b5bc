/**
 * Lets other processes of this user reach a host that works on their data folder: its API on a socket of its own.
 * A record in the folder says which process that is, and where the socket lies.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { liveFolder } from './data-folder.ts';
import { isAlive } from './process-name.ts';

/** Where a host can be reached. */
export interface LiveRecord {
  owner: string;
  socket: string;
  /** It goes on when its runs have ended, so others may start runs in it. */
  stays: boolean;
}

export interface ControlSocketOptions {
  dataDir: string;
  owner: string;
  stays: boolean;
  /** Made at the first connection: a run that nobody steers does not wait for an API. */
  api: () => Promise<HttpServer>;
}

export interface ControlSocket {
  close(): Promise<void>;
}

/** Bytes of the longest path a socket may have on every system, the smallest of which allows 104 with its end. */
const longestPath = 103;
/** Milliseconds in which answers under way may still come when the host ends. */
const lastWordsMs = 500;
const isWindows = process.platform === 'win32';

/** Opens the socket of this host. Where none can be had, the host does its work all the same. */
export async function openControlSocket(options: ControlSocketOptions): Promise<ControlSocket> {
  const { dataDir, owner, stays } = options;
  // A record's reader may be in another folder.
  const folder = resolve(liveFolder(dataDir));
  const name = randomBytes(6).toString('hex');
  const record = join(folder, `${name}.json`);
  try {
    // Whoever cannot enter the folder cannot open the sockets in it.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    await sweep(folder);
    const { shut, socket } = await listen(folder, name, options.api);
    const text = JSON.stringify({ owner, socket, stays } satisfies LiveRecord);
    await writeFile(`${record}.tmp`, text, { mode: 0o600 });
    await rename(`${record}.tmp`, record);
    return {
      async close() {
        await shut();
        await forget(folder, record, socket);
      },
    };
  } catch {
    await rm(record, { force: true }).catch(() => {});
    return { close: async () => {} };
  }
}

/** What is said of the hosts that work on a folder. */
export async function liveRecords(dataDir: string): Promise<LiveRecord[]> {
  const folder = liveFolder(dataDir);
  const records = await Promise.all((await recordFiles(folder)).map(readRecord));
  return records.filter((record) => record !== undefined);
}

async function listen(folder: string, name: string, api: ControlSocketOptions['api']) {
  if (isWindows) {
    const socket = `\\\\.\\pipe\\handloom-${name}`;
    return { shut: await serveAt(socket, api), socket };
  }
  const beside = join(folder, `${name}.sock`);
  // Some file systems know no sockets.
  const shut =
    Buffer.byteLength(beside) > longestPath ? undefined : await serveAt(beside, api).catch(() => undefined);
  if (shut) return { shut, socket: beside };
  const socket = join(await mkdtemp(join(tmpdir(), 'handloom-')), 'sock');
  return { shut: await serveAt(socket, api), socket };
}

/** @returns what ends it again */
async function serveAt(path: string, api: ControlSocketOptions['api']): Promise<() => Promise<void>> {
  let http: Promise<HttpServer> | undefined;
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    http ??= api();
    http.then(
      (handler) => {
        handler.emit('connection', socket);
        socket.resume();
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A host ends when its work is done, whoever listens.
  server.unref().on('error', () => {});
  if (!isWindows) await chmod(path, 0o600);
  return async () => {
    const closed = new Promise((done) => server.close(done));
    // What was asked is still answered, but event streams stay open for as long as their readers like.
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, lastWordsMs);
    await closed;
    clearTimeout(timer);
  };
}

/** Removes what hosts have left behind that had no time to. */
async function sweep(folder: string): Promise<void> {
  for (const file of await recordFiles(folder)) {
    const record = await readRecord(file);
    if (record && !isAlive(record.owner)) await forget(folder, file, record.socket);
  }
}

async function forget(folder: string, record: string, socket: string): Promise<void> {
  await rm(record, { force: true }).catch(() => {});
  if (isWindows) return;
  await rm(socket, { force: true }).catch(() => {});
  const own = dirname(socket);
  if (own !== folder && own.startsWith(join(tmpdir(), 'handloom-'))) {
    await rm(own, { recursive: true, force: true }).catch(() => {});
  }
}

async function recordFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

async function readRecord(file: string): Promise<LiveRecord | undefined> {
  try {
    const { owner, socket, stays } = JSON.parse(await readFile(file, 'utf8'));
    return typeof owner === 'string' && typeof socket === 'string'
      ? { owner, socket, stays: stays === true }
      : undefined;
  } catch {
    // Its host has just ended, or somebody else's hand was in it.
    return undefined;
  }
}
