/** What is done to a run while it goes on, or to make it go on. */
import { injectSchema, rerunSchema, retrySchema } from '../../schema/api.ts';
import { type Api, type Operation, operation } from '../operation.ts';
import { parseWith, readJsonBody } from '../request-body.ts';
import { json } from '../respond.ts';
import type { RunService } from '../services.ts';

export function runControlRoutes(api: Api): void {
  const { runs } = api.services;
  plain(api, 'cancel', 'End a run within a second', (id) => runs.cancel(id));
  plain(api, 'pause', 'Send out nothing more; what is under way comes to its end', (id) => runs.pause(id));
  plain(api, 'resume', 'Go on with a run that was paused, or whose host died', (id) => runs.unpause(id));
  plain(api, 'close', 'Take no more tasks from outside, and end when nothing is left to do', (id) =>
    runs.close(id),
  );
  operation(
    api,
    {
      ...control('inject', 'Add tasks to a live run'),
      payloads: true,
      body: { schema: 'Inject' },
      answer: { status: 202, content: { schema: 'RunSummary' } },
    },
    async ({ request, param }) => {
      const { inputs } = parseWith(
        injectSchema,
        await readJsonBody(request, api.maxBodyBytes),
        'invalid_body',
      );
      await runs.inject(param('id'), inputs);
      return accepted(runs, param('id'));
    },
  );
  operation(
    api,
    {
      ...control('retry', 'Try failed tasks again: all, or those of a node, an error name, or a list'),
      description: 'The run may have ended; it then goes on, and ends again.',
      body: { schema: 'Retry', required: false },
      answer: { status: 202, content: { schema: 'Retried' } },
    },
    async ({ request, param }) => {
      const body = await readJsonBody(request, api.maxBodyBytes, {});
      const { node, error, tasks } = parseWith(retrySchema, body, 'invalid_body');
      const which = {
        ...(node !== undefined && { node }),
        ...(error !== undefined && { error }),
        ...(tasks && { tasks }),
      };
      return json({ tasks: await runs.retry(param('id'), which) }, 202);
    },
  );
  operation(
    api,
    {
      ...control('rerun', 'Start a new run from a node on, with what was delivered to it in this one'),
      description: 'Of the graph as it was in this run, and of that only the node and what it leads to.',
      body: { schema: 'Rerun' },
      answer: { status: 201, content: { schema: 'StartedRun' } },
    },
    async ({ request, param }) => {
      const body = await readJsonBody(request, api.maxBodyBytes);
      const { node, only = false } = parseWith(rerunSchema, body, 'invalid_body');
      return json(await runs.rerun(param('id'), { node, only }), 201);
    },
  );
}

/** A command without a body, which answers with the run as it then is. */
function plain(api: Api, verb: string, summary: string, act: (id: string) => Promise<void>): void {
  operation(
    api,
    { ...control(verb, summary), answer: { status: 202, content: { schema: 'RunSummary' } } },
    async ({ param }) => {
      await act(param('id'));
      return accepted(api.services.runs, param('id'));
    },
  );
}

const control = (verb: string, summary: string) =>
  ({
    method: 'post',
    path: `/runs/{id}/${verb}`,
    tag: 'Runs',
    summary,
    problems: [404, 409],
  }) satisfies Partial<Operation<never>>;

const accepted = async (runs: RunService, id: string): Promise<Response> => json(await runs.summary(id), 202);
