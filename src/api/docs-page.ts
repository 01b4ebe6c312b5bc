/** The API's documentation as a page: made on the host from the OpenAPI document, without a script. */
import type { OpenApiDocument } from './openapi.ts';

interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  description?: string;
}
interface Described {
  description?: string;
  content?: Record<string, { schema?: JsonSchema }>;
}
interface OperationObject {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: JsonSchema }[];
  requestBody?: Described;
  responses?: Record<string, Described>;
}

/** The page's HTML. `source` is where the document itself is found. */
export function docsPage(document: OpenApiDocument, source: string): string {
  const { info, tags = [], paths = {}, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, OperationObject>).map(([method, operation]) => ({
      path,
      method,
      operation,
    })),
  );
  const sections = tags.map(({ name, description }) => {
    const mine = operations.filter(({ operation }) => operation.tags?.includes(name));
    return `<section id="${name}"><h2>${name}</h2><p>${inline(description ?? '')}</p>${mine.map(operationHtml).join('')}</section>`;
  });
  const schemas = Object.entries((components?.schemas ?? {}) as Record<string, JsonSchema>).map(
    ([name, schema]) =>
      `<article class="card" id="schema-${name}"><h3>${name}</h3>${schemaHtml(schema)}</article>`,
  );
  const links = [...tags.map(({ name }) => name), 'Schemas'].map((name) => `<a href="#${name}">${name}</a>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(info.title)} API</title><style>${style}</style></head><body>
<nav><strong>${escapeHtml(info.title)}</strong>${links.join('')}<a href="${escapeHtml(source)}">openapi.json</a></nav>
<main><h1>${escapeHtml(info.title)} API <small>${escapeHtml(info.version)}</small></h1><p>${inline(info.description ?? '')}</p>
${sections.join('')}<section id="Schemas"><h2>Schemas</h2>${schemas.join('')}</section></main></body></html>`;
}

function operationHtml({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: OperationObject;
}): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, required, description, schema, in: place }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? ' <em>required</em>' : ''}</td><td>${place}</td><td>${typeText(schema)} ${inline(description ?? '')}</td></tr>`,
  );
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, answer]) =>
      `<tr><td><code>${status}</code></td><td colspan="2">${contentText(answer) || inline(answer.description ?? '')}</td></tr>`,
  );
  const body = operation.requestBody
    ? `<tr><td>Body</td><td colspan="2">${contentText(operation.requestBody)}</td></tr>`
    : '';
  return `<article class="card"><h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code></h3>
<p><b>${inline(operation.summary ?? '')}.</b> ${inline(operation.description ?? '')}</p><table>${parameters.join('')}${body}${answers.join('')}</table></article>`;
}

function contentText(described: Described): string {
  return Object.entries(described.content ?? {})
    .map(
      ([type, { schema }]) =>
        `${schema?.$ref || schema?.properties ? typeText(schema) : inline(schema?.description ?? '')} <small>${escapeHtml(type)}</small>`,
    )
    .join('<br>');
}

function schemaHtml(schema: JsonSchema): string {
  const description = schema.description ? `<p>${inline(schema.description)}</p>` : '';
  if (!schema.properties) return `${description}<p>${typeText(schema)}</p>`;
  const rows = Object.entries(schema.properties).map(([name, property]) => {
    const required = schema.required?.includes(name) ? ' <em>required</em>' : '';
    const fallback =
      property.default === undefined
        ? ''
        : ` · default <code>${escapeHtml(JSON.stringify(property.default))}</code>`;
    return `<tr><td><code>${escapeHtml(name)}</code>${required}</td><td>${typeText(property)}${fallback} ${inline(property.description ?? '')}</td></tr>`;
  });
  return `${description}<table>${rows.join('')}</table>`;
}

/** A schema in a few words, with links to those that have names. */
function typeText(schema: JsonSchema | undefined): string {
  if (!schema) return '';
  if (schema.$ref) {
    const name = escapeHtml(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  if (schema.enum) return schema.enum.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ');
  if (schema.items) return `list of ${typeText(schema.items)}`;
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(
      ([name, property]) => `${escapeHtml(name)}: ${typeText(property)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (typeof schema.additionalProperties === 'object')
    return `object of ${typeText(schema.additionalProperties) || 'any'}`;
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any');
  const bounds = [schema.minimum, schema.maximum].some(
    (bound) => Number.isSafeInteger(bound) && Math.abs(bound ?? 0) < 1e9,
  )
    ? ` <small>${schema.minimum ?? ''}…${Math.abs(schema.maximum ?? 1e9) < 1e9 ? schema.maximum : ''}</small>`
    : '';
  return escapeHtml(type) + bounds;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Text with `code` in back-quotes. */
function inline(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const style = `
:root{color-scheme:light dark;--ground:#f5f2ea;--card:#fffefb;--line:#e3dccf;--text:#26221c;--soft:#706858;--accent:#0b5c5c;--busy:#8a5b06;--fail:#ae3628}
@media(prefers-color-scheme:dark){:root{--ground:#111419;--card:#1c2129;--line:#272d37;--text:#ece7dd;--soft:#938e84;--accent:#7dcfc8;--busy:#e4b65e;--fail:#f08c7c}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:15px/1.6 Inter,system-ui,sans-serif}
nav{position:sticky;top:0;display:flex;gap:1.25rem;padding:.75rem 2rem;background:var(--card);border-bottom:1px solid var(--line);overflow-x:auto}
nav a{color:var(--soft);text-decoration:none}nav a:last-child{margin-left:auto}a{color:var(--accent)}
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
main{max-width:60rem;margin:0 auto;padding:2rem}h1{font-size:1.75rem;letter-spacing:-.02em}h1 small{font-size:1rem;color:var(--soft);font-weight:400}
h2{margin-top:3rem;font-size:1.25rem}h3{margin:0;font-size:1rem;font-weight:600}section,article{scroll-margin-top:4rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:.75rem 0}
code{font:13px/1.5 'JetBrains Mono',ui-monospace,monospace}small,em{color:var(--soft);font-style:normal;font-size:.85em}
table{width:100%;border-collapse:collapse;font-size:.9rem}td{padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:first-child{width:13rem}.method{display:inline-block;min-width:4rem;font:600 12px/1 ui-monospace,monospace;color:var(--accent)}
.post,.put{color:var(--busy)}.delete{color:var(--fail)}`;
