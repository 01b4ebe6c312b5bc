/** Runs: listed, reported, followed, deleted. */
import { ValidationError } from '../../errors.ts';
import { errorQuerySchema, outputQuerySchema, runQuerySchema } from '../../schema/api.ts';
import { defaultLimit } from '../../schema/page.ts';
import { eventStream } from '../event-stream.ts';
import { type Api, operation } from '../operation.ts';
import { followRun } from '../progress-feed.ts';
import { done, wantsTyped } from '../respond.ts';
import type { RunService } from '../services.ts';

export function runRoutes(api: Api): void {
  const { runs } = api.services;
  operation(
    api,
    {
      method: 'get',
      path: '/runs',
      tag: 'Runs',
      summary: 'Runs, newest first',
      query: runQuerySchema,
      answer: { status: 200, content: { schema: 'RunSummary', pageOf: true } },
    },
    async ({ query, json }) => json(await runs.list(query)),
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}',
      tag: 'Runs',
      summary: "A run's report",
      payloads: true,
      description: `At most ${defaultLimit} outputs of each node and ${defaultLimit} errors, fewer where they are large; the cursors beside them go on in /outputs and /errors.`,
      answer: { status: 200, content: { schema: 'RunReport' } },
      problems: [404],
    },
    async ({ param, json }) => json(await runs.report(param('id'))),
  );
  operation(
    api,
    {
      method: 'delete',
      path: '/runs/{id}',
      tag: 'Runs',
      summary: 'Delete a run that has ended',
      answer: { status: 204 },
      problems: [404, 409],
    },
    async ({ param }) => {
      await runs.remove(param('id'));
      return done();
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/graph',
      tag: 'Runs',
      summary: 'The graph a run was started with',
      payloads: true,
      answer: { status: 200, content: { schema: 'Graph' } },
      problems: [404],
    },
    async ({ param, json }) => json(await runs.document(param('id'))),
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/outputs',
      tag: 'Runs',
      summary: 'Outputs in the order they came',
      payloads: true,
      query: outputQuerySchema,
      answer: { status: 200, content: { schema: 'Value', pageOf: true } },
      problems: [404],
    },
    async ({ param, query, json }) => {
      await knownNode(runs, param('id'), query.node);
      return json(await runs.outputs(param('id'), query));
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/errors',
      tag: 'Runs',
      summary: 'Tasks that failed, with their payloads',
      payloads: true,
      query: errorQuerySchema,
      answer: { status: 200, content: { schema: 'ErrorRecord', pageOf: true } },
      problems: [404],
    },
    async ({ param, query, json }) => {
      await knownNode(runs, param('id'), query.node);
      return json(await runs.errors(param('id'), query));
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/events',
      tag: 'Runs',
      summary: 'Progress as it happens (server-sent events)',
      description:
        'Events `progress`, each a RunProgress whose `id` is its sequence number; `Last-Event-ID` goes on from there. The stream closes itself when the run has ended. What logs carry is typed where `Accept` names typed JSON, too.',
      answer: { status: 200, content: { mediaType: 'text/event-stream' } },
      problems: [404],
    },
    ({ request, param }) => {
      const after = lastEventId(request);
      return eventStream(api.clock, request.signal, (wake) =>
        followRun(runs, param('id'), after, wake, wantsTyped(request)),
      );
    },
  );
}

/** A node that the run does not have is a slip of the pen, not an empty list. */
export async function knownNode(runs: RunService, run: string, node: string | undefined): Promise<void> {
  if (node === undefined) return;
  const { nodes } = await runs.summary(run);
  if (!Object.hasOwn(nodes, node)) {
    const message = `The run has no node ${JSON.stringify(node)}.`;
    throw new ValidationError('unknown_node', message, {
      issues: [{ code: 'unknown_node', message, field: 'node' }],
    });
  }
}

function lastEventId(request: Request): number {
  const text = request.headers.get('last-event-id');
  if (text === null || text === '') return 0;
  const seq = Number(text);
  if (Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw new ValidationError('invalid_parameter', 'Last-Event-ID must be a sequence number.');
}
