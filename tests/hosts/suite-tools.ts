/** What the cases of the host suite share. */
import { type Client, createClient } from '../../src/api/client.ts';
import type { RunProgress } from '../../src/api/services.ts';
import type { Problem } from '../../src/schema/api.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { equal, ok } from './assert.ts';

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface ApiSuiteOptions {
  fetch: Fetch;
  /** Such as `http://127.0.0.1:8000/api`, or `/api` in a page. */
  base: string;
  host: 'browser' | 'node';
}

/** Cases by name; each rejects with what was not as it should be. */
export type Cases = Record<string, () => Promise<void>>;

export type SuiteTools = ReturnType<typeof suiteTools>;

export function suiteTools({ fetch, base, host }: ApiSuiteOptions) {
  const client: Client = createClient(fetch, base);
  const raw = (path: string, init?: RequestInit) => fetch(base + path, init);
  const post = (path: string, body: string) =>
    raw(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  /** Runs a graph to its end; gives its id and all that was told meanwhile. */
  const runToEnd = async (graph: Graph, inputs?: Record<string, unknown[]>) => {
    const stored = await client.createGraph(graph);
    const { id } = await client.startRun(stored.id, inputs ? { inputs } : {});
    const told: RunProgress[] = [];
    await client.followRun(id, (progress) => told.push(progress));
    return { id, graphId: stored.id, told };
  };
  const problem = async (answer: Response, status: number, code: string) => {
    const body: Problem = await answer.json();
    equal([answer.status, body.code, body.status], [status, code, status], `${answer.url} ${body.detail}`);
    ok(
      answer.headers.get('content-type')?.startsWith('application/problem+json'),
      'The content type is problem+json',
    );
    ok(!/\n\s+at /.test(JSON.stringify(body)), 'There is a stack trace in it');
    return body;
  };
  const refusal = async (doing: Promise<unknown>) => {
    try {
      await doing;
    } catch (error) {
      return (error as { code: string }).code;
    }
    throw new Error('It was not refused');
  };
  return { client, raw, post, runToEnd, problem, refusal, host };
}
