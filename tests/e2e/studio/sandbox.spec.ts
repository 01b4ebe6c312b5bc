import { createServer, type Server } from 'node:net';
import { code, expect, graphFile, test } from './studio-test.ts';

/** Ways out of a node, as the text of an expression; `url` is where somebody listens. */
const waysOut = {
  fetch: 'await fetch(url)',
  XMLHttpRequest:
    'await new Promise((done, fail) => { const r = new XMLHttpRequest(); r.onload = done; r.onerror = () => fail(new Error("refused")); r.open("GET", url); r.send(); })',
  WebSocket:
    'await new Promise((done, fail) => { const s = new WebSocket(url.replace("http", "ws")); s.onopen = done; s.onerror = () => fail(new Error("refused")); })',
  EventSource:
    'await new Promise((done, fail) => { const s = new EventSource(url); s.onopen = done; s.onerror = () => fail(new Error("refused")); })',
  import: 'await new Function("url", "return import(url)")(url)',
  importScripts: 'importScripts(url)',
  Worker:
    'await new Promise((done, fail) => { const w = new Worker(url); w.onmessage = done; w.onerror = () => fail(new Error("refused")); })',
  'fetch by another name': 'await new Function("url", "return fetch(url)")(url)',
  'fetch of the worker’s kind':
    'await Object.getPrototypeOf(Object.getPrototypeOf(self)).fetch.call(self, url)',
  'ctx.fetch': 'await ctx.fetch(url)',
  IndexedDB:
    'await new Promise((done, fail) => { const r = indexedDB.open("theirs"); r.onsuccess = done; r.onerror = () => fail(r.error); })',
  caches: 'await caches.open("theirs")',
  'origin-private files': 'await navigator.storage.getDirectory()',
  cookies: 'await cookieStore.getAll()',
  BroadcastChannel: 'new BroadcastChannel("handloom").postMessage("x")',
};

const attempts = Object.entries(waysOut)
  .map(([name, text]) => `  ${JSON.stringify(name)}: async (url, ctx) => { ${text}; },`)
  .join('\n');

/** A listener that counts who comes. */
async function listen(): Promise<{ url: string; hits: () => number; server: Server }> {
  let hits = 0;
  const server = createServer((socket) => {
    hits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/x.js`, hits: () => hits, server };
}

test('a node reaches neither the network nor what the page stores, and Results tell each refusal', async ({
  studio,
}) => {
  const { url, hits, server } = await listen();
  try {
    await studio.open(
      graphFile({
        name: 'Ways out',
        nodes: [
          code(
            'try',
            `const ways = {\n${attempts}\n};\nexport default async ({ name, url }, ctx) => {
  try {
    await ways[name](url, ctx);
    return { name, verdict: 'got out' };
  } catch (error) {
    return { name, verdict: 'refused', why: String(error?.message ?? error) };
  }
};`,
          ),
        ],
        inputs: { try: Object.keys(waysOut).map((name) => ({ name, url })) },
      }),
    );
    await studio.run();
    await studio.ended('Succeeded');
    for (const name of Object.keys(waysOut)) {
      const row = studio.panel.getByRole('row').filter({
        has: studio.page.getByRole('gridcell', { name, exact: true }),
      });
      await expect(row.getByRole('gridcell').nth(1), name).toHaveText('refused');
    }
    expect(hits()).toBe(0);
    // The listener does listen: whoever may go there is counted.
    await fetch(url).catch(() => {});
    expect(hits()).toBe(1);
  } finally {
    server.close();
  }
});

test('a node that destroys what it finds breaks only itself', async ({ studio }) => {
  await studio.open(
    graphFile({
      name: 'Vandal',
      nodes: [
        code(
          'vandal',
          '() => { Object.prototype.toString = null; Array.prototype.map = null; self.postMessage("x"); self.close?.(); return 1; }',
          { policy: { mode: 'process', workers: 1 } },
        ),
        code('calm', '(x) => [x].map((y) => y + 1)[0]'),
      ],
      inputs: { vandal: [1], calm: [1, 2] },
    }),
  );
  await studio.run();
  await expect(studio.figure('calm', 'Succeeded')).toHaveText('2');
  await expect(studio.runButton).toBeVisible();
  await studio.select('calm');
  await expect(studio.code('Function')).toBeVisible();
});
