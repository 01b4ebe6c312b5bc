/**
 * The service worker: answers `/api/` for everything in this origin, by asking the engine, and opens the app without
 * a network. It keeps no state, since the browser ends it whenever it likes, and the app's own pages do without it:
 * they talk to the engine over a port.
 */
import { createRelay } from './api-relay.ts';
import { dropEarlierApps, keepApp, serveFile, servePage } from './app-cache.ts';

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', (event) => {
  // The first one takes over at once. A later one would serve new files to pages of the old build, so it waits until
  // they are closed, or until one of them says so.
  if (!self.registration.active) event.waitUntil(self.skipWaiting());
  event.waitUntil(keepApp());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), dropEarlierApps()]));
});

self.addEventListener('message', (event) => {
  if (event.data === 'activate') event.waitUntil(self.skipWaiting());
  // A page that was reloaded past the service worker asks to be served again.
  if (event.data === 'claim') event.waitUntil(self.clients.claim());
});

let relay: ReturnType<typeof createRelay> | undefined;

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (pathname === '/api' || pathname.startsWith('/api/')) {
    relay ??= createRelay();
    event.respondWith(relay(request));
  } else if (request.method !== 'GET' || pathname.startsWith('/server/')) {
    // What the Node host answers itself is none of ours.
  } else if (request.mode === 'navigate' && !/\.\w+$/.test(pathname)) {
    // As on the server, an address that looks like a file is one, and any other is a page of the app.
    event.respondWith(servePage(request));
  } else {
    event.respondWith(serveFile(request, (done) => event.waitUntil(done)));
  }
});
