/** Speaks to a host in another process that works on the same data folder, over its socket. */
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { type Client, createClient } from '../src/api/client.ts';
import { liveRecords } from './control-socket.ts';

export interface ReachQuery {
  /** The process, as a run names it. */
  owner: string;
  /** Only a host that goes on when its runs have ended. */
  stays?: boolean;
}

/** The API of that host; undefined when it is not there, or does not answer. */
export async function reachHost(dataDir: string, { owner, stays }: ReachQuery): Promise<Client | undefined> {
  for (const record of await liveRecords(dataDir)) {
    if (record.owner !== owner || (stays && !record.stays)) continue;
    const client = createClient(socketFetch(record.socket));
    const answers = await client.health().then(
      () => true,
      () => false,
    );
    if (answers) return client;
  }
  return undefined;
}

/** As `fetch`, to a server on this socket. */
const socketFetch =
  (socketPath: string) =>
  (path: string, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers, body, signal } = init;
      const asked = request(
        // A connection each, so that none is left open for a host to wait for.
        {
          socketPath,
          path,
          method,
          agent: false,
          headers: headers as Record<string, string>,
          ...(signal && { signal }),
        },
        (answer) => resolve(responseOf(answer)),
      );
      asked.once('error', reject);
      asked.end(body as string | Uint8Array | undefined);
    });

function responseOf(answer: IncomingMessage): Response {
  const { statusCode = 500, statusMessage = '', headers } = answer;
  const body = statusCode === 204 ? null : (Readable.toWeb(answer) as ReadableStream);
  const given = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return new Response(body, {
    status: statusCode,
    statusText: statusMessage,
    headers: given as [string, string][],
  });
}
