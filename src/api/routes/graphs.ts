/** Graphs: kept, changed, checked, edited together and started. */

import { warningsOf } from '../../engine/graph/warnings.ts';
import type { StartOptions } from '../../engine/runs/run-starter.ts';
import { graphRecordSchema, pageQuerySchema, startRunSchema } from '../../schema/api.ts';
import { toBase64 } from '../../schema/base64.ts';
import type { Graph } from '../../schema/graph.ts';
import { fromGraphTree } from '../../schema/graph-file.ts';
import { eventStream, eventText } from '../event-stream.ts';
import { type Api, operation } from '../operation.ts';
import { refusal } from '../problem.ts';
import { parseWith, readBytes, readJsonBody } from '../request-body.ts';
import { done, isTyped } from '../respond.ts';
import type { StoredGraph } from '../services.ts';
import { decodeSyncFrame } from '../sync-frame.ts';

/** An editor that reads slower than this many changes is told to sync anew, rather than keeping them for it. */
const maxWaitingChanges = 100;

export function graphRoutes(api: Api): void {
  const { graphs, runs } = api.services;

  /** A graph's file as it is, also one in typed JSON. */
  const readDocument = async (request: Request): Promise<unknown> => {
    const body = await readJsonBody(request, api.maxBodyBytes);
    return isTyped(request) ? body : fromGraphTree(body);
  };
  /** @throws ValidationError listing everything that keeps the graph from running. */
  const readGraph = async (request: Request): Promise<Graph> => {
    const body = await readDocument(request);
    const issues = await runs.validate(body);
    if (issues.length > 0) throw refusal(issues, 'invalid_graph');
    return withoutKeepersFields({ name: 'Untitled', edges: [], ...(body as Partial<Graph>) } as Graph);
  };

  operation(
    api,
    {
      method: 'get',
      path: '/graphs',
      tag: 'Graphs',
      summary: 'Graphs, newest change first',
      query: pageQuerySchema,
      answer: { status: 200, content: { schema: 'GraphRecord', pageOf: true } },
    },
    async ({ query, json }) => json(await graphs.list(query)),
  );
  operation(
    api,
    {
      method: 'post',
      path: '/graphs',
      tag: 'Graphs',
      summary: 'Keep a graph',
      payloads: true,
      description: 'A graph that could not run is refused, with everything that is wrong in `issues`.',
      body: { schema: 'Graph' },
      answer: { status: 201, content: { schema: 'StoredGraph' } },
      problems: [413],
    },
    async ({ request, json }) => json(await graphs.create(await readGraph(request)), 201),
  );
  operation(
    api,
    {
      method: 'post',
      path: '/graphs/validate',
      tag: 'Graphs',
      summary: 'What keeps a graph from running',
      payloads: true,
      description: 'The body may be any JSON; a graph that cannot run is no error here.',
      body: { schema: 'Graph' },
      answer: { status: 200, content: { schema: 'Validation' } },
      problems: [413],
    },
    async ({ request, json }) => {
      const document = await readDocument(request);
      const issues = await runs.validate(document);
      const warnings = issues.length === 0 ? warningsOf(document as Graph, api.services.registry) : [];
      return json({ valid: issues.length === 0, issues, ...(warnings.length > 0 && { warnings }) });
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/graphs/{id}',
      tag: 'Graphs',
      summary: 'A graph',
      payloads: true,
      answer: { status: 200, content: { schema: 'StoredGraph' } },
      problems: [404],
    },
    async ({ param, json }) => json(await graphs.get(param('id'))),
  );
  operation(
    api,
    {
      method: 'put',
      path: '/graphs/{id}',
      tag: 'Graphs',
      summary: 'Change a graph into this one',
      payloads: true,
      description: 'Open editors merge the difference in.',
      body: { schema: 'Graph' },
      answer: { status: 200, content: { schema: 'StoredGraph' } },
      problems: [404, 413],
    },
    async ({ request, param, json }) => json(await graphs.replace(param('id'), await readGraph(request))),
  );
  operation(
    api,
    {
      method: 'delete',
      path: '/graphs/{id}',
      tag: 'Graphs',
      summary: 'Delete a graph; its runs stay',
      answer: { status: 204 },
      problems: [404],
    },
    async ({ param }) => {
      await graphs.remove(param('id'));
      return done();
    },
  );
  operation(
    api,
    {
      method: 'post',
      path: '/graphs/{id}/runs',
      tag: 'Runs',
      summary: 'Run a graph, or a part of it',
      body: { schema: 'StartRun', required: false },
      answer: { status: 201, content: { schema: 'StartedRun' } },
      problems: [404, 409, 413],
    },
    async ({ request, param, json }) => {
      const stored = await graphs.get(param('id'));
      const body = await readJsonBody(request, api.maxBodyBytes, {});
      const { inputs, keepOpen, from, only, rerunOf } = parseWith(startRunSchema, body, 'invalid_body');
      const first = from ?? only;
      const options: StartOptions = {
        graphId: stored.id,
        ...(inputs && { inputs }),
        ...(keepOpen && { keepOpen }),
        ...(first !== undefined && { from: first, only: only !== undefined }),
        ...(rerunOf !== undefined && { rerunOf }),
      };
      const { id } = await runs.start(withoutKeepersFields(stored), options);
      return json({ id }, 201);
    },
  );
  operation(
    api,
    {
      method: 'post',
      path: '/graphs/{id}/sync',
      tag: 'Graphs',
      summary: 'One exchange of an editor (Yjs)',
      description:
        'Body: the length of the state vector (4 bytes, big-endian), the state vector, the update. The answer is the update the editor lacks. Unfinished graphs are welcome here.',
      body: { mediaType: 'application/octet-stream', description: 'A sync frame.' },
      answer: {
        status: 200,
        content: { mediaType: 'application/octet-stream', description: 'A Yjs update.' },
      },
      problems: [404, 413],
    },
    async ({ request, param }) => {
      const { vector, update } = decodeSyncFrame(await readBytes(request, api.maxBodyBytes));
      const missing = await graphs.sync(param('id'), update, vector);
      return new Response(new Uint8Array(missing), {
        headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
      });
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/graphs/{id}/changes',
      tag: 'Graphs',
      summary: 'Changes of a graph as they happen (server-sent events)',
      description: 'Events `update` (a Yjs update, base64) and `resync` (too many were missed: sync again).',
      answer: { status: 200, content: { mediaType: 'text/event-stream' } },
      problems: [404],
    },
    async ({ request, param }) => {
      const { id } = await graphs.get(param('id'));
      return eventStream(api.clock, request.signal, async (wake) => {
        let waiting: Uint8Array[] = [];
        let overrun = false;
        const stop = graphs.subscribe(id, (update) => {
          if (waiting.length >= maxWaitingChanges) {
            overrun = true;
            waiting = [];
          }
          if (!overrun) waiting.push(update);
          wake();
        });
        const take = () => {
          if (overrun) {
            overrun = false;
            return eventText('resync', '{}');
          }
          const update = waiting.shift();
          return update && eventText('update', toBase64(update));
        };
        return { take, ended: () => false, stop };
      });
    },
  );
}

/** The document alone: what its keeper adds must neither come back in nor travel with a run. */
function withoutKeepersFields(graph: Graph | StoredGraph): Graph {
  const document: Record<string, unknown> = { ...graph };
  for (const field of Object.keys(
    graphRecordSchema.pick({ id: true, createdAt: true, updatedAt: true }).shape,
  )) {
    delete document[field];
  }
  return document as Graph;
}
