/** Which methods a path answers, to tell a wrong method from a wrong path. */
import type { OpenAPIHono } from '@hono/zod-openapi';

/** Upper-case names; empty when no route has this path. */
export function allowedMethods(app: OpenAPIHono, path: string): string[] {
  return [...new Set(app.routes.map((route) => route.method))]
    .filter((method) => method !== 'ALL')
    .filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method))
    .map((method) => method.toUpperCase())
    .sort();
}
