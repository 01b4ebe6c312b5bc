/**
 * The app itself, kept for when there is no network.
 *
 * Each build's files are one cache, filled as a whole when that build's service worker is installed, so a page never
 * gets parts of two builds. What is heavy and not needed by everybody joins it when it is first used. WebAssembly,
 * which weighs more than all the rest, is kept in a cache of its own then, and stays from build to build while its
 * name does.
 */
import { files, version } from 'virtual:app-shell';

const shellPrefix = 'handloom-shell-';
const shell = shellPrefix + version;
const large = 'handloom-large';
/** How long a page waits for the network before it opens from the cache, in milliseconds. */
const navigationPatience = 3000;

/** Fetches and keeps the whole app; rejects, keeping nothing, when any of it is missing. */
export async function keepApp(): Promise<void> {
  const cache = await caches.open(shell);
  // Only files below /assets/ carry a hash in their names, and so can be taken as the browser has them.
  const requests = files.map(
    (url) => new Request(url, { cache: url.startsWith('/assets/') ? 'default' : 'reload' }),
  );
  try {
    await cache.addAll(requests);
  } catch (error) {
    await caches.delete(shell);
    throw error;
  }
}

/** Drops the files of earlier builds. */
export async function dropEarlierApps(): Promise<void> {
  const names = await caches.keys();
  const earlier = names.filter((name) => name.startsWith(shellPrefix) && name !== shell);
  await Promise.all(earlier.map((name) => caches.delete(name)));
}

/** The app's page, whatever its address: the server's when it answers in time, else the one that was kept. */
export async function servePage(request: Request): Promise<Response> {
  const network = fetch(request);
  const good = network
    .then((response) => (response.status < 500 ? response : undefined))
    .catch(() => undefined);
  return (await inTime(good)) ?? (await caches.match('/', { cacheName: shell })) ?? network;
}

/** A file of the app: as it was kept, else from the network. */
export async function serveFile(
  request: Request,
  waitUntil: (done: Promise<unknown>) => void,
): Promise<Response> {
  const kept =
    (await caches.match(request, { cacheName: shell })) ??
    (await caches.match(request, { cacheName: large }));
  if (kept) return kept;
  const response = await fetch(request);
  const { pathname } = new URL(request.url);
  if (files.length > 0 && response.status === 200) {
    if (pathname.endsWith('.wasm')) waitUntil(keepLarge(pathname, response.clone()));
    else if (/^\/(assets|samples)\//.test(pathname)) waitUntil(keepUsed(pathname, response.clone()));
  }
  return response;
}

async function keepUsed(pathname: string, response: Response): Promise<void> {
  try {
    await (await caches.open(shell)).put(pathname, response);
  } catch {
    // No room for it: it will come from the network again.
  }
}

async function keepLarge(pathname: string, response: Response): Promise<void> {
  const cache = await caches.open(large);
  try {
    await cache.put(pathname, response);
  } catch {
    // No room for it: it will come from the network again.
    return;
  }
  for (const { url } of await cache.keys()) {
    const other = new URL(url).pathname;
    if (other !== pathname && withoutHash(other) === withoutHash(pathname)) await cache.delete(url);
  }
}

/** `/assets/duckdb-eh-Bx3k_9aQ.wasm` → `/assets/duckdb-eh.wasm`: Vite's hashes have eight characters. */
const withoutHash = (pathname: string) => pathname.replace(/-[\w-]{8}(?=\.\w+$)/, '');

function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), navigationPatience);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
