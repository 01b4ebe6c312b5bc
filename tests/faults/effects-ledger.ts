/** A service outside Handloom that does something once for each idempotency key, and keeps a ledger of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EffectsLedger {
  url: string;
  /** What was done, by key. */
  done: Map<string, string>;
  /** Requests that named a key again. */
  repeats: () => number;
  /** Settles when so many effects have been done. */
  reaches(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Answers `POST /effect/WHAT` with WHAT. */
export async function openEffectsLedger(): Promise<EffectsLedger> {
  const done = new Map<string, string>();
  let repeats = 0;
  let waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    // A page asks first whether it may.
    for (const about of ['origin', 'headers', 'methods'])
      response.setHeader(`access-control-allow-${about}`, '*');
    response.setHeader('access-control-max-age', '600');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const key = String(request.headers['idempotency-key']);
    const what = request.url?.split('/').at(-1) ?? '';
    if (done.has(key)) repeats++;
    else done.set(key, what);
    const due = waiting.filter(({ count }) => done.size >= count);
    waiting = waiting.filter((each) => !due.includes(each));
    for (const { resolve } of due) resolve();
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(what);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    repeats: () => repeats,
    reaches: (count) =>
      done.size >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
