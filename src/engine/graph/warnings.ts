/** What does not keep a graph from running, and yet is likely a mistake. */
import type { Issue } from '../../errors.ts';
import type { Graph } from '../../schema/graph.ts';
import { subgraphPolicy } from '../../schema/names.ts';
import { policySchema } from '../../schema/policy.ts';
import { graphWithin } from '../../schema/subgraph.ts';

/** Policy fields that say nothing at a subgraph. */
const idle = Object.keys(policySchema.shape).filter(
  (field) => !(subgraphPolicy as readonly string[]).includes(field),
);

/** Warnings about a valid graph, and about the graphs within it. */
export function warningsOf(graph: Graph, prefix = '', path: (string | number)[] = []): Issue[] {
  return graph.nodes.flatMap((node, index) => {
    const within = graphWithin(node);
    if (!within) return [];
    const [id, at] = [prefix + node.id, [...path, 'nodes', index]];
    const said = idle.filter(
      (field) => (node.policy as Record<string, unknown> | undefined)?.[field] !== undefined,
    );
    const own = said.map((field): Issue => {
      const about = `policy.${field} has no effect on a subgraph; the nodes within it have policies of their own.`;
      const message = `Node ${JSON.stringify(id)}: ${about}`;
      return {
        code: 'policy_without_effect',
        message,
        path: [...at, 'policy', field],
        node: id,
        field: `policy.${field}`,
      };
    });
    return [...own, ...warningsOf(within, `${id}/`, [...at, 'params', 'graph'])];
  });
}
