/** Figures over all runs of this host, and what they share. */
import { type Api, operation } from '../operation.ts';
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
}
