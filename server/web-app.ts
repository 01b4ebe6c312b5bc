/** All that a Node host serves: its API for other programs, the same for the pages it hosts, and the app itself. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { type AppOptions, createApp } from '../src/api/create-app.ts';
import { problemResponse } from '../src/api/respond.ts';
import type { Services } from '../src/api/services.ts';
import { HandloomError } from '../src/errors.ts';
import { contentSecurityPolicy } from './content-security.ts';
import { guardRequest, isLoopback } from './request-guard.ts';
import type { ForwardRun } from './run-forwarder.ts';
import { staticFiles } from './static-files.ts';

export interface WebAppOptions extends Omit<AppOptions, 'basePath'> {
  /** Folder of the built app. */
  webDir: string;
  /** The host the server listens on. */
  host: string;
  /** Answers for runs that live in other processes. */
  forward?: ForwardRun;
}

/** Makes SharedArrayBuffer and exact timers available, and keeps other sites' pages from holding ours. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function createWebApp(services: Services, options: WebAppOptions): Hono<{ Bindings: HttpBindings }> {
  const { webDir, host, forward, ...apiOptions } = options;
  const files = staticFiles(webDir);
  const policy = contentSecurityPolicy(webDir);
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.use('*', async (c, next) => {
    guardRequest(c.req.raw, host);
    await next();
    for (const [name, value] of Object.entries(isolation)) c.res.headers.set(name, value);
  });
  for (const basePath of ['/api', '/server/api']) {
    const api = createApp(services, { ...apiOptions, basePath });
    app.all(`${basePath}/*`, async (c) => (await forward?.(c.req.raw, basePath)) ?? api.fetch(c.req.raw));
    app.all(basePath, (c) => api.fetch(c.req.raw));
  }
  app.get('*', async (c) => {
    const { path } = c.req;
    const nearby = isLoopback(c.env?.incoming?.socket?.remoteAddress?.replace('::ffff:', '') ?? '');
    const isPage = !/\.\w+$/.test(path) && !path.startsWith('/server/');
    const answer = await files.answer(
      files.has(path) ? path : isPage ? '/index.html' : path,
      c.req.raw,
      nearby,
    );
    if (!answer) return c.notFound();
    if (answer.headers.get('content-type')?.startsWith('text/html')) {
      answer.headers.set('content-security-policy', policy);
    }
    if (path === '/service-worker.js') answer.headers.set('service-worker-allowed', '/');
    return answer;
  });
  app.notFound((c) => {
    if (c.req.path === '/' && !files.has('/index.html')) {
      return c.text('The app has not been built: run `npm run build`. The API is at /api.', 404);
    }
    return problemResponse(new HandloomError('not_found', ''), c.req.path);
  });
  app.onError((error) => problemResponse(error));
  return app;
}
