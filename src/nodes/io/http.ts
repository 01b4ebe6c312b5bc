/** Asks a service on the network. */
import { z } from 'zod';
import { HandloomError, ValidationError } from '../../errors.ts';
import { toJsonText } from '../../schema/json.ts';
import { readJson } from '../../schema/read-json.ts';
import { defineNode, type NodeContext } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { fillAddress, isAddressTemplate, splitCredentials, withoutCredentials } from '../http-address.ts';
import { connectionError, httpError, statusError } from '../http-error.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

const params = z.object({
  method: z
    .enum(methods)
    .default('GET')
    .meta(
      field({
        title: 'Method',
        title_zh: '方法',
        widget: 'select',
        labels: Object.fromEntries(methods.map((method) => [method, method])),
        labels_zh: Object.fromEntries(methods.map((method) => [method, method])),
      }),
    ),
  url: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Address',
        title_zh: '地址',
        description:
          '{name} takes a field of the value, {} the value. Without it, each value is the address or {url}.',
        description_zh: '{name} 取值中的字段，{} 取值本身。不填写时，每个值为地址或 {url}。',
        widget: 'text',
        placeholder: 'https://example.org/users/{id}',
      }),
    ),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .meta(
      field({
        title: 'Headers',
        title_zh: '请求头',
        widget: 'json',
        placeholder: '{"Accept-Language": "en"}',
      }),
    ),
  body: z
    .enum(['none', 'json', 'text'])
    .default('none')
    .meta(
      field({
        title: 'Send the value',
        title_zh: '发送值',
        widget: 'select',
        labels: { none: 'No', json: 'As JSON', text: 'As text' },
        labels_zh: { none: '否', json: '以 JSON 发送', text: '以文本发送' },
      }),
    ),
  bodyField: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Send only this field (optional)',
        title_zh: '仅发送此字段（可选）',
        widget: 'text',
        placeholder: 'data',
      }),
    ),
  as: z
    .enum(['json', 'text', 'lines', 'bytes'])
    .default('json')
    .meta(
      field({
        title: 'Read the answer as',
        title_zh: '读取响应为',
        widget: 'select',
        labels: { json: 'JSON', text: 'Text', lines: 'List of lines', bytes: 'Bytes' },
        labels_zh: { json: 'JSON', text: '文本', lines: '行列表', bytes: '字节' },
      }),
    ),
  give: z
    .enum(['body', 'response'])
    .default('body')
    .meta(
      field({
        title: 'Give',
        title_zh: '输出',
        widget: 'select',
        labels: { body: 'What was answered', response: '{status, headers, body}' },
        labels_zh: { body: '响应内容', response: '{status, headers, body}' },
      }),
    ),
});
type Params = z.output<typeof params>;

function refuse(name: keyof Params, code: string, message: string): never {
  throw new ValidationError(code, message, { issues: [{ code, message, field: name }] });
}

function prepare(given: Params): Params {
  const { url, headers, body, method } = given;
  if (url && !isAddressTemplate(url))
    refuse(
      'url',
      'url_invalid',
      `${JSON.stringify(withoutCredentials(url))} is not an address that begins with http:// or https://.`,
    );
  try {
    new Headers(headers);
  } catch (error) {
    refuse('headers', 'headers_invalid', (error as Error).message);
  }
  if (body !== 'none' && isBodiless(method))
    refuse(
      'body',
      'body_not_sent',
      `A ${method} request sends nothing. Choose POST, PUT or PATCH, or send no value.`,
    );
  return given;
}

const isBodiless = (method: string): boolean => method === 'GET' || method === 'HEAD';

function addressOf(template: string | undefined, payload: unknown): string {
  if (template) return fillAddress(template, payload);
  const own = typeof payload === 'object' && payload !== null ? (payload as { url?: unknown }).url : payload;
  if (typeof own === 'string' && isAddressTemplate(own)) return own;
  throw new TypeError(
    `Which address? Set it, or send it as the value or as {url: …}; the value is ${describeValue(payload)}.`,
  );
}

function bodyOf({ body, bodyField }: Params, payload: unknown): string | undefined {
  if (body === 'none') return undefined;
  let data = payload;
  if (bodyField) {
    if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, bodyField))
      throw new TypeError(`There is no field "${bodyField}" to send in ${describeValue(payload)}.`);
    data = (payload as Record<string, unknown>)[bodyField];
  }
  if (body === 'json') {
    if (data === undefined) throw new TypeError('There is nothing to send: the value is undefined.');
    return toJsonText(data);
  }
  if (typeof data === 'string') return data;
  throw new TypeError(`Only a text can be sent as text, not ${describeValue(data)}.`);
}

/** What the user set goes before what is set here. */
function headersOf({ headers, body, as, method }: Params, ctx: NodeContext, authorization?: string): Headers {
  const result = new Headers(headers);
  const suggest = (name: string, value: string) => result.has(name) || result.set(name, value);
  if (authorization !== undefined) suggest('authorization', authorization);
  if (as === 'json') suggest('accept', 'application/json');
  if (body === 'json') suggest('content-type', 'application/json');
  if (body === 'text') suggest('content-type', 'text/plain;charset=utf-8');
  // Lets the service tell a repeat, after a crash or a lost answer, from a new request.
  if (!isBodiless(method)) suggest('idempotency-key', ctx.idempotencyKey);
  return result;
}

/** Runs a part of the exchange; what breaks off becomes an error that names the request. */
async function exchange<T>(method: string, url: string, ctx: NodeContext, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (ctx.signal.aborted) throw ctx.signal.reason;
    if (error instanceof HandloomError || isNamed(error)) throw error;
    throw connectionError(method, url, error);
  }
}

/** Errors that already say what happened: refused by the graph's capabilities, or given up. */
const isNamed = (error: unknown): boolean =>
  ['CapabilityError', 'AbortError', 'TimeoutError'].includes((error as { name?: string } | null)?.name ?? '');

function read(
  bytes: Uint8Array,
  { as, method }: Params,
  url: string,
  { status, headers }: Response,
): unknown {
  if (as === 'bytes') return bytes;
  if (as === 'json') {
    if (bytes.length === 0) return null;
    try {
      return readJson(bytes);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      const type = headers.get('content-type');
      const details = { method, url, status, ...(type !== null && { contentType: type }) };
      throw httpError(error.code, `The answer to ${method} ${url}: ${error.message}`, details);
    }
  }
  const text = new TextDecoder().decode(bytes);
  if (as === 'text') return text;
  const lines = text.split(/\r\n|\n|\r/);
  // The end of the last line begins no further one.
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

export default defineNode({
  type: 'io.http',
  version: 1,
  kind: 'map',
  title: { en: 'HTTP request', zh: 'HTTP 请求' },
  summary: {
    en: "Asks a service on the network; the graph's settings permit its host.",
    zh: '向网络服务发送请求；需在图的设置中允许其主机。',
  },
  icon: 'globe',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'host',
  trigger: true,
  effects: true,
  requires: ['fetch'],
  prepare,
  create: (given: Params) => async (payload, ctx) => {
    const { method, give } = given;
    const { address: url, authorization } = splitCredentials(addressOf(given.url, payload));
    const body = bodyOf(given, payload);
    const init = {
      method,
      headers: headersOf(given, ctx, authorization),
      ...(body !== undefined && { body }),
    };
    const response = await exchange(method, url, ctx, () => ctx.fetch(url, init));
    if (response.status >= 400) throw await statusError(method, url, response);
    const bytes = new Uint8Array(await exchange(method, url, ctx, () => response.arrayBuffer()));
    const content = read(bytes, given, url, response);
    if (give === 'body') return content;
    return { status: response.status, headers: Object.fromEntries(response.headers), body: content };
  },
  examples: [
    {
      title: { en: 'One thing after another', zh: '逐项请求' },
      params: { url: 'https://api.example/users/{id}' },
      payloads: [{ id: 7 }, { id: 'a/b' }],
      results: [{ name: 'Ada' }, { name: 'Grace' }],
      responses: {
        'GET https://api.example/users/7': { body: '{"name": "Ada"}' },
        'GET https://api.example/users/a%2Fb': { body: '{"name": "Grace"}' },
      },
    },
    {
      title: { en: 'Sending JSON', zh: '发送 JSON' },
      params: { method: 'POST', url: 'https://api.example/orders', body: 'json', give: 'response' },
      payloads: [{ item: 'tea', count: 2 }],
      results: [{ status: 201, headers: { 'content-type': 'application/json' }, body: { order: 12 } }],
      responses: {
        'POST https://api.example/orders': {
          status: 201,
          headers: { 'content-type': 'application/json' },
          body: '{"order": 12}',
        },
      },
    },
    {
      title: { en: 'Lines from where the value says', zh: '按值指定的地址读取行' },
      params: { as: 'lines' },
      payloads: ['https://api.example/log.txt'],
      results: [['started', 'ended']],
      responses: { 'GET https://api.example/log.txt': { body: 'started\nended\n' } },
    },
    {
      title: { en: 'What fails', zh: '失败的请求' },
      params: { url: 'https://api.example/{page}' },
      payloads: [{ page: 'missing' }, { page: 'broken' }, { page: '..' }, {}],
      results: [],
      errors: ['HttpError', 'HttpError', 'TypeError', 'TypeError'],
      responses: {
        'GET https://api.example/missing': { status: 404, body: 'No such page.' },
        'GET https://api.example/broken': { body: '{"a": ' },
      },
    },
  ],
});
