/** The workers of a browser, in a real one: the contract that all workers share, and what the sandbox must refuse. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../server/content-security.ts';
import { chromiumArguments, findChromium } from '../chromium.mjs';
import { workerCases } from '../contracts/worker-contract.ts';
import type { PoolPage } from './pool/page.ts';

declare const pool: PoolPage;

const root = fileURLToPath(new URL('../..', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
let folder: string;
let site: Server;
let listener: Server;
let hits: string[] = [];
let browser: Browser;

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules', '.pool-page-'));
  await build({
    configFile: false,
    root: join(root, 'tests/browser/pool'),
    logLevel: 'error',
    worker: { format: 'iife' },
    build: { outDir: folder, emptyOutDir: false, minify: false },
  });
  site = createServer(async (request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '');
    const body = await readFile(join(folder, path)).catch(() => undefined);
    response.writeHead(body ? 200 : 404, {
      // As a Node host sends it: the frame inherits this policy.
      ...(extname(path) === '.html' && { 'Content-Security-Policy': contentSecurityPolicy(folder) }),
      'Content-Type': types[extname(path)] ?? 'text/plain',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    response.end(body);
  });
  // Hears every request and every attempt at a WebSocket, whatever comes of it.
  listener = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response
      .writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' })
      .end('1');
  });
  listener.on('upgrade', (request, socket) => {
    hits.push(`UPGRADE ${request.url}`);
    socket.destroy();
  });
  await Promise.all([listen(site), listen(listener)]);
  browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
});

afterAll(async () => {
  await browser?.close();
  site?.close();
  listener?.close();
  await rm(folder, { recursive: true, force: true });
});

async function openPage(
  sandbox: 'real' | 'silent' | 'none',
): Promise<{ page: Page; started: { isolation: string; reason?: string } }> {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${portOf(site)}/`);
  await page.waitForFunction(() => 'pool' in globalThis);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  return { page, started: await page.evaluate((which) => pool.start(which), sandbox) };
}

/** Tries every way out that a worker knows, towards a listener; gives the names of those that did not throw. */
const everyWayOut = `async (to) => {
  const soon = (target, ...names) => new Promise((resolve) => {
    for (const name of names) target.addEventListener(name, resolve);
    setTimeout(resolve, 500);
  });
  const ways = {
    fetch: () => fetch(to + '/fetch', { mode: 'no-cors' }),
    beacon: () => { if (!navigator.sendBeacon(to + '/beacon')) throw 0; },
    import: () => import(to + '/import.js'),
    importScripts: () => importScripts(to + '/scripts.js'),
    xhr: async () => { const x = new XMLHttpRequest(); x.open('GET', to + '/xhr'); x.send(); await soon(x, 'load', 'error'); if (!x.status) throw 0; },
    socket: async () => { const s = new WebSocket(to.replace('http', 'ws') + '/socket'); await soon(s, 'open', 'error'); throw 0; },
    events: async () => { const s = new EventSource(to + '/events'); await soon(s, 'open', 'error'); s.close(); throw 0; },
    worker: async () => { const w = new Worker(to + '/worker.js'); await soon(w, 'message', 'error'); throw 0; },
    blobWorker: async () => {
      const text = 'fetch("' + to + '/inner", { mode: "no-cors" }).then(() => postMessage(1), () => postMessage(0))';
      const w = new Worker(URL.createObjectURL(new Blob([text])));
      const event = await soon(w, 'message', 'error');
      if (!event || !event.data) throw 0;
    },
    transport: async () => { const t = new WebTransport(to.replace('http:', 'https:')); await t.ready; },
    indexedDB: () => new Promise((ok, no) => { const r = indexedDB.open('x'); r.onsuccess = ok; r.onerror = no; }),
    caches: () => caches.open('x'),
    storage: () => navigator.storage.getDirectory(),
    font: async () => { await new FontFace('x', 'url(' + to + '/font)').load(); },
    image: async () => { await createImageBitmap(await (await fetch(to + '/image')).blob()); },
  };
  const open = [];
  for (const [name, way] of Object.entries(ways)) {
    try { await way(); open.push(name); } catch {}
  }
  return open;
}`;

/** Microseconds a task, printed for the curious: `HANDLOOM_MEASURE=1`. */
const measure = process.env.HANDLOOM_MEASURE === '1';

describe.each([
  ['sandbox', true],
  ['worker', false],
] as const)('workers in Chromium: %s', (isolation, sandboxed) => {
  let page: Page;
  beforeAll(async () => {
    const opened = await openPage(sandboxed ? 'real' : 'none');
    page = opened.page;
    expect(opened.started).toMatchObject({ isolation });
  });
  afterAll(() => page?.close());

  for (const { name } of workerCases) {
    it(name, async () => {
      expect(await page.evaluate((each) => pool.runCase(each), name)).toBeUndefined();
    });
  }

  it.runIf(measure)('is quick', async () => {
    console.log(isolation, await page.evaluate(() => pool.bench()));
  });

  it('does not let a task close the worker, of which nobody would hear', async () => {
    const code = '() => { try { self.close(); return "closed"; } catch (error) { return error.code; } }';
    expect(await page.evaluate((code) => pool.value(code, 0), code)).toBe('close_refused');
  });

  it(sandboxed ? 'lets nothing out' : 'is no sandbox, as the same attempts show', async () => {
    hits = [];
    const open = await page.evaluate(([code, to]) => pool.value(code, to), [
      everyWayOut,
      `http://127.0.0.1:${portOf(listener)}`,
    ] as const);
    if (sandboxed) {
      expect(open).toEqual([]);
      expect(hits).toEqual([]);
    } else {
      expect(open).toEqual(expect.arrayContaining(['fetch', 'indexedDB', 'caches', 'storage']));
      expect(hits).toEqual(expect.arrayContaining(['GET /fetch', 'UPGRADE /socket']));
    }
  });
});

it('falls back to nested workers, and says why, where the sandbox does not answer', async () => {
  const { page, started } = await openPage('silent');
  expect(started).toEqual({ isolation: 'worker', reason: 'no answer within 3000 ms' });
  expect(await page.evaluate(() => pool.value('() => 1', 0))).toBe(1);
  await page.close();
});
