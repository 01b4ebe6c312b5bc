/** io.http against a real server, through the broker that checks what a graph may reach. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HandloomError, ValidationError } from '../../src/errors.ts';
import { compile } from '../../src/nodes/compile.ts';
import http from '../../src/nodes/io/http.ts';
import { BatchFrame } from '../../src/pool/batch-frame.ts';
import { ContextBroker, type RequestRecord, type World } from '../../src/pool/context-broker.ts';
import { loadProgram, runBatch } from '../../src/pool/node-runner.ts';

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}
const answers: Record<string, (response: ServerResponse, seen: Seen) => void> = {
  '/echo': (response, { body }) => response.end(body),
  '/json': (response) => response.end('{"a": [1, 2]}'),
  '/empty': (response) => response.writeHead(204).end(),
  '/lines': (response) => response.end('one\r\ntwo\n\n'),
  '/bytes': (response) => response.end(Buffer.from([0, 255])),
  '/busy': (response) => response.writeHead(503, { 'retry-after': '7' }).end('Come back later.'),
  '/page': (response) => response.end('<html>'),
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('part', () => response.destroy());
  },
  '/never': () => {},
};

let server: Server;
let base: string;
let seen: Seen[];
let records: RequestRecord[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body };
    seen.push(one);
    const answer = answers[new URL(url, base).pathname];
    if (answer) answer(response, one);
    else response.end(JSON.stringify(url));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  records = [];
});

interface Conditions {
  hosts?: string[];
  timeoutMs?: number;
}

async function run(
  given: Record<string, unknown>,
  payload?: unknown,
  { hosts = ['127.0.0.1'], timeoutMs }: Conditions = {},
) {
  const params = http.params.parse(given);
  const prepared = structuredClone(await http.prepare?.(params, { compile }));
  const broker = new ContextBroker({ fetch, files: {}, tables: {} } as World, (record) =>
    records.push(record),
  );
  broker.open('r', { capabilities: { fetch: hosts } });
  const program = await loadProgram(
    { key: 'k', run: 'r', node: 'n', type: http.type, prepared, outputs: ['out'], interleaved: false },
    http,
  );
  const batch = {
    id: 1,
    run: 'r',
    node: 'n',
    tasks: [5],
    attempts: [1],
    payloads: [payload],
    stopOnError: false,
  };
  const frame = new BatchFrame(batch, timeoutMs, { access: () => broker.access('r', 'n') });
  const { values, errors } = await runBatch(program, frame);
  broker.close('r');
  return { value: values[0], error: errors[0] };
}

describe('io.http', () => {
  it('reads answers in each form', async () => {
    const read = async (path: string, as: string) => (await run({ url: `${base}/${path}`, as })).value;
    expect(await read('json', 'json')).toEqual({ a: [1, 2] });
    expect(await read('empty', 'json')).toBeNull();
    expect(await read('json', 'text')).toBe('{"a": [1, 2]}');
    expect(await read('lines', 'lines')).toEqual(['one', 'two', '']);
    expect(await read('bytes', 'bytes')).toEqual(new Uint8Array([0, 255]));
  });

  it('fills the address from the value, so that no field can lead elsewhere', async () => {
    const url = `${base}/users/{id}?q={query.text}&n={ count }`;
    const { value } = await run({ url }, { id: 'a/../b?x#y', query: { text: '茶 & 1=1' }, count: 2 });
    expect(value).toBe('/users/a%2F..%2Fb%3Fx%23y?q=%E8%8C%B6%20%26%201%3D1&n=2');
    expect((await run({ url: `${base}/n/{}` }, 12)).value).toBe('/n/12');
    for (const payload of [
      { id: '..' },
      { id: '.' },
      {},
      { id: {} },
      { id: Number.NaN },
      { id: '\ud800' },
      null,
    ]) {
      const { error } = await run({ url: `${base}/users/{id}` }, payload);
      expect(error?.name).toBe('TypeError');
    }
    expect((await run({ url: `${base}/users/{name}` }, {})).error?.message).toContain('{name}');
    expect(seen).toHaveLength(2);
  });

  it('sends a name and a password of the address as a header, and shows them in no error', async () => {
    const withName = (path: string) => `${base}/${path}`.replace('//', '//ada:p%40ss%20茶@');
    expect((await run({ url: withName('x') })).value).toBe('/x');
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ada:p@ss 茶').toString('base64')}`);
    const { error } = await run({ url: withName('busy') });
    expect(error?.message).toContain('/busy was answered with 503');
    expect(JSON.stringify(error)).not.toMatch(/ada|p%40ss|p@ss/);
    await run({ url: withName('x'), headers: { authorization: 'Bearer t' } });
    expect(seen[2]?.headers.authorization).toBe('Bearer t');
    await run({ url: `${base}/x`.replace('//', '//a:50%off@') });
    expect(seen[3]?.headers.authorization).toBe(`Basic ${Buffer.from('a:50%off').toString('base64')}`);
    expect((await run({ url: withName('{}') }, '..')).error?.message).not.toContain('ada');
    await expect(run({ url: 'ftp://ada:x@h/' })).rejects.toThrow(/"ftp:\/\/h\/" is not an address/);
  });

  it('sends the value, its field, or nothing', async () => {
    const send = async (params: Record<string, unknown>, payload: unknown) =>
      (await run({ method: 'POST', url: `${base}/echo`, as: 'text', ...params }, payload)).value;
    expect(await send({ body: 'json' }, { a: [1n, new Date(0)] })).toBe(
      '{"a":[1,"1970-01-01T00:00:00.000Z"]}',
    );
    expect(await send({ body: 'json', bodyField: 'data' }, { id: 1, data: [2] })).toBe('[2]');
    expect(await send({ body: 'text' }, 'plain 文本')).toBe('plain 文本');
    expect(await send({}, { a: 1 })).toBe('');
    expect(seen.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json',
      'text/plain;charset=utf-8',
      undefined,
    ]);
    expect((await run({ method: 'PUT', url: base, body: 'text' }, { a: 1 })).error?.name).toBe('TypeError');
    expect(
      (await run({ method: 'PUT', url: base, body: 'json', bodyField: 'b' }, { a: 1 })).error?.name,
    ).toBe('TypeError');
  });

  it('sends an idempotency key with whatever may change something', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) await run({ method, url: base });
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual([
      undefined,
      undefined,
      'r:n:5',
      'r:n:5',
      'r:n:5',
      'r:n:5',
    ]);
    const own = { 'Idempotency-Key': 'mine', Accept: 'text/csv', 'X-Other': '1' };
    await run({ method: 'POST', url: base, headers: own });
    expect(seen[6]?.headers).toMatchObject({ 'idempotency-key': 'mine', accept: 'text/csv', 'x-other': '1' });
  });

  it('fails with what the service said', async () => {
    const { error } = await run({ url: `${base}/busy` });
    expect(error).toMatchObject({
      name: 'HttpError',
      code: 'http_status',
      message: `GET ${base}/busy was answered with 503 Service Unavailable.`,
      details: { status: 503, method: 'GET', url: `${base}/busy`, body: 'Come back later.', retryAfter: '7' },
    });
  });

  it('tells an answer it cannot read, one cut off, and none at all apart', async () => {
    expect((await run({ url: `${base}/page` })).error).toMatchObject({
      name: 'HttpError',
      code: 'not_json',
      message: expect.stringMatching(/\/page: Not JSON: .*line 1/),
    });
    expect((await run({ url: `${base}/cut` })).error).toMatchObject({
      name: 'HttpError',
      code: 'http_failed',
    });
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect((await run({ url: `http://127.0.0.1:${port}/` })).error).toMatchObject({
      name: 'HttpError',
      code: 'http_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('keeps to its time limit', async () => {
    expect((await run({ url: `${base}/never` }, undefined, { timeoutMs: 50 })).error).toMatchObject({
      name: 'TimeoutError',
      code: 'task_timeout',
    });
  });

  it('reaches only what the graph permits', async () => {
    const { error } = await run({ url: `${base}/json` }, undefined, { hosts: ['example.org'] });
    expect(error).toMatchObject({ name: 'CapabilityError', code: 'fetch_refused' });
    expect(seen).toEqual([]);
    expect(records).toMatchObject([{ method: 'GET', refused: true }]);
  });

  it('gives the whole answer when asked to', async () => {
    const { value } = await run({ give: 'response' }, { url: `${base}/json` });
    expect(value).toMatchObject({ status: 200, headers: { 'content-length': '13' }, body: { a: [1, 2] } });
  });

  it.each([
    ['url', { url: 'example.org/{id}' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['headers', { headers: { 'bad name': 'x' } }],
    ['body', { method: 'GET', body: 'json' }],
  ])('refuses before it runs, at %s', async (field, given) => {
    const refusal = await Promise.resolve()
      .then(() => http.prepare?.(http.params.parse(given), { compile }))
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ValidationError);
    expect((refusal as HandloomError).issues[0]?.field).toBe(field);
  });
});
