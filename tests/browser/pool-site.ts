/** The page of tests/browser/pool, built and served as a Node host serves the studio, in a Chromium. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { contentSecurityPolicy } from '../../server/content-security.ts';
import { chromiumArguments, findChromium } from '../chromium.mjs';
import type { PoolPage } from './pool/page.ts';

declare const pool: PoolPage;

export interface OpenedPool {
  page: Page;
  started: { isolation: string; reason?: string };
}

export interface PoolSite {
  /** A page whose engine has started. */
  open(sandbox: 'real' | 'silent' | 'none'): Promise<OpenedPool>;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Starts a server on a free port. @returns its address */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(folder: string): Server {
  return createServer(async (request, response) => {
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
}

/** Builds the page, serves it, and starts a browser. */
export async function startPoolSite(): Promise<PoolSite> {
  const folder = await mkdtemp(join(root, 'node_modules', '.pool-page-'));
  await build({
    configFile: false,
    root: join(root, 'tests/browser/pool'),
    logLevel: 'error',
    worker: { format: 'iife' },
    build: { outDir: folder, emptyOutDir: false, minify: false },
  });
  const site = serve(folder);
  const address = await listen(site);
  const browser = await chromium.launch({
    executablePath: findChromium() as string,
    args: chromiumArguments,
  });
  return {
    async open(sandbox) {
      const page = await browser.newPage();
      await page.goto(address);
      await page.waitForFunction(() => 'pool' in globalThis);
      if (!(await page.evaluate(() => crossOriginIsolated))) throw new Error('The page is not isolated.');
      return { page, started: await page.evaluate((which) => pool.start(which), sandbox) };
    },
    async close() {
      await browser.close();
      site.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
