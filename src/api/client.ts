/** The API as functions, over any `fetch`: the engine's port, the network, or the app itself. */
import type { z } from 'zod';
import type { Retention, RetentionReport } from '../engine/retention/retention.ts';
import { HandloomError } from '../errors.ts';
import type { analysisQuerySchema, GraphAnalysis } from '../schema/analysis.ts';
import type {
  errorQuerySchema,
  fileEntrySchema,
  Health,
  NodeType,
  outputQuerySchema,
  Problem,
  pageQuerySchema,
  rowsQuerySchema,
  runQuerySchema,
  startRunSchema,
  taskQuerySchema,
  validationSchema,
} from '../schema/api.ts';
import { fromBase64 } from '../schema/base64.ts';
import type { Graph } from '../schema/graph.ts';
import { hasEnded } from '../schema/names.ts';
import { fromTyped } from '../schema/read-typed-json.ts';
import type { ErrorRecord, RunReport, RunSummary, Task } from '../schema/run.ts';
import { toTypedText, valuesMediaType } from '../schema/typed-json.ts';
import type { GraphRecord, Page } from '../store/store.ts';
import { type FollowOptions, followEvents } from './event-reader.ts';
import type { RunProgress, Statistics, StoredGraph } from './services.ts';
import { encodeSyncFrame, type SyncFrame } from './sync-frame.ts';

type Query<Schema extends z.ZodType> = Partial<z.output<Schema>>;
type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export type Client = ReturnType<typeof createClient>;

/**
 * Builds a client. Payloads go and come as they are (dates, maps, big integers), as typed JSON. Every method rejects with a HandloomError that has the problem's `code`, `issues` and, in its
 * details, the HTTP `status`.
 */
export function createClient(fetch: Fetch, base = '/api') {
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(base + path, { method, ...init });
    if (!answer.ok) throw await problemFrom(answer);
    return answer;
  };
  const get = async <T>(path: string, query: object = {}): Promise<T> =>
    readAnswer(await send('GET', path + queryText(query), { headers: { accept: accepted } })) as Promise<T>;
  const post = async <T>(method: string, path: string, body: unknown): Promise<T> => {
    const headers = { 'content-type': valuesMediaType, accept: accepted };
    return readAnswer(await send(method, path, { headers, body: toTypedText(body) })) as Promise<T>;
  };
  const stream = (path: string) => (headers: Record<string, string>, signal: AbortSignal | undefined) =>
    send('GET', path, { headers, ...(signal && { signal }) });

  return {
    health: () => get<Health>('/health'),
    statistics: () => get<Statistics>('/statistics'),
    nodeTypes: async () => (await get<Page<NodeType>>('/node-types')).items,

    listGraphs: (query: Query<typeof pageQuerySchema> = {}) => get<Page<GraphRecord>>('/graphs', query),
    getGraph: (id: string) => get<StoredGraph>(at`/graphs/${id}`),
    createGraph: (graph: Graph) => post<StoredGraph>('POST', '/graphs', graph),
    replaceGraph: (id: string, graph: Graph) => post<StoredGraph>('PUT', at`/graphs/${id}`, graph),
    async deleteGraph(id: string): Promise<void> {
      await send('DELETE', at`/graphs/${id}`);
    },
    validateGraph: (document: unknown) =>
      post<z.output<typeof validationSchema>>('POST', '/graphs/validate', document),
    /** What the shape of a document tells; with a run, its critical path by the work that run measured. */
    analyzeGraph: (document: unknown, query: Query<typeof analysisQuerySchema> = {}) =>
      post<GraphAnalysis>('POST', `/graphs/analyze${queryText(query)}`, document),
    getGraphAnalysis: (id: string, query: Query<typeof analysisQuerySchema> = {}) =>
      get<GraphAnalysis>(at`/graphs/${id}/analysis`, query),
    /** One exchange of an editor: gives the Yjs update the editor lacks. */
    async syncGraph(id: string, frame: SyncFrame): Promise<Uint8Array> {
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await send('POST', at`/graphs/${id}/sync`, { headers, body: encodeSyncFrame(frame) });
      return new Uint8Array(await answer.arrayBuffer());
    },
    /**
     * Calls back with each change others make, until the signal aborts. `onResync` says that changes may have been
     * missed (also whenever the connection was lost): sync then.
     */
    followGraph(
      id: string,
      onUpdate: (update: Uint8Array) => void,
      onResync: () => void,
      options: FollowOptions = {},
    ): Promise<void> {
      let opened = false;
      const open = async (headers: Record<string, string>, signal: AbortSignal | undefined) => {
        const answer = await stream(at`/graphs/${id}/changes`)(headers, signal);
        if (opened) onResync();
        opened = true;
        return answer;
      };
      return followEvents(
        open,
        ({ event, data }) => {
          if (event === 'update') onUpdate(fromBase64(data));
          else if (event === 'resync') onResync();
          return false;
        },
        isFinal,
        options,
      );
    },

    startRun: (graphId: string, options: z.input<typeof startRunSchema> = {}) =>
      post<{ id: string }>('POST', at`/graphs/${graphId}/runs`, options),
    listRuns: (query: Query<typeof runQuerySchema> = {}) => get<Page<RunSummary>>('/runs', query),
    getRun: (id: string) => get<RunReport>(at`/runs/${id}`),
    getRunGraph: (id: string) => get<Graph>(at`/runs/${id}/graph`),
    cancelRun: (id: string) => post<RunSummary>('POST', at`/runs/${id}/cancel`, {}),
    pauseRun: (id: string) => post<RunSummary>('POST', at`/runs/${id}/pause`, {}),
    resumeRun: (id: string) => post<RunSummary>('POST', at`/runs/${id}/resume`, {}),
    closeRun: (id: string) => post<RunSummary>('POST', at`/runs/${id}/close`, {}),
    inject: (id: string, inputs: Record<string, unknown[]>) =>
      post<RunSummary>('POST', at`/runs/${id}/inject`, { inputs }),
    /** Tries failed tasks again: all, or those of a node, an error name, or a list. */
    retryRun: (id: string, which: { node?: string; error?: string; tasks?: string[] } = {}) =>
      post<{ tasks: number }>('POST', at`/runs/${id}/retry`, which),
    /** Starts a new run from a node on, with what was delivered to it in this one. */
    rerun: (id: string, from: { node: string; only?: boolean }) =>
      post<{ id: string }>('POST', at`/runs/${id}/rerun`, from),
    /** Forgets the results kept for later runs. */
    async emptyCache(): Promise<void> {
      await send('DELETE', '/cache');
    },
    /** What is kept, and what went by its limits. */
    retention: () => get<RetentionReport>('/retention'),
    setRetention: (limits: Retention) => post<RetentionReport>('PUT', '/retention', limits),
    async deleteRun(id: string): Promise<void> {
      await send('DELETE', at`/runs/${id}`);
    },
    /** Calls back with progress, over lost connections, until the run has ended or the signal aborts. */
    followRun(
      id: string,
      onProgress: (progress: RunProgress) => void,
      options: FollowOptions = {},
    ): Promise<void> {
      return followEvents(
        (headers, signal) =>
          stream(at`/runs/${id}/events`)(
            { ...headers, accept: `text/event-stream, ${valuesMediaType}` },
            signal,
          ),
        ({ event, data }) => {
          if (event !== 'progress') return false;
          const progress = fromTyped(JSON.parse(data)) as RunProgress;
          onProgress(progress);
          return hasEnded(progress.run.status);
        },
        isFinal,
        options,
      );
    },
    listTasks: (run: string, query: Query<typeof taskQuerySchema> = {}) =>
      get<Page<Task>>(at`/runs/${run}/tasks`, query),
    getTask: (run: string, task: string) => get<Task>(at`/runs/${run}/tasks/${task}`),
    listOutputs: (run: string, query: Query<typeof outputQuerySchema> = {}) =>
      get<Page<unknown>>(at`/runs/${run}/outputs`, query),
    listErrors: (run: string, query: Query<typeof errorQuerySchema> = {}) =>
      get<Page<ErrorRecord>>(at`/runs/${run}/errors`, query),

    listRows: (table: string, query: Query<typeof rowsQuerySchema> = {}) =>
      get<Page<Record<string, unknown>>>(at`/tables/${table}/rows`, query),
    listFiles: (query: Query<typeof pageQuerySchema> & { prefix?: string } = {}) =>
      get<Page<z.output<typeof fileEntrySchema>>>('/files', query),
    async readFile(path: string): Promise<Uint8Array> {
      return new Uint8Array(await (await send('GET', filePath(path))).arrayBuffer());
    },
    async writeFile(path: string, data: Uint8Array<ArrayBuffer> | string | Blob): Promise<void> {
      await send('PUT', filePath(path), { body: data });
    },
    async deleteFile(path: string): Promise<void> {
      await send('DELETE', filePath(path));
    },
  };
}

/** Payloads arrive as they are, wherever the host writes typed JSON. */
const accepted = `${valuesMediaType}, application/json;q=0.9`;

async function readAnswer(answer: Response): Promise<unknown> {
  const value: unknown = await answer.json();
  return answer.headers.get('content-type')?.startsWith(valuesMediaType) ? fromTyped(value) : value;
}

/** A path with its parts encoded. */
function at(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((path, part, i) => path + encodeURIComponent(values[i - 1] ?? '') + part);
}

const filePath = (path: string) => `/files/${path.split('/').map(encodeURIComponent).join('/')}`;

function queryText(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length > 0
    ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
    : '';
}

async function problemFrom(answer: Response): Promise<HandloomError> {
  const problem: Partial<Problem> = await answer.json().catch(() => ({}));
  const detail = problem.detail ?? `The answer was ${answer.status} ${answer.statusText}.`;
  const details = { status: answer.status };
  return new HandloomError(problem.code ?? 'unreadable_answer', detail, {
    details,
    issues: problem.issues ?? [],
  });
}

/** The server has said no, so asking again would not help; a lost connection or a server in trouble may recover. */
function isFinal(error: unknown): boolean {
  const status = error instanceof HandloomError ? Number(error.details.status) : Number.NaN;
  return status >= 400 && status < 500;
}
