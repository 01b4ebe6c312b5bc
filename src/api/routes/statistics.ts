/** Figures over all runs of this host, and what they share. */
import type { Retention } from '../../engine/retention/retention.ts';
import { retentionLimitsSchema } from '../../schema/api.ts';
import { type Api, operation } from '../operation.ts';
import { parseWith, readJsonBody } from '../request-body.ts';
import { json } from '../respond.ts';

export function statisticsRoutes(api: Api): void {
  operation(
    api,
    {
      method: 'get',
      path: '/statistics',
      tag: 'System',
      summary: 'Runs by status, and what is under way',
      answer: { status: 200, content: { schema: 'Statistics' } },
    },
    async () => json(await api.services.runs.statistics()),
  );
  operation(
    api,
    {
      method: 'delete',
      path: '/cache',
      tag: 'System',
      summary: 'Forget the results kept for later runs',
      answer: { status: 204 },
    },
    async () => {
      await api.services.runs.emptyCache();
      return new Response(null, { status: 204 });
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/retention',
      tag: 'System',
      summary: 'What is kept, and what went by its limits',
      answer: { status: 200, content: { schema: 'Retention' } },
    },
    async () => json(await api.services.runs.retention()),
  );
  operation(
    api,
    {
      method: 'put',
      path: '/retention',
      tag: 'System',
      summary: 'Set which ended runs and cached results are kept',
      description:
        'Limits that are left out do not hold. What is beyond the others goes at once, and from now on.',
      body: { schema: 'RetentionLimits' },
      answer: { status: 200, content: { schema: 'Retention' } },
      problems: [409],
    },
    async ({ request }) => {
      const body = await readJsonBody(request, api.maxBodyBytes);
      const limits = parseWith(retentionLimitsSchema, body, 'invalid_body');
      return json(await api.services.runs.setRetention(limits as Retention));
    },
  );
}
