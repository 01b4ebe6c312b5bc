/** The workers of a browser, in a real one: the contract that all workers share, and what the sandbox must refuse. */
import { createServer, type Server } from 'node:http';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerCases } from '../contracts/worker-contract.ts';
import type { PoolPage } from './pool/page.ts';
import { listen, type PoolSite, startPoolSite } from './pool-site.ts';

declare const pool: PoolPage;

let site: PoolSite;
let listener: Server;
let listens: string;
let hits: string[] = [];

beforeAll(async () => {
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
  listens = await listen(listener);
  site = await startPoolSite();
});

afterAll(async () => {
  await site?.close();
  listener?.close();
});

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
    const opened = await site.open(sandboxed ? 'real' : 'none');
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
    const open = await page.evaluate(([code, to]) => pool.value(code, to), [everyWayOut, listens] as const);
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
  const { page, started } = await site.open('silent');
  expect(started).toEqual({ isolation: 'worker', reason: 'no answer within 3000 ms' });
  expect(await page.evaluate(() => pool.value('() => 1', 0))).toBe(1);
  await page.close();
});
