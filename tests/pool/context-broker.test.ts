/** What nodes may fetch, against a real server. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ContextBroker, type RequestRecord, type World } from '../../src/pool/context-broker.ts';

let server: Server;
let base: string;
let other: string;
let seen: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string }[] = [];
let records: RequestRecord[];
let broker: ContextBroker;
const signal = new AbortController().signal;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    const status = Number(/^\/(30\d)/.exec(request.url ?? '')?.[1]);
    const circle = request.url?.includes('circle') ? request.url : undefined;
    const to = circle ?? new URL(request.url ?? '', base).searchParams.get('to');
    if (status) response.writeHead(status, { location: to ?? '/end' }).end();
    else if (request.url === '/slow') response.write('…');
    else response.end('end');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  other = `http://localhost:${port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  records = [];
  broker = new ContextBroker({ fetch, files: {}, tables: {} } as World, (record) => records.push(record));
});

function access(hosts: string[]) {
  broker.open('run', { capabilities: { fetch: hosts } });
  return broker.access('run', 'node');
}

it('reaches the hosts that are permitted, by name, with port, by domain, or any', async () => {
  const { port } = new URL(base);
  for (const hosts of [['127.0.0.1'], [`127.0.0.1:${port}`], ['*.0.0.1'], ['*']]) {
    expect(await (await access(hosts).fetch(`${base}/x`, {}, signal)).text()).toBe('end');
  }
});

it.each([
  ['nothing is permitted', () => [], () => base],
  ['another host is', () => ['localhost'], () => base],
  ['another port is', () => ['127.0.0.1:1'], () => base],
  ['the name is only a part of it', () => ['0.0.1'], () => base],
  ['the name is in the user info', () => ['localhost'], () => base.replace('//', '//localhost@')],
  ['it is no web address', () => ['*'], () => 'data:text/plain,hello'],
  ['it is a file', () => ['*'], () => 'file:///etc/passwd'],
])('refuses when %s, and says so in the ledger', async (_what, hosts, url) => {
  await expect(access(hosts()).fetch(url(), {}, signal)).rejects.toThrow();
  expect(seen).toEqual([]);
  expect(records.every(({ refused }) => refused)).toBe(true);
});

it('follows redirects within what is permitted, as browsers do', async () => {
  const { fetch: get } = access(['127.0.0.1']);
  const posted = await get(`${base}/303`, { method: 'POST', body: 'data' }, signal);
  expect([posted.redirected, posted.url]).toEqual([true, `${base}/end`]);
  await get(`${base}/307`, { method: 'POST', body: 'data' }, signal);
  expect(seen.map(({ method, body }) => [method, body])).toEqual([
    ['POST', 'data'],
    ['GET', ''],
    ['POST', 'data'],
    ['POST', 'data'],
  ]);
  expect(records.map(({ status }) => status)).toEqual([303, 200, 307, 200]);
});

it('refuses a redirect to a host that is not permitted', async () => {
  const { fetch: get } = access(['127.0.0.1']);
  const refused = get(`${base}/302?to=${other}/end`, {}, signal);
  await expect(refused).rejects.toMatchObject({ code: 'fetch_refused', details: { host: 'localhost' } });
  expect(seen).toHaveLength(1);
});

it('takes credentials off when a redirect leaves the origin', async () => {
  const { fetch: get } = access(['127.0.0.1', 'localhost']);
  await get(`${base}/302?to=${other}/end`, { headers: { authorization: 'secret', 'x-mine': '1' } }, signal);
  expect(seen.map(({ headers }) => [headers.authorization, headers['x-mine']])).toEqual([
    ['secret', '1'],
    [undefined, '1'],
  ]);
});

it('gives up on a circle of redirects', async () => {
  const { fetch: get } = access(['127.0.0.1']);
  await expect(get(`${base}/302/circle`, {}, signal)).rejects.toThrow('more than 20 times');
});

it('aborts requests when the run is cancelled, and refuses more', async () => {
  const { fetch: get } = access(['*']);
  const reading = get(`${base}/slow`, {}, signal).then((response) => response.text());
  broker.cancel('run');
  await expect(reading).rejects.toThrow();
  broker.close('run');
  await expect(get(base, {}, signal)).rejects.toMatchObject({ code: 'context_closed' });
});

it('does not let a worker speak for a batch it has not under way, or call what is not a method', async () => {
  access(['*']);
  const worker = broker.forWorker((batch) => (batch === 1 ? { run: 'run', node: 'node' } : undefined));
  await expect(worker.files(2, 'read', ['x'])).rejects.toMatchObject({ code: 'context_closed' });
  await expect(worker.files(1, 'constructor', [])).rejects.toThrow('There is no "constructor"');
});

it('gives workers the libraries that its host has', async () => {
  await expect(broker.forWorker(() => undefined).library('mathjs')).rejects.toMatchObject({
    code: 'library_not_found',
  });
  const library = async (name: string) => `text of ${name}`;
  const rich = new ContextBroker({ fetch, files: {}, tables: {}, library } as World);
  expect(await rich.forWorker(() => undefined).library('mathjs')).toBe('text of mathjs');
});
