import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/create-app.ts';
import type { Services } from '../../src/api/services.ts';
import { decodeSyncFrame, encodeSyncFrame } from '../../src/api/sync-frame.ts';
import { ConflictError, HandloomError, NotFoundError, StoreError } from '../../src/errors.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { fakeServices, summary } from './fake-services.ts';

const appOf = (over: Parameters<typeof fakeServices>[0], options = {}) =>
  createApp(fakeServices(over), options);
const post = (body: BodyInit): RequestInit => ({ method: 'POST', body });
const graph = { format: 'handloom.graph', version: 1, name: 'g', nodes: [], edges: [] };

async function problemOf(answer: Response) {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = await answer.json();
  expect(Object.keys(problem).sort()).toEqual(['code', 'detail', 'issues', 'status', 'title', 'type']);
  expect(JSON.stringify(problem)).not.toMatch(/\bat .*:\d+:\d+/);
  expect(problem.status).toBe(answer.status);
  return problem;
}

describe('errors become problems', () => {
  it.each([
    [new NotFoundError('run', 'x'), 404, 'run_not_found'],
    [new ConflictError('run_live', 'It goes on.'), 409, 'run_live'],
    [new HandloomError('starting', 'Handloom is starting.'), 503, 'starting'],
    [new HandloomError('file_not_found', 'No such file.'), 404, 'file_not_found'],
    [new HandloomError('bad_cursor', 'Not a cursor.'), 400, 'bad_cursor'],
    [new StoreError('store_full', 'No room.'), 507, 'store_full'],
    [new StoreError('store_failed', 'Broken.'), 500, 'store_failed'],
    [new TypeError('secret detail'), 500, 'internal_error'],
  ])('%s', async (error, status, code) => {
    const onUnexpected = vi.fn();
    const app = appOf({ runs: { report: () => Promise.reject(error) } }, { onUnexpected });
    const answer = await app.request('/api/runs/x');
    expect(answer.status).toBe(status);
    const problem = await problemOf(answer);
    expect(problem.code).toBe(code);
    expect(problem.detail).not.toContain('secret');
    expect(onUnexpected).toHaveBeenCalledTimes(status === 500 ? 1 : 0);
  });

  it('tells a wrong path from a wrong method', async () => {
    const app = appOf({});
    const missing = await app.request('/api/nothing');
    expect(missing.status).toBe(404);
    expect(await problemOf(missing)).toMatchObject({
      code: 'not_found',
      detail: 'There is nothing at /api/nothing.',
    });
    const wrong = await app.request('/api/runs/x', { method: 'PATCH' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('DELETE, GET');
  });

  it('refuses addresses that are not percent-encoded UTF-8', async () => {
    const app = appOf({});
    for (const path of ['/api/files/%E0%A4%A', '/api/runs?graph=%ff']) {
      const answer = await app.request(path);
      expect(answer.status).toBe(400);
      expect((await problemOf(answer)).code).toBe('bad_encoding');
    }
  });

  it.each(['limit=0', 'limit=1001', 'limit=abc', 'limit=1.5', 'status=done'])(
    'names the parameter of ?%s',
    async (query) => {
      const answer = await appOf({}).request(`/api/runs?${query}`);
      expect(answer.status).toBe(400);
      const problem = await problemOf(answer);
      const [field] = query.split('=');
      expect(problem).toMatchObject({ code: 'invalid_parameter', issues: [{ field }] });
      expect(problem.detail).toContain(field);
    },
  );
});

describe('bodies', () => {
  const validate: Services['runs']['validate'] = async () => [];

  it('refuses what is not JSON, too deep, or has a forbidden key, with the place', async () => {
    const app = appOf({ runs: { validate } });
    for (const path of ['/api/graphs', '/api/graphs/validate']) {
      const cases: [string, string, object][] = [
        ['{"a": x}', 'not_json', { line: 1, column: 7 }],
        ['', 'not_json', { line: 1, column: 1 }],
        ['['.repeat(50_000), 'too_deep', { line: 1, column: 1001 }],
        ['{"__proto__": {}}', 'forbidden_key', { path: ['__proto__'] }],
      ];
      for (const [body, code, place] of cases) {
        const answer = await app.request(path, post(body));
        expect(answer.status).toBe(400);
        expect(await problemOf(answer)).toMatchObject({ code, issues: [{ code, ...place }] });
      }
    }
  });

  it('refuses a body beyond the limit, declared or not', async () => {
    const app = appOf({ runs: { validate } }, { maxBodyBytes: 100 });
    const long = 'x'.repeat(101);
    const declared = new Request('http://h/api/graphs', {
      ...post(long),
      headers: { 'content-length': '101' },
    });
    const streamed = new Request('http://h/api/graphs', {
      ...post(new Blob([long]).stream()),
      duplex: 'half',
    } as RequestInit);
    for (const request of [declared, streamed]) {
      const answer = await app.request(request);
      expect(answer.status).toBe(413);
      expect((await problemOf(answer)).code).toBe('body_too_large');
    }
  });

  it('lists every issue of a graph, with the code of its own where there is one', async () => {
    const one = {
      code: 'unknown_node_type',
      message: 'No such type.',
      node: 'a',
      path: ['nodes', 0, 'type'],
    };
    const issues = [one];
    const create = vi.fn();
    const app = appOf({ runs: { validate: async () => issues }, graphs: { create } });
    expect(await problemOf(await app.request('/api/graphs', post('{}')))).toMatchObject({
      code: one.code,
      issues,
    });
    issues.push({ ...one, code: 'duplicate_node_id' });
    expect(await problemOf(await app.request('/api/graphs', post('{}')))).toMatchObject({
      code: 'invalid_graph',
      issues,
    });
    const checked = await app.request('/api/graphs/validate', post('{}'));
    expect(checked.status).toBe(200);
    expect(await checked.json()).toEqual({ valid: false, issues });
    expect(create).not.toHaveBeenCalled();
  });

  it('keeps what the keeper adds out of the document', async () => {
    const kept = { id: 'g1', createdAt: 'c', updatedAt: 'u' };
    const create = vi.fn(async (document) => ({ ...document, ...kept }));
    const start = vi.fn(async () => ({ id: 'r1' }));
    const app = appOf({
      runs: { validate, start },
      graphs: { create, get: async () => ({ ...graph, ...kept }) as never },
    });
    const answer = await app.request(
      '/api/graphs',
      post(JSON.stringify({ ...graph, ...kept, id: 'other', mine: 1 })),
    );
    expect(answer.status).toBe(201);
    expect(create).toHaveBeenCalledWith({ ...graph, mine: 1 });
    const started = await app.request('/api/graphs/g1/runs', post('{"inputs": {"a": [1]}}'));
    expect([started.status, await started.json()]).toEqual([201, { id: 'r1' }]);
    expect(start).toHaveBeenCalledWith(graph, { graphId: 'g1', inputs: { a: [1] } });
    expect((await app.request('/api/graphs/g1/runs', { method: 'POST' })).status).toBe(201);
    const odd = await app.request('/api/graphs/g1/runs', post('{"input": {}, "inputs": 3}'));
    expect(await problemOf(odd)).toMatchObject({
      code: 'invalid_body',
      issues: [{ field: 'inputs' }, { field: 'input' }],
    });
  });

  it('passes sync frames through', async () => {
    const sync = vi.fn(async () => new Uint8Array([9, 8]));
    const app = appOf({ graphs: { sync } });
    const frame = { vector: new Uint8Array([1, 2]), update: new Uint8Array([3, 4, 5]) };
    expect(decodeSyncFrame(encodeSyncFrame(frame))).toEqual(frame);
    const answer = await app.request('/api/graphs/g1/sync', post(encodeSyncFrame(frame)));
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array([9, 8]));
    expect(sync).toHaveBeenCalledWith('g1', frame.update, frame.vector);
    for (const bad of [
      [1, 2],
      [0, 0, 0, 9, 1],
    ]) {
      const refused = await app.request('/api/graphs/g1/sync', post(new Uint8Array(bad)));
      expect(await problemOf(refused)).toMatchObject({ status: 400, code: 'bad_sync_frame' });
    }
  });
});

describe('files and tables', () => {
  it('keeps paths inside the workspace and gives files as harmless downloads', async () => {
    const files = createMemoryFiles({ 'a/b c.html': '<script>' });
    const app = appOf({ files });
    for (const path of ['..%2Fsecret', 'a/%2e%2e%2f%2e%2e/b', 'a%00b', 'a//b', 'a%5C..%5Cb']) {
      const answer = await app.request(`/api/files/${path}`, { method: 'PUT', body: 'x' });
      expect([path, answer.status]).toEqual([path, 400]);
      expect((await problemOf(answer)).code).toBe('path_refused');
    }
    const page = await app.request('/api/files/a/b%20c.html');
    expect(page.headers.get('content-type')).toBe('application/octet-stream');
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect((await app.request('/api/files/a/d.csv', { method: 'PUT', body: 'x' })).status).toBe(204);
    expect(await (await app.request('/api/files/a/d.csv')).text()).toBe('x');
    expect((await app.request('/api/files/a/b%20c.html', { method: 'DELETE' })).status).toBe(204);
    expect(await problemOf(await app.request('/api/files/a/b%20c.html'))).toMatchObject({
      status: 404,
      code: 'file_not_found',
    });
  });

  it('pages through files by path and rows by position', async () => {
    const list = async () => ['c', 'a', 'b'].map((path) => ({ path, bytes: 1 }));
    const rows: Services['tables']['rows'] = async (_, { offset = 0, limit = 0 } = {}) =>
      [0, 1, 2].slice(offset, offset + limit).map((n) => ({ n }));
    const app = appOf({ files: { list }, tables: { rows } });
    const get = async (path: string) => (await app.request(`/api${path}`)).json();
    expect(await get('/files?limit=2')).toMatchObject({
      items: [{ path: 'a' }, { path: 'b' }],
      nextCursor: 'b',
    });
    expect(await get('/files?limit=2&cursor=b')).toMatchObject({ items: [{ path: 'c' }], nextCursor: null });
    expect(await get('/tables/t/rows?limit=2')).toEqual({ items: [{ n: 0 }, { n: 1 }], nextCursor: '2' });
    expect(await get('/tables/t/rows?limit=2&cursor=2')).toEqual({ items: [{ n: 2 }], nextCursor: null });
    expect(await get('/tables/t/rows?limit=2&offset=1')).toEqual({
      items: [{ n: 1 }, { n: 2 }],
      nextCursor: null,
    });
    expect(await get('/tables/t/rows?cursor=x')).toMatchObject({ code: 'bad_cursor' });
  });
});

describe('self-description', () => {
  it('describes node types as data', async () => {
    const { items } = await (await appOf({}).request('/api/node-types')).json();
    expect(items[0]).toMatchObject({
      type: 'flow.route',
      dynamicOutputs: true,
      defaults: { ports: ['yes', 'no'] },
      effects: false,
      params: { properties: { code: { widget: 'code' }, ports: { title_zh: '端口' } }, required: ['code'] },
      examples: [{ payloads: [1] }],
    });
  });

  it('has every route in its OpenAPI document, and every reference resolves', async () => {
    const app = appOf({});
    const document = await (await app.request('/api/openapi.json')).json();
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const undocumented = ['/api/openapi.json', '/api/docs'];
    const routed = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !undocumented.includes(path))
      .map(({ method, path }) => `${method} ${path.replace('{.+}', '').replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(described.sort()).toEqual(routed.sort());
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(document.components.schemas).toHaveProperty(name as string);
    expect(document.paths['/api/runs'].get.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'limit',
      'cursor',
      'status',
      'graph',
    ]);
  });

  it('has readable docs without a script', async () => {
    const answer = await appOf({}, { basePath: '/server/api' }).request('/server/api/docs');
    const page = await answer.text();
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(page).toContain('/server/api/runs/{id}/events');
    expect(page).not.toMatch(/<script|https?:\/\//);
  });

  it('says what the host is', async () => {
    const statistics = async () => ({ workers: { parallelism: 2, busy: 0, alive: 0 } }) as never;
    const answer = await appOf({ runs: { statistics, summary: async () => summary('running') } }).request(
      '/api/health',
    );
    expect(await answer.json()).toEqual({
      status: 'ok',
      host: 'node',
      version: '0.0.0',
      isolation: 'threads',
      parallelism: 2,
    });
  });
});
