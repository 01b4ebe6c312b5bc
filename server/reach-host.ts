/** Speaks to a host in another process that works on the same data folder, over its socket. */
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { type Client, createClient } from '../src/api/client.ts';
import { readBytes } from '../src/api/request-body.ts';
import { hasEnded, type RunSummary } from '../src/schema/run.ts';
import { liveRecords } from './control-socket.ts';
import { isAlive } from './process-name.ts';

export interface ReachQuery {
  /** The process, as a run names it. */
  owner: string;
  /** Only a host that goes on when its runs have ended. */
  stays?: boolean;
}

/** Whether a run goes on in a process that lives. */
export const isLive = ({ status, owner }: RunSummary): boolean =>
  !hasEnded(status) && owner !== undefined && isAlive(owner);

/** The API of that host; undefined when it is not there, or does not answer. */
export async function reachHost(dataDir: string, query: ReachQuery): Promise<Client | undefined> {
  const ask = await reachable(dataDir, query);
  return ask && createClient((path, init) => ask(path, new Request(`http://localhost${path}`, init)));
}

/** Sends requests to the API of a host, whatever address they name. */
export type Ask = (path: string, request: Request) => Promise<Response>;

/** As {@link reachHost}, for requests as they are. */
export async function reachable(dataDir: string, { owner, stays }: ReachQuery): Promise<Ask | undefined> {
  for (const record of await liveRecords(dataDir)) {
    if (record.owner !== owner || (stays && !record.stays)) continue;
    const ask: Ask = (path, request) => askSocket(record.socket, path, request);
    const health = '/api/health';
    const answers = await ask(health, new Request(`http://localhost${health}`)).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (answers) return ask;
  }
  return undefined;
}

async function askSocket(socketPath: string, path: string, asking: Request): Promise<Response> {
  const { method, signal } = asking;
  // All of it with the first write: who answers without reading it ends the connection.
  const body = await readBytes(asking);
  // A connection each, so that none is left open for a host to wait for.
  const headers = { ...Object.fromEntries(asking.headers), connection: 'close' };
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method, headers, agent: false, signal }, (answer) =>
      resolve(responseOf(answer)),
    )
      .once('error', reject)
      .end(body);
  });
}

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
