/** The OpenAPI 3.1 document: the declared operations and the named schemas. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { componentSchemas } from './components.ts';

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** Builds the document; takes a while, so build it once and only when asked for. */
export function openApiDocument(app: OpenAPIHono, version: string): OpenApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Handloom',
      version,
      description:
        'Task graphs: keep them, run them, follow them. The same API on every host. Lists answer `{items, nextCursor}`; errors are problem+json with a stable `code`. Values that JSON lacks are written as JSON can: dates as ISO 8601 text, maps as objects, sets and typed arrays as lists, NaN and infinities as null, big integers beyond the safe range as decimal text.',
      license: { name: 'MIT' },
    },
    tags: [
      { name: 'Graphs', description: 'The documents.' },
      { name: 'Runs', description: 'What happened when a graph ran.' },
      { name: 'Data', description: 'Files of the workspace, and tables.' },
      { name: 'System', description: 'The host and what it offers.' },
    ],
  });
  return { ...document, components: { ...document.components, schemas: componentSchemas() as never } };
}
