// @ts-check
/** Contestants in Chromium: each in a browser of its own, with a profile on disk as users have one. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build, preview } from 'vite';
import { chromiumArguments, findChromium, findOrInstallChromium } from '../chromium.mjs';
import { viaPage, withServer } from './handloom.mjs';
import { makeFolder, root } from './owned.mjs';

/** @typedef {import('./summary.mjs').Measure} Measure */

/** What the app's pages get, so that timers are as exact here as there. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** @type {string | undefined} */
let builtPage;

/** Address of the page with the other contestants, built and served when first asked for. */
async function otherPage() {
  if (builtPage) return builtPage;
  /** @type {import('vite').InlineConfig} */
  const config = {
    configFile: false,
    root: join(root, 'tests/bench/page'),
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir: makeFolder().path, emptyOutDir: true },
    preview: { port: 0, host: '127.0.0.1', headers },
  };
  await build(config);
  const server = await preview(config);
  // It must not keep the benchmark from ending.
  if ('unref' in server.httpServer) server.httpServer.unref();
  builtPage = server.resolvedUrls?.local[0] ?? '';
  return builtPage;
}

/** @param {string} contestant @returns {Measure} */
const other = (contestant) => (task) =>
  withPage(task.signal, async (page) => {
    await page.goto(await otherPage());
    await page.waitForFunction(() => 'measure' in window);
    return page.evaluate(
      ([name, workload, count, cores]) => /** @type {any} */ (window).measure(name, workload, count, cores),
      /** @type {const} */ ([contestant, task.name, task.count, task.cores]),
    );
  });

/** @type {Record<string, Measure>} */
export const chromiumContestants = {
  'plain loop in a worker': other('plain loop'),
  'Handloom, in the page': (task) =>
    withServer(task.signal, ({ url }) => withPage(task.signal, (page) => viaPage({ ...task, page, url }))),
  workerpool: other('workerpool'),
};

/** Such as `140.0.7339.80`; of the one that is installed already. */
export function chromiumVersion() {
  const path = findChromium();
  const { stdout } = path ? spawnSync(path, ['--version'], { encoding: 'utf8' }) : { stdout: '' };
  return /\d[\d.]*/.exec(stdout)?.[0] ?? 'unknown';
}

/**
 * @template T
 * @param {AbortSignal} signal ends the browser
 * @param {(page: import('@playwright/test').Page, profile: string) => Promise<T>} use `profile` is its folder
 */
export async function withPage(signal, use) {
  const profile = makeFolder();
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath: findOrInstallChromium(),
    args: chromiumArguments,
    // `interrupted` sees to that.
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  const close = () => void context.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    return await use(context.pages()[0] ?? (await context.newPage()), profile.path);
  } finally {
    signal.removeEventListener('abort', close);
    await context.close();
    profile.remove();
  }
}
