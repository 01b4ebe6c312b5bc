/**
 * The engine's side of `ctx`: what tasks reach of the world goes through here, where the graph's capabilities are
 * checked and every outside request is told to whoever keeps the ledger.
 */
import { CapabilityError, HandloomError, NotFoundError } from '../errors.ts';
import type { Files, Tables } from '../nodes/define-node.ts';
import type { GraphSettings } from '../schema/graph.ts';
import type { LibraryName } from './library-text.ts';
import type { PartCollector } from './part-collector.ts';
import {
  fileMethods,
  tableMethods,
  type WireRequest,
  type WireResponse,
  type WorkerBroker,
} from './remote-access.ts';
import type { Access } from './task-context.ts';

/** What the host lets tasks reach. */
export interface World {
  fetch: typeof fetch;
  files: Files;
  tables: Tables;
  /** Texts of libraries that its workers do not have. */
  library?: (name: LibraryName) => Promise<string>;
}

/** One request to the outside, refused ones included. */
export interface RequestRecord {
  run: string;
  node: string;
  method: string;
  url: string;
  /** Absent when it was refused or failed. */
  status?: number;
  refused?: true;
}

/** What a worker has under way. */
export interface Job {
  run: string;
  node: string;
  /** Takes parts of what its tasks give, where they may come in parts. */
  parts?: PartCollector | undefined;
}

interface OpenRun {
  hosts: readonly string[];
  /** Aborts every request of the run. */
  controller: AbortController;
}

/** Browsers follow at most this many redirects. */
const redirectLimit = 20;

export class ContextBroker {
  readonly #world: World;
  readonly #onRequest: (record: RequestRecord) => void;
  readonly #runs = new Map<string, OpenRun>();

  constructor(world: World, onRequest: (record: RequestRecord) => void = () => {}) {
    this.#world = world;
    this.#onRequest = onRequest;
  }

  open(run: string, settings: GraphSettings): void {
    const hosts = (settings.capabilities?.fetch ?? []).map((host) => host.toLowerCase());
    this.#runs.set(run, { hosts, controller: new AbortController() });
  }

  /** Aborts what a run has under way. */
  cancel(run: string): void {
    this.#runs.get(run)?.controller.abort(new HandloomError('cancelled', 'The run was cancelled.'));
  }

  close(run: string): void {
    this.cancel(run);
    this.#runs.delete(run);
  }

  /** For nodes that run beside the engine. */
  access(run: string, node: string): Access {
    return {
      files: this.#world.files,
      tables: this.#world.tables,
      fetch: async (url, init, signal) =>
        this.#fetch(run, node, new Request(url, { ...init, signal: both(init?.signal, signal) })),
    };
  }

  /** For one worker; `jobOf` tells what batch it has under way, if it has. */
  forWorker(jobOf: (batch: number) => Job | undefined): WorkerBroker {
    const job = (batch: number) => {
      const found = jobOf(batch);
      if (!found)
        throw new HandloomError('context_closed', 'The task has ended; its context can no longer be used.');
      return found;
    };
    const fetches = new Map<string, AbortController>();
    const call = (target: object, methods: readonly string[], method: string, args: unknown[]) => {
      if (!methods.includes(method)) throw new TypeError(`There is no ${JSON.stringify(method)}.`);
      return (target as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(...args);
    };
    return {
      fetch: async (batch, id, wire) => {
        const { run, node } = job(batch);
        const controller = new AbortController();
        fetches.set(`${batch}/${id}`, controller);
        try {
          return await toWire(await this.#fetch(run, node, toRequest(wire, controller.signal)));
        } finally {
          fetches.delete(`${batch}/${id}`);
        }
      },
      abortFetch: (batch, id) => fetches.get(`${batch}/${id}`)?.abort(),
      files: async (batch, method, args) => {
        job(batch);
        return call(this.#world.files, fileMethods, method, args);
      },
      tables: async (batch, method, args) => {
        job(batch);
        return call(this.#world.tables, tableMethods, method, args);
      },
      library: async (name) => {
        if (!this.#world.library) throw new NotFoundError('library', String(name));
        return this.#world.library(name);
      },
      part: async (batch, index, port, values) => {
        const { parts } = job(batch);
        if (!parts) throw new HandloomError('context_closed', 'Results of this batch travel whole.');
        await parts.take(index, port, values);
      },
    };
  }

  /** Follows redirects by hand, since each of them has to be permitted. */
  async #fetch(run: string, node: string, first: Request): Promise<Response> {
    const open = this.#runs.get(run);
    if (!open)
      throw new HandloomError('context_closed', 'The run has ended; its context can no longer be used.');
    const signal = both(open.controller.signal, first.signal);
    const bodiless = first.method === 'GET' || first.method === 'HEAD';
    const body = bodiless ? undefined : await first.arrayBuffer();
    const anywhere = open.hosts.includes('*');
    let { url, method } = first;
    let headers = new Headers(first.headers);
    let sent: ArrayBuffer | undefined = body;
    for (let hop = 0; hop <= redirectLimit; hop++) {
      const record: RequestRecord = { run, node, method, url };
      try {
        checkPermitted(new URL(url), open.hosts);
      } catch (error) {
        this.#onRequest({ ...record, refused: true });
        throw error;
      }
      const response = await this.#send(record, {
        method,
        headers,
        signal,
        redirect: anywhere ? first.redirect : 'manual',
        ...(sent?.byteLength && { body: sent }),
      });
      if (response.type === 'opaqueredirect') throw hiddenRedirect(url);
      const location = response.headers.get('location');
      if (anywhere || !isRedirect(response.status) || location === null) {
        return hop ? redirectedResponse(response, url) : response;
      }
      if (first.redirect === 'error')
        throw new TypeError(`${url} redirects, which this request does not permit.`);
      if (first.redirect === 'manual') return response;
      const next = new URL(location, url);
      if (next.origin !== new URL(url).origin) {
        headers = new Headers(headers);
        for (const name of ['authorization', 'cookie', 'proxy-authorization']) headers.delete(name);
      }
      if (response.status === 303 ? method !== 'HEAD' : method === 'POST' && response.status < 303) {
        method = 'GET';
        sent = undefined;
        headers = new Headers(headers);
        for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
      }
      url = next.href;
    }
    throw new TypeError(`${first.url} redirects more than ${redirectLimit} times.`);
  }

  async #send(record: RequestRecord, init: RequestInit): Promise<Response> {
    try {
      const response = await this.#world.fetch(record.url, init);
      this.#onRequest({ ...record, status: response.status });
      return response;
    } catch (error) {
      this.#onRequest(record);
      throw error;
    }
  }
}

/** @throws CapabilityError `fetch_refused` unless one of the entries covers the address. */
function checkPermitted(url: URL, hosts: readonly string[]): void {
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  const covers = (entry: string) =>
    entry === '*' ||
    entry === url.hostname ||
    entry === url.host ||
    (entry.startsWith('*.') && url.hostname.endsWith(entry.slice(1)));
  if (web && hosts.some(covers)) return;
  const how = web
    ? `Add ${JSON.stringify(url.hostname)} to "settings.capabilities.fetch" of the graph to permit it.`
    : 'Only http and https addresses can be fetched.';
  throw new CapabilityError(
    'fetch_refused',
    `This graph may not fetch from ${url.hostname || url.protocol}. ${how}`,
    {
      details: { host: url.hostname, permitted: hosts },
    },
  );
}

function hiddenRedirect(url: string): CapabilityError {
  const { hostname } = new URL(url);
  const message = `${hostname} redirects, and a browser does not tell where to. Fetch the final address, or add "*" to "settings.capabilities.fetch" of the graph.`;
  return new CapabilityError('fetch_refused', message, { details: { host: hostname } });
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

function redirectedResponse(response: Response, url: string): Response {
  Object.defineProperties(response, { url: { value: url }, redirected: { value: true } });
  return response;
}

function both(a: AbortSignal | null | undefined, b: AbortSignal): AbortSignal {
  return a ? AbortSignal.any([a, b]) : b;
}

function toRequest({ url, method, headers, body }: WireRequest, signal: AbortSignal): Request {
  if (!URL.canParse(url)) throw new TypeError(`${JSON.stringify(url)} is not an absolute address.`);
  return new Request(url, { method, headers, signal, ...(body && { body }) });
}

async function toWire(response: Response): Promise<WireResponse> {
  const { url, status, statusText, redirected } = response;
  // A Response cannot be made with a body for these.
  const bodiless = status === 101 || status === 204 || status === 205 || status === 304;
  const body = bodiless ? null : await response.arrayBuffer();
  return { url, status, statusText, redirected, headers: [...response.headers], body };
}
