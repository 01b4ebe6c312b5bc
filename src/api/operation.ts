/**
 * How a route is declared: what it takes and gives (for the OpenAPI document) beside its handler, in one call.
 * Queries are checked here; bodies are read by the handlers, through `request-body.ts`.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Clock } from '../engine/clock.ts';
import { valuesMediaType } from '../schema/typed-json.ts';
import type { ComponentName } from './components.ts';
import { parseWith } from './request-body.ts';
import { json, wantsTyped } from './respond.ts';
import type { Services } from './services.ts';

/** What every route file gets. */
export interface Api {
  app: OpenAPIHono;
  services: Services;
  clock: Clock;
  /** Largest body accepted, in bytes. */
  maxBodyBytes: number;
}

/** What a body is: a named schema, a list of one, or something other than JSON. */
export type Content =
  | { schema: ComponentName; pageOf?: boolean }
  | { mediaType: string; description?: string };

export interface Operation<Query extends z.ZodObject> {
  method: 'get' | 'post' | 'put' | 'delete';
  /** As in OpenAPI: `/runs/{id}`. A parameter written `{path+}` takes the rest of the path, slashes and all. */
  path: string;
  tag: 'System' | 'Graphs' | 'Runs' | 'Data';
  summary: string;
  description?: string;
  query?: Query;
  body?: Content & { required?: boolean };
  /** Holds payloads: bodies and answers may also be typed JSON. */
  payloads?: boolean;
  /** Answer when all is well. */
  answer: { status: number; content?: Content; description?: string };
  /** Statuses of the problems it may answer with, beside 400 and 500. */
  problems?: number[];
}

export interface Call<Query> {
  c: Context;
  request: Request;
  query: Query;
  /** A parameter of the path, decoded. */
  param(name: string): string;
  /** An answer as JSON, typed where the request accepts it. */
  json(value: unknown, status?: number): Response;
}

const noQuery = z.object({});

/** Declares a route and its handler. */
export function operation<Query extends z.ZodObject = typeof noQuery>(
  api: Api,
  config: Operation<Query>,
  handle: (call: Call<z.output<Query>>) => Response | Promise<Response>,
): void {
  const { app } = api;
  const parameters = [...config.path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name as string);
  app.openAPIRegistry.registerPath({
    method: config.method,
    path: config.path.replaceAll('+}', '}'),
    tags: [config.tag],
    summary: config.summary,
    ...(config.description && { description: config.description }),
    request: {
      ...(parameters.length > 0 && {
        params: z.object(Object.fromEntries(parameters.map((name) => [name, z.string()]))),
      }),
      ...(config.query && { query: config.query }),
      ...(config.body && {
        body: { required: config.body.required ?? true, content: contentOf(config.body, config.payloads) },
      }),
    },
    responses: {
      [config.answer.status]: {
        description: config.answer.description ?? 'Done.',
        ...(config.answer.content && { content: contentOf(config.answer.content, config.payloads) }),
      },
      ...Object.fromEntries(
        [400, ...(config.problems ?? [])].map((status) => [
          status,
          {
            description: 'A problem.',
            content: { 'application/problem+json': { schema: reference('Problem') } },
          },
        ]),
      ),
    },
  });
  const path = config.path.replaceAll(/\{(\w+)\+\}/g, ':$1{.+}').replaceAll(/\{(\w+)\}/g, ':$1');
  app.on(config.method, path, (c) =>
    handle({
      c,
      request: c.req.raw,
      query: parseWith(config.query ?? noQuery, c.req.query(), 'invalid_parameter') as z.output<Query>,
      param: (name) => c.req.param(name) ?? '',
      json: (value, status) => json(value, status, {}, wantsTyped(c.req.raw)),
    }),
  );
}

const readProblem = {
  type: 'object',
  description:
    'What of the list cannot be read: it ends before its end, or the content of a value is missing or damaged and `{"$missing": hash, "code", "message"}` stands in its place.',
  required: ['code', 'message'],
  properties: { code: { type: 'string' }, message: { type: 'string' } },
};

const reference = (name: ComponentName) => ({ $ref: `#/components/schemas/${name}` });

function contentOf(content: Content, payloads = false): Record<string, { schema: object }> {
  if ('mediaType' in content)
    return { [content.mediaType]: { schema: { description: content.description ?? '' } } };
  const one = reference(content.schema);
  const schema = content.pageOf
    ? {
        type: 'object',
        required: ['items', 'nextCursor'],
        properties: {
          items: {
            type: 'array',
            items: one,
            description: 'Fewer than `limit` where they are large: a page ends at about 16 MB.',
          },
          nextCursor: { type: ['string', 'null'] },
          problem: readProblem,
        },
      }
    : one;
  return { 'application/json': { schema }, ...(payloads && { [valuesMediaType]: { schema } }) };
}
