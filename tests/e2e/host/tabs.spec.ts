import { expect, expectEngines, runSquares, test } from './host-test.ts';

test('two tabs share one engine', async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab('/other')];
  await expectEngines(second, 1);
  const { id, squares } = await runSquares(first, 'port', [1, 2, 3]);
  expect(squares).toEqual([1, 4, 9]);
  for (const page of [first, second]) {
    const { items } = await page.evaluate(() => inPage.client('service worker').listRuns());
    expect(items.map((run) => run.id)).toContain(id);
  }
});

test('when the leading tab is closed, the other takes over and goes on', async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab()];
  const before = await runSquares(first, 'port', [2]);
  await expectEngines(second, 1);
  const crashes: string[] = [];
  second.on('pageerror', (error) => crashes.push(error.message));

  await first.close();
  await expectEngines(second, 0);
  for (const way of ['port', 'service worker'] as const) {
    const { items } = await second.evaluate((way) => inPage.client(way).listRuns(), way);
    expect(items.map((run) => run.id)).toContain(before.id);
    expect((await runSquares(second, way, [7])).squares).toEqual([49]);
  }
  expect(crashes).toEqual([]);
});

test('a run goes on in the other tab when the tab that computed it is closed', async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab()];
  await expectEngines(second, 1);
  const id = await first.evaluate(async () => {
    const client = inPage.client('port');
    const { id: graph } = await client.createGraph({
      format: 'handloom.graph',
      version: 1,
      name: 'slow squares',
      nodes: [
        {
          id: 'square',
          type: 'code.js',
          params: { code: '(x) => new Promise((done) => setTimeout(done, 20, x * x))' },
          policy: { mode: 'serial' },
        },
      ],
      edges: [],
      inputs: { square: Array.from({ length: 100 }, (_, i) => i) },
    });
    const { id } = await client.startRun(graph);
    // Closed when some of it has been done and some has not.
    await new Promise<void>((resolve) => {
      void client.followRun(id, ({ run }) => {
        if ((run.nodes.square?.succeeded ?? 0) >= 10) resolve();
      });
    });
    return id;
  });
  await first.close();
  const report = await second.evaluate(async (id) => {
    const client = inPage.client('port');
    await client.followRun(id, () => {});
    return client.getRun(id);
  }, id);
  expect(report.status).toBe('succeeded');
  expect(report.nodes.square).toMatchObject({ input: 100, succeeded: 100, failed: 0 });
  expect((report.outputs.square as number[]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i * i),
  );
});

test('what was under way when the engine went away is asked again, or rejects', async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab()];
  await expectEngines(second, 1);
  const pending = second.evaluate(async () => {
    const client = inPage.client('port');
    const { id: graph } = await client.createGraph({
      format: 'handloom.graph',
      version: 1,
      name: 'endless',
      nodes: [{ id: 'spin', type: 'code.js', params: { code: '() => { for (;;); }' } }],
      edges: [],
      inputs: { spin: [1] },
    });
    const { id } = await client.startRun(graph);
    // A stream, which breaks, beside a GET sent at the very moment.
    const events = await inPage.ways.port(`/api/runs/${id}/events`);
    const reader = events.body!.getReader();
    await reader.read();
    document.title = 'streaming';
    const broken = (async () => {
      for (;;) {
        const chunk = await reader.read().catch((error: { code?: string }) => error.code);
        if (typeof chunk === 'string' || chunk === undefined || chunk.done) return chunk;
      }
    })();
    return { id, broken: await broken, runs: (await client.listRuns()).items.map((run) => run.id) };
  });
  await expect.poll(() => second.title()).toBe('streaming');
  await first.close();
  const { id, broken, runs } = await pending;
  expect(broken).toBe('engine_lost');
  expect(runs).toContain(id);
});

test('an engine worker that ends is started again', async ({ openTab }) => {
  const page = await openTab();
  await expectEngines(page, 0);
  const held = () =>
    page.evaluate(async () => {
      const { held = [] } = await navigator.locks.query();
      return held.find(({ name }) => name === 'handloom-engine')?.clientId;
    });
  const before = await held();
  const worker = page.workers().find((each) => each.url().includes('engine-worker'));
  expect(worker).toBeDefined();
  await worker!.evaluate(() => self.close());
  await expect.poll(async () => ![undefined, before].includes(await held()), { timeout: 15_000 }).toBe(true);
  expect((await runSquares(page, 'port', [9])).squares).toEqual([81]);
  expect((await runSquares(page, 'service worker', [10])).squares).toEqual([100]);
});
