/** The OpenAPI 3.1 document: the declared operations and the named schemas. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { valuesMediaType } from '../schema/typed-json.ts';
import { componentSchemas } from './components.ts';

/** Typed JSON in a paragraph; `src/schema/typed-json.ts` is the whole of it. */
const typedJson =
  `A request whose \`Accept\` names \`${valuesMediaType}\` gets them typed instead, and a body of that \`Content-Type\` is read so: ` +
  'what JSON lacks is an object with the key `$type`, such as `{"$type": "Date", "value": "2026-01-31T12:00:00.000Z"}`, ' +
  '`{"$type": "bigint", "value": "123"}`, `{"$type": "number", "value": "NaN"}` (or `Infinity`, `-Infinity`, `-0`), `{"$type": "undefined"}`, ' +
  '`{"$type": "Map", "value": [[key, value]]}`, `{"$type": "Set", "value": [item]}`, `{"$type": "RegExp", "value": "a+", "flags": "g"}`, ' +
  '`{"$type": "Uint8Array", "value": base64}` (every typed array, `DataView` and `ArrayBuffer`; little-endian; with `buffer`, `offset` and `length` where views share a buffer), ' +
  '`{"$type": "Error", "name", "message", "stack", "cause", "fields"}`, `{"$type": "Number", "value": 1}` (boxed primitives), ' +
  '`{"$type": "Array", "length": 3, "value": [["0", item]]}` (lists with holes), `{"$type": "Object", "value": [[key, value]]}` (objects with a key `$type`, `__proto__` or `constructor`). ' +
  'An object in several places is `{"$type": "shared", "id": 1, "value": …}` at the first and `{"$type": "ref", "id": 1}` at the others. ' +
  'What does not make sense is refused as `bad_value`, with its place. ' +
  'A graph whose field `encoding` is `handloom.values` is read as typed JSON whatever the content type: the studio exports graphs so whose inputs or params JSON alone could not say.';

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** Builds the document; takes a while, so build it once and only when asked for. */
export function openApiDocument(app: OpenAPIHono, version: string): OpenApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Handloom',
      version,
      description:
        'Task graphs: keep them, run them, follow them. The same API on every host. Lists answer `{items, nextCursor}`; errors are problem+json with a stable `code`. Values that JSON lacks are written as JSON can: dates as ISO 8601 text, maps as objects, sets and typed arrays as lists, NaN and infinities as null, big integers beyond the safe range as decimal text. ' +
        typedJson,
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
