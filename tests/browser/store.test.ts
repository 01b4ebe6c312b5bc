/** The Dexie store on a real browser's IndexedDB: the contract all stores share, and what only a browser does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArguments, findChromium } from '../chromium.mjs';
import { storeCases } from '../contracts/store-contract.ts';

let site: Server;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let origin: string;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('store/worker.ts', import.meta.url));
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'storeWorker' } },
  })) as Rolldown.RolldownOutput[];
  const script = built[0]?.output[0].code;
  site = createServer((request, response) => {
    const isWorker = request.url === '/worker.js';
    response.writeHead(200, {
      'Content-Type': isWorker ? 'text/javascript' : 'text/html',
      // No eval: the codec must do without making functions.
      'Content-Security-Policy': "default-src 'self'",
    });
    response.end(isWorker ? script : '<!doctype html><title>store</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: findChromium() as string, args: chromiumArguments });
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(origin);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  site?.closeAllConnections();
  await new Promise((resolve) => site?.close(resolve));
});

/** Has a fresh worker carry out an order. */
const inWorker = (order: object) =>
  page.evaluate(
    (what) =>
      new Promise<unknown>((resolve, reject) => {
        const worker = new Worker('/worker.js');
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data);
        };
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(what);
      }),
    order,
  );

describe('dexie store in Chromium', () => {
  it.each(storeCases.map(({ name }, index) => ({ name, index })))(
    '$name',
    { timeout: 60_000 },
    async ({ index }) => {
      expect(await inWorker({ do: 'case', index })).toBe('passed');
    },
  );

  it('closes for a page of a newer version, says so, and writes no more', async () => {
    const verdict = await inWorker({ do: 'supersede', name: 'superseded' });
    expect(verdict).toEqual({
      reasons: ['newer_version'],
      codes: ['store_closed', 'store_closed', 'store_newer'],
      version: 1000,
    });
  });

  it('says that storage is full and keeps all it had taken', async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 12_000_000 });
    const verdict = (await inWorker({ do: 'fill', name: 'full', bytes: 2_000_000 })) as Record<
      string,
      number
    >;
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    expect(verdict).toMatchObject({ code: 'store_full', known: verdict.kept });
    expect(verdict.kept).toBeGreaterThan(0);
  });
});
