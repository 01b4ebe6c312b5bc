/** What a graph can be made of. */
import { describeNodeType } from '../node-type.ts';
import { type Api, operation } from '../operation.ts';
import { json } from '../respond.ts';

export function nodeTypeRoutes(api: Api): void {
  operation(
    api,
    {
      method: 'get',
      path: '/node-types',
      tag: 'System',
      summary: 'Every node type: its ports, params and examples',
      answer: { status: 200, content: { schema: 'NodeType', pageOf: true } },
    },
    () => json({ items: api.services.registry.list().map(describeNodeType), nextCursor: null }),
  );
}
