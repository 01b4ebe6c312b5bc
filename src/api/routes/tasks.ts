/** The tasks of a run. */
import { lineageQuerySchema, taskQuerySchema } from '../../schema/api.ts';
import { type Api, operation } from '../operation.ts';
import { knownNode } from './runs.ts';

export function taskRoutes(api: Api): void {
  const { runs } = api.services;
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/tasks',
      tag: 'Runs',
      summary: 'Tasks of a run',
      payloads: true,
      query: taskQuerySchema,
      answer: { status: 200, content: { schema: 'Task', pageOf: true } },
      problems: [404],
    },
    async ({ param, query, json }) => {
      await knownNode(runs, param('id'), query.node);
      return json(await runs.tasks(param('id'), query));
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/tasks/{task}',
      tag: 'Runs',
      summary: 'A task with its payload',
      description:
        'Where the content of the payload is missing or damaged, `{"$missing": hash, "code", "message"}` stands in its place, and `problem` says so.',
      payloads: true,
      answer: { status: 200, content: { schema: 'Task' } },
      problems: [404],
    },
    async ({ param, json }) => json(await runs.task(param('id'), param('task'))),
  );
  operation(
    api,
    {
      method: 'get',
      path: '/runs/{id}/tasks/{task}/lineage',
      tag: 'Runs',
      summary: 'The tasks a task came from, or those that came from it',
      payloads: true,
      query: lineageQuerySchema,
      answer: { status: 200, content: { schema: 'Task', pageOf: true } },
      problems: [404],
    },
    async ({ param, query, json }) => json(await runs.lineage(param('id'), param('task'), query)),
  );
}
