/** The workspace in a browser's own file system, in a real browser. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArguments, findChromium } from '../chromium.mjs';
import { filesContract } from '../contracts/files-contract.ts';

let site: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('files/worker.ts', import.meta.url));
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'filesWorker' } },
  })) as Rolldown.RolldownOutput[];
  const script = built[0]?.output[0].code;
  site = createServer((request, response) => {
    const isWorker = request.url === '/worker.js';
    response.writeHead(200, { 'Content-Type': isWorker ? 'text/javascript' : 'text/html' });
    response.end(isWorker ? script : '<!doctype html><title>files</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArguments } as Parameters<
    typeof chromium.launch
  >[0]);
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  site?.closeAllConnections();
  await new Promise((resolve) => site?.close(resolve));
});

describe('a workspace in the private file system of an origin', () => {
  it.each(filesContract.map(({ title }, index) => ({ title, index })))('$title', async ({ index }) => {
    const verdict = await page.evaluate(
      (wanted) =>
        new Promise<unknown>((resolve, reject) => {
          const worker = new Worker('/worker.js');
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(wanted);
        }),
      index,
    );
    expect(verdict).toBe('passed');
  });
});
