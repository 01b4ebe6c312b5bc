/** A page whose workers have the Dexie store, in a real browser. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { build, type Rolldown } from 'vite';
import { chromiumArguments, findChromium } from '../../chromium.mjs';

export interface StorePage {
  page: Page;
  origin: string;
  /** Has a fresh worker carry out an order, see `worker.ts`. */
  inWorker(order: object): Promise<unknown>;
  close(): Promise<void>;
}

export async function openStorePage(): Promise<StorePage> {
  const entry = fileURLToPath(new URL('worker.ts', import.meta.url));
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'storeWorker' } },
  })) as Rolldown.RolldownOutput[];
  const script = built[0]?.output[0].code;
  const site = createServer((request, response) => {
    const isWorker = request.url === '/worker.js';
    response.writeHead(200, {
      'Content-Type': isWorker ? 'text/javascript' : 'text/html',
      // No eval: the codec must do without making functions.
      'Content-Security-Policy': "default-src 'self'",
    });
    response.end(isWorker ? script : '<!doctype html><title>store</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const browser = await chromium.launch({
    executablePath: findChromium() as string,
    args: chromiumArguments,
  });
  const page = await browser.newPage();
  await page.goto(origin);
  return {
    page,
    origin,
    inWorker: (order) =>
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
      ),
    close: async () => {
      await browser.close();
      site.closeAllConnections();
      await new Promise((resolve) => site.close(resolve));
    },
  };
}
