import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { chromiumArguments, findChromium } from '../chromium.mjs';

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

// Playwright reads this file again in each of its workers, which must find the same server.
if (!process.env.HANDLOOM_E2E_URL) {
  const data = mkdtempSync(join(tmpdir(), 'handloom-e2e-'));
  process.env.HANDLOOM_E2E_DATA = data;
  process.env.HANDLOOM_E2E_URL = `http://127.0.0.1:${await freePort()}`;
  process.once('exit', () => rmSync(data, { recursive: true, force: true }));
}
const { HANDLOOM_E2E_URL: url = '', HANDLOOM_E2E_DATA: data = '' } = process.env;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Browser tests, against the built app as the built server serves it: run `npm run build` first. */
export default defineConfig({
  testDir: '.',
  outputDir: join(root, 'test-results'),
  workers: 2,
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  // A test that needed its second try is reported as flaky, with a trace of it.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [
    ['list'],
    ['json', { outputFile: process.env.HANDLOOM_E2E_REPORT ?? join(root, 'test-results/report.json') }],
  ],
  use: {
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    trace: 'on-first-retry',
    launchOptions: { executablePath: findChromium(), args: chromiumArguments },
  },
  projects: [{ name: 'chromium' }],
  webServer: {
    command: `node dist/server/cli.js serve --port ${new URL(url).port} --data "${data}"`,
    cwd: root,
    url: `${url}/api/health`,
    timeout: 30_000,
    stdout: 'pipe',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
  },
});
