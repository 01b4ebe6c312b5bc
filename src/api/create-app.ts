/**
 * The REST API. One app on every host: Node serves it over HTTP, the engine worker over a port, the service worker
 * to the pages of its origin. What a host has is in its {@link Services}.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Clock } from '../engine/clock.ts';
import { HandloomError, ValidationError } from '../errors.ts';
import { maxJsonBytes } from '../schema/read-json.ts';
import { allowedMethods } from './allowed-methods.ts';
import type { Api } from './operation.ts';
import { statusOf } from './problem.ts';
import { problemResponse } from './respond.ts';
import { analysisRoutes } from './routes/analysis.ts';
import { documentRoutes } from './routes/documents.ts';
import { fileRoutes } from './routes/files.ts';
import { graphRoutes } from './routes/graphs.ts';
import { healthRoutes } from './routes/health.ts';
import { nodeTypeRoutes } from './routes/node-types.ts';
import { runControlRoutes } from './routes/run-control.ts';
import { runRoutes } from './routes/runs.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { tableRoutes } from './routes/tables.ts';
import { taskRoutes } from './routes/tasks.ts';
import type { Services } from './services.ts';

export interface AppOptions {
  /** Where the API begins; default `/api`. */
  basePath?: string;
  /** For heartbeats; default the host's own timers. */
  clock?: Clock;
  /** Default 64 MB. */
  maxBodyBytes?: number;
  /** Told of errors Handloom did not expect; their answers say nothing of the inside. */
  onUnexpected?: (error: unknown, request: Request) => void;
}

const hostClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** Builds the API of a host. */
export function createApp(services: Services, options: AppOptions = {}): OpenAPIHono {
  const { basePath = '/api', clock = hostClock, maxBodyBytes = maxJsonBytes, onUnexpected } = options;
  const app = new OpenAPIHono().basePath(basePath);
  const api: Api = { app, services, clock, maxBodyBytes };

  app.use('*', (c, next) => {
    refuseBadEncoding(c.req.url);
    return next();
  });
  healthRoutes(api);
  nodeTypeRoutes(api);
  statisticsRoutes(api);
  graphRoutes(api);
  analysisRoutes(api);
  runRoutes(api);
  runControlRoutes(api);
  taskRoutes(api);
  tableRoutes(api);
  fileRoutes(api);
  documentRoutes(api, basePath);

  app.notFound((c) => {
    const methods = allowedMethods(app, c.req.path);
    if (methods.length === 0) return problemResponse(new HandloomError('not_found', ''), c.req.path);
    const message = `${c.req.path} answers ${methods.join(', ')}, not ${c.req.method}.`;
    return problemResponse(new HandloomError('method_not_allowed', message), undefined, {
      allow: methods.join(', '),
    });
  });
  app.onError((error, c) => {
    if (statusOf(error) === 500) onUnexpected?.(error, c.req.raw);
    return problemResponse(error);
  });
  return app;
}

/** `%` must be followed by what makes UTF-8; otherwise names would reach the stores half decoded. */
function refuseBadEncoding(url: string): void {
  const { pathname, search } = new URL(url);
  if (isDecodable(pathname) && isDecodable(search)) return;
  throw new ValidationError('bad_encoding', 'The address is not valid percent-encoded UTF-8.');
}

function isDecodable(text: string): boolean {
  try {
    // The result is used, since bundlers take a call whose result is not for one without effect, and leave it out.
    return typeof decodeURIComponent(text) === 'string';
  } catch {
    return false;
  }
}
