import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebApp } from '../../server/web-app.ts';
import { sandboxScript } from '../../src/pool/sandbox-script.ts';
import { fakeServices } from '../api/fake-services.ts';
import { startBuiltServer } from './built-server.ts';

const inline = 'document.documentElement.dataset.theme = "dark"';
const script = `export const text = ${JSON.stringify('weave '.repeat(500))};`;
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

let webDir: string;
let get: (path: string, init?: RequestInit) => Promise<Response>;

beforeAll(() => {
  webDir = mkdtempSync(join(tmpdir(), 'handloom-web-'));
  mkdirSync(join(webDir, 'assets'));
  writeFileSync(
    join(webDir, 'index.html'),
    `<!doctype html><script>${inline}</script><script type="module" src="/assets/main-1a2b3c.js"></script>`,
  );
  writeFileSync(join(webDir, 'assets', 'main-1a2b3c.js'), script);
  writeFileSync(join(webDir, 'service-worker.js'), '// worker');
  const app = createWebApp(fakeServices({}), { webDir, host: '127.0.0.1' });
  get = async (path, init) =>
    app.request(
      new Request(`http://localhost:8000${path}`, {
        ...init,
        headers: { host: 'localhost:8000', ...init?.headers },
      }),
    );
});
afterAll(() => rmSync(webDir, { recursive: true, force: true }));

describe('the app as a Node host serves it', () => {
  it('isolates every answer from other origins', async () => {
    for (const path of ['/', '/assets/main-1a2b3c.js', '/api/node-types', '/api/none', '/none.js']) {
      const { headers } = await get(path);
      expect([
        path,
        headers.get('cross-origin-opener-policy'),
        headers.get('cross-origin-embedder-policy'),
      ]).toEqual([path, 'same-origin', 'require-corp']);
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });

  it('keeps hashed files for good and asks anew for the others', async () => {
    expect((await get('/assets/main-1a2b3c.js')).headers.get('cache-control')).toContain('immutable');
    for (const path of ['/', '/index.html', '/service-worker.js']) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache']);
      const again = await get(path, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    expect((await get('/service-worker.js')).headers.get('service-worker-allowed')).toBe('/');
  });

  it('compresses for those who understand it', async () => {
    const answer = await get('/assets/main-1a2b3c.js', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers.get('content-encoding')).toBe('br');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.byteLength).toBeLessThan(script.length / 4);
    expect(brotliDecompressSync(bytes).toString()).toBe(script);
    const plain = await get('/assets/main-1a2b3c.js');
    expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, script]);
    const head = await get('/assets/main-1a2b3c.js', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(script.length),
      '',
    ]);
  });

  it('gives the page for addresses within the app, and nothing for files that are not there', async () => {
    for (const path of ['/runs/r1', '/graphs/x/y']) expect(await (await get(path)).text()).toContain(inline);
    for (const path of [
      '/missing.js',
      '/assets/old-9f9f9f.js',
      '/server/nothing',
      '/..%2f..%2fpackage.json',
      '/api/nothing',
    ]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect((await answer.json()).code).toBe('not_found');
    }
  });

  it('has a policy under which the page and the sandbox can run, and little else', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain(hashOf(inline));
    expect(policy).toContain(hashOf(sandboxScript));
    const scripts = policy.split('; ').find((rule) => rule.startsWith('script-src')) ?? '';
    expect(scripts).not.toContain("'unsafe-inline'");
    expect(scripts).not.toContain('http');
    expect(policy).toContain("object-src 'none'");
  });

  it('answers only to names of this machine, and changes nothing for pages of other origins', async () => {
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'app.localhost']) {
      expect([host, (await get('/api/node-types', { headers: { host } })).status]).toEqual([host, 200]);
    }
    for (const host of [
      'evil.example',
      'localhost.evil.example:8000',
      '127.0.0.1.evil.example',
      '10.0.0.1:8000',
    ]) {
      const answer = await get('/api/node-types', { headers: { host } });
      expect([host, answer.status, (await answer.json()).code]).toEqual([host, 403, 'forbidden_host']);
    }
    const post = (origin: string) =>
      get('/api/graphs/validate', { method: 'POST', body: '{', headers: { origin } });
    for (const origin of ['http://evil.example', 'http://localhost:9000', 'null']) {
      const answer = await post(origin);
      expect([origin, answer.status, (await answer.json()).code]).toEqual([origin, 403, 'forbidden_origin']);
    }
    expect((await (await post('http://localhost:8000')).json()).code).toBe('not_json');
  });

  it('says so when the app has not been built', async () => {
    const app = createWebApp(fakeServices({}), { webDir: join(webDir, 'nothing'), host: '127.0.0.1' });
    const answer = await app.request('/', { headers: { host: 'localhost' } });
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('npm run build')]);
  });
});

describe('handloom serve', () => {
  it('lets go of event streams and ends with status 0 when told to', async () => {
    const server = await startBuiltServer();
    const graph = {
      format: 'handloom.graph',
      version: 1,
      nodes: [{ id: 'a', type: 'code.js', params: { code: '() => { for (;;); }' } }],
      inputs: { a: [1] },
    };
    const { id } = await (
      await fetch(`${server.url}/api/graphs`, { method: 'POST', body: JSON.stringify(graph) })
    ).json();
    const run = await (await fetch(`${server.url}/api/graphs/${id}/runs`, { method: 'POST' })).json();
    const events = await fetch(`${server.url}/api/runs/${run.id}/events`);
    const reading = events.text().catch(() => 'cut off');
    expect(await server.stop()).toBe(0);
    await reading;
  });

  it('says in one line that the port is taken', async () => {
    const server = await startBuiltServer();
    try {
      await expect(startBuiltServer(['--port', new URL(server.url).port])).rejects.toThrow(
        /status 2: Port \d+ is in use; --port takes another\.\n$/,
      );
    } finally {
      await server.stop();
    }
  });

  it('refuses a foreign host name on the wire', async () => {
    const server = await startBuiltServer();
    try {
      const { hostname, port } = new URL(server.url);
      const status = await new Promise((resolve) => {
        request({ hostname, port, path: '/api/health', headers: { host: 'rebound.example' } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).end();
      });
      expect(status).toBe(403);
    } finally {
      await server.stop();
    }
  });
});
