/** Whether this host is up, and what it is. */
import type { Health } from '../../schema/api.ts';
import { type Api, operation } from '../operation.ts';
import { json } from '../respond.ts';

export function healthRoutes(api: Api): void {
  const { services } = api;
  operation(
    api,
    {
      method: 'get',
      path: '/health',
      tag: 'System',
      summary: 'Whether this host is up, and what it is',
      answer: { status: 200, content: { schema: 'Health' } },
    },
    async () => {
      const { workers } = await services.runs.statistics();
      const health: Health = {
        status: 'ok',
        host: services.host,
        version: services.version,
        isolation: services.isolation(),
        parallelism: workers.parallelism,
      };
      return json(health);
    },
  );
}
