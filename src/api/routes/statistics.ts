/** Figures over all runs of this host. */
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
}
