/** Tables on DuckDB as WebAssembly, in a real browser, under the isolation and the policy of a Node host. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../server/content-security.ts';
import { chromiumArguments, findChromium } from '../chromium.mjs';
import { tablesContract } from '../contracts/tables-contract.ts';
import type { RunCase } from './tables/page.ts';

declare const runCase: RunCase;

const listen = (server: Server | TcpServer) =>
  new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const portOf = (server: Server | TcpServer) => (server.address() as AddressInfo).port;
const root = fileURLToPath(new URL('../..', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};
let folder: string;
let site: Server;
let browser: Browser;
let page: Page;
/** Stands for the rest of the world: every other host name leads to it. */
let elsewhere: TcpServer;
const strangers: string[] = [];
/** Where Chromium itself calls, whatever the page does. */
const browsersOwn = /(^|\.)(google|googleapis|gstatic|gvt1)\.com$/;

beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules', '.tables-page-'));
  await build({
    configFile: false,
    root: join(root, 'tests/browser/tables'),
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: false, minify: false },
  });
  site = createServer(async (request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '');
    const body = await readFile(join(folder, path)).catch(() => undefined);
    const policy = contentSecurityPolicy(folder);
    response.writeHead(body ? 200 : 404, {
      'Content-Type': types[extname(path)] ?? 'text/plain',
      'Content-Security-Policy': policy,
      ...(extname(path) !== '.html' && { 'Cache-Control': 'max-age=31536000, immutable' }),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    response.end(body);
  });
  elsewhere = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (hello) => {
      strangers.push(nameIn(hello.toString('latin1')) ?? 'unnamed');
      socket.destroy();
    });
  });
  await Promise.all([listen(site), listen(elsewhere)]);
  const rule = `MAP * 127.0.0.1:${portOf(elsewhere)}, EXCLUDE 127.0.0.1`;
  browser = await chromium.launch({
    executablePath: findChromium()!,
    args: [...chromiumArguments, `--host-resolver-rules=${rule}`],
  });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${portOf(site)}/`);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  elsewhere?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('tables in a browser', () => {
  it('starts DuckDB in a worker inside a worker of an isolated page', async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const times = await page.evaluate(() => runCase(-1));
    expect(times).toMatchObject({ first: expect.any(Number), second: expect.any(Number) });
    console.info(`DuckDB in the browser: first query ${JSON.stringify(times)} ms`);
  });

  it.each(tablesContract.map(({ title }, index) => ({ title, index })))('$title', async ({ index }) => {
    expect(await page.evaluate((wanted) => runCase(wanted), index)).toBe('passed');
  });

  it('asks nobody but its own origin for anything, even where DuckDB would like an extension', async () => {
    expect(strangers.filter((name) => !browsersOwn.test(name))).toEqual([]);
    // The listener listens: a stranger would have been heard.
    const other = await browser.newPage();
    await other.goto('http://extensions.example/').catch(() => undefined);
    expect(strangers).toContain('extensions.example');
  });
});

/** Whom a request is for: the host header of HTTP, or the server name of a TLS hello (RFC 6066, section 3). */
function nameIn(hello: string): string | undefined {
  const named = /^host: ([^\r\n:]+)/im.exec(hello)?.[1];
  if (named) return named;
  for (const [, length = '', name = ''] of hello.matchAll(/\0\0(.)([a-z0-9.-]{4,})/gs)) {
    const bytes = length.charCodeAt(0);
    if (name.length >= bytes && name.slice(0, bytes).includes('.')) return name.slice(0, bytes);
  }
  return undefined;
}
