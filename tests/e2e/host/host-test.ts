/** The test function of this folder: pages of the app in which the engine answers, and what to ask there. */
import { fileURLToPath } from 'node:url';
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { build } from 'vite';
import type { Way } from './in-page.ts';

export { expect } from '@playwright/test';

const script = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('in-page.ts', import.meta.url)),
        output: { format: 'iife', codeSplitting: false },
      },
    },
  });
  const [bundled] = [result].flat();
  if (!bundled || !('output' in bundled)) throw new Error('Nothing was made of in-page.ts');
  return bundled.output[0].code;
};

interface Fixtures {
  /** Opens a page of the app and waits until the engine answers there through the service worker. */
  openTab: (path?: string, context?: BrowserContext) => Promise<Page>;
}
interface WorkerFixtures {
  inPageScript: string;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  inPageScript: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => use(await script()),
    { scope: 'worker' },
  ],
  openTab: async ({ context, inPageScript }, use) => {
    await use(async (path = '/', within = context) => {
      const page = await within.newPage();
      await page.goto(path);
      await controlled(page);
      await page.evaluate(inPageScript);
      await page.evaluate(() => inPage.client('service worker').health());
      return page;
    });
  },
});

/** Waits until the service worker has taken the page over. */
export const controlled = (page: Page) =>
  page.waitForFunction(() => navigator.serviceWorker.controller !== null, null, { timeout: 15_000 });

/** How many engines there are in this origin, and how many wait to succeed. */
export const engines = (page: Page) =>
  page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    const count = (locks: LockInfo[]) => locks.filter(({ name }) => name === 'handloom-engine').length;
    return { leading: count(held), waiting: count(pending) };
  });

/** Runs a small graph to its end, and gives the run's id and outputs. */
export const runSquares = (page: Page, way: Way, numbers: number[]) =>
  page.evaluate(
    async ({ way, numbers }) => {
      const client = inPage.client(way);
      const { id: graph } = await client.createGraph({
        format: 'handloom.graph',
        version: 1,
        name: 'squares',
        nodes: [{ id: 'square', type: 'code.js', params: { code: '(x) => x * x' } }],
        edges: [],
        inputs: { square: numbers },
      });
      const { id } = await client.startRun(graph);
      await client.followRun(id, () => {});
      const { status, outputs } = await client.getRun(id);
      return { id, status, squares: [...(outputs.square as number[])].sort((a, b) => a - b) };
    },
    { way, numbers },
  );

/** Ends the service workers of the page's context, as the browser does with idle ones. */
export async function stopServiceWorkers(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}

/** Asserts that exactly one engine leads and that this many wait. */
export const expectEngines = (page: Page, waiting: number) =>
  expect.poll(() => engines(page), { timeout: 15_000 }).toEqual({ leading: 1, waiting });
