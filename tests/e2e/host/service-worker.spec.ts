import type { Page } from '@playwright/test';
import { type FrontServer, startFrontServer } from './front-server.ts';
import {
  controlled,
  engines,
  expect,
  expectEngines,
  runSquares,
  stopServiceWorkers,
  test,
} from './host-test.ts';

test('a first visit is served by the service worker within seconds, without a reload', async ({ page }) => {
  let loads = 0;
  page.on('load', () => loads++);
  await page.goto('/');
  const began = Date.now();
  await controlled(page);
  const health = await page.evaluate(async () => (await fetch('/api/health')).json());
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(health).toMatchObject({ status: 'ok', host: 'browser', isolation: 'sandbox' });
  expect(loads).toBe(1);
});

test('the page is isolated from other origins, also when it comes from the cache', async ({ openTab }) => {
  const page = await openTab();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.context().setOffline(true);
  await page.reload();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('addresses below /api that there are not answer with a JSON 404', async ({ openTab }) => {
  const page = await openTab();
  const answer = await page.evaluate(async () => {
    const response = await fetch('/api/no/such/thing');
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.json(),
    };
  });
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', status: 404 } });
  expect(answer.type).toContain('application/problem+json');
});

test('leaves the Node host to itself', async ({ openTab }) => {
  const page = await openTab();
  const health = await page.evaluate(async () => (await fetch('/server/api/health')).json());
  expect(health.host).toBe('node');
});

test('goes on after the browser has ended the service worker', async ({ openTab }) => {
  const page = await openTab();
  const { id } = await runSquares(page, 'service worker', [1, 2]);
  for (let i = 0; i < 3; i++) {
    await stopServiceWorkers(page);
    expect((await page.evaluate((id) => inPage.client('service worker').getRun(id), id)).status).toBe(
      'succeeded',
    );
  }
});

test('a hard reload goes past the service worker, and the page works and is claimed again', async ({
  openTab,
  inPageScript,
}) => {
  const page = await openTab();
  const { id } = await runSquares(page, 'service worker', [3]);
  const session = await page.context().newCDPSession(page);
  await session.send('Page.enable');
  await Promise.all([page.waitForEvent('load'), session.send('Page.reload', { ignoreCache: true })]);
  await page.evaluate(inPageScript);
  expect((await page.evaluate((id) => inPage.client('port').getRun(id), id)).outputs).toEqual({
    square: [9],
  });
  await controlled(page);
  expect((await page.evaluate((id) => inPage.client('service worker').getRun(id), id)).status).toBe(
    'succeeded',
  );
});

test('streams events, and ends them when the reader leaves', async ({ openTab }) => {
  const page = await openTab();
  const { id } = await runSquares(page, 'service worker', [1, 2, 3]);
  const event = await page.evaluate(
    (id) =>
      new Promise<{ status: string }>((resolve, reject) => {
        const events = new EventSource(`/api/runs/${id}/events`);
        events.addEventListener('progress', ({ data }) => {
          events.close();
          resolve(JSON.parse(data).run);
        });
        events.onerror = () => reject(new Error('the stream failed'));
      }),
    id,
  );
  expect(event.status).toBe('succeeded');
});

test('says that there is no engine where no page of the app is open', async ({ openTab }) => {
  const page = await openTab();
  const answer = await (await page.context().newPage()).goto('/icon.svg');
  expect(answer?.ok()).toBe(true);
  const other = page.context().pages()[1]!;
  await page.close();
  // The workers of a closed page go on for a moment, and may answer still.
  await expect.poll(() => engines(other)).toEqual({ leading: 0, waiting: 0 });
  const began = Date.now();
  const problem = await other.evaluate(async () => {
    const response = await fetch('/api/runs');
    return { status: response.status, body: await response.json() };
  });
  expect(problem).toMatchObject({ status: 503, body: { code: 'no_engine' } });
  expect(Date.now() - began).toBeLessThan(8000);
});

test.describe('with an origin of its own', () => {
  let front: FrontServer;
  test.beforeEach(async ({ baseURL }) => {
    front = await startFrontServer(baseURL!);
  });
  test.afterEach(() => front.stop());

  test('opens without a network, at any address, and runs graphs', async ({ openTab }) => {
    const first = await openTab(front.url);
    const { id } = await runSquares(first, 'service worker', [5]);
    await front.stop();
    await first.close();

    const page = await openTab(`${front.url}/some/deep/link`);
    await expectEngines(page, 0);
    expect((await page.evaluate((id) => inPage.client('service worker').getRun(id), id)).outputs).toEqual({
      square: [25],
    });
    expect((await runSquares(page, 'service worker', [6])).squares).toEqual([36]);
    const health = await page.evaluate(() => inPage.client('service worker').health());
    expect(health.isolation).toBe('sandbox');
  });

  test('what was used once, samples and DuckDB, works without a network', async ({ openTab }) => {
    test.setTimeout(120_000);
    const countRows = (page: Page) =>
      page.evaluate(async () => {
        const client = inPage.client('port');
        const { id: graph } = await client.createGraph({
          format: 'handloom.graph',
          version: 1,
          name: 'prices',
          nodes: [
            { id: 'read', type: 'data.read', params: { path: 'samples/stocks.csv' } },
            { id: 'count', type: 'data.sql', params: { sql: 'SELECT count(*)::INTEGER AS n FROM input' } },
            { id: 'rows', type: 'data.rows' },
          ],
          edges: [
            { source: 'read', target: 'count' },
            { source: 'count', target: 'rows' },
          ],
        });
        const { id } = await client.startRun(graph);
        await client.followRun(id, () => {});
        const { status, outputs, errors } = await client.getRun(id);
        return { status, outputs, errors };
      });
    const counted = { status: 'succeeded', outputs: { rows: [{ n: 560 }] }, errors: [] };
    const first = await openTab(front.url);
    expect(await countRows(first)).toEqual(counted);
    const kept = async () => (await (await caches.open('handloom-large')).keys()).map(({ url }) => url);
    await expect.poll(() => first.evaluate(kept)).toEqual([expect.stringMatching(/\.wasm$/)]);
    await first.close();
    await front.stop();
    expect(await countRows(await openTab(front.url))).toEqual(counted);
  });

  test('a later build waits until the pages of the one before are closed, and drops its files', async ({
    openTab,
    context,
  }) => {
    const page = await openTab(front.url);
    // The version, which names the cache, is the one thing that differs.
    const next = '0123456789abcdef';
    front.change('/service-worker.js', (text) => text.replace(/\b[0-9a-f]{16}\b/g, next));
    const state = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const found = new Promise<ServiceWorker>((resolve) => {
        registration.addEventListener('updatefound', () => resolve(registration.installing!));
      });
      await registration.update();
      const worker = await found;
      await new Promise<void>((resolve) => {
        if (worker.state === 'installed') resolve();
        worker.addEventListener('statechange', () => worker.state === 'installed' && resolve());
      });
      return { waiting: registration.waiting === worker, same: registration.active !== worker };
    });
    expect(state).toEqual({ waiting: true, same: true });
    expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(2);

    const reloaded = page.waitForEvent('load');
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      registration.waiting?.postMessage('activate');
    });
    await reloaded;
    await expect
      .poll(() =>
        page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('handloom-shell-'))),
      )
      .toEqual([`handloom-shell-${next}`]);
    expect(context.pages()).toHaveLength(1);
  });
});
