/** What does not keep a graph from running, and yet is likely a mistake. */
import type { Issue } from '../../errors.ts';
import type { Graph } from '../../schema/graph.ts';
import { subgraphPolicy } from '../../schema/names.ts';
import { policySchema, rateLimitSchema, retrySchema } from '../../schema/policy.ts';
import { graphWithin } from '../../schema/subgraph.ts';

const fieldsOf = ({ shape }: { shape: object }): ReadonlySet<string> => new Set(Object.keys(shape));
const known = fieldsOf(policySchema);
/** Fields that have fields of their own. */
const nested: Record<string, ReadonlySet<string>> = {
  retry: fieldsOf(retrySchema),
  rateLimit: fieldsOf(rateLimitSchema),
};

/** Warnings about a valid graph, and about the graphs within it. */
export function warningsOf(graph: Graph, prefix = '', path: (string | number)[] = []): Issue[] {
  return graph.nodes.flatMap((node, index) => {
    const id = prefix + node.id;
    const at = [...path, 'nodes', index];
    const within = graphWithin(node);
    const policy: Record<string, unknown> = node.policy ?? {};
    const warn = (code: string, place: string[], about: string): Issue => {
      const field = ['policy', ...place].join('.');
      return {
        code,
        message: `Node ${JSON.stringify(id)}: ${field} ${about}`,
        path: [...at, 'policy', ...place],
        node: id,
        field,
      };
    };
    const own = [
      ...unknownIn(policy).map((place) =>
        warn('unknown_policy', place, "is none of a policy's fields, and has no effect."),
      ),
      ...(within ? idleIn(policy) : []).map((field) =>
        warn(
          'policy_without_effect',
          [field],
          'has no effect on a subgraph; the nodes within it have policies of their own.',
        ),
      ),
    ];
    return within ? [...own, ...warningsOf(within, `${id}/`, [...at, 'params', 'graph'])] : own;
  });
}

/** Fields that nobody reads: most likely misspelt. */
function unknownIn(policy: Record<string, unknown>): string[][] {
  const inner = Object.entries(nested).flatMap(([field, names]) =>
    Object.keys(policy[field] ?? {}).flatMap((name) => (names.has(name) ? [] : [[field, name]])),
  );
  const own = Object.keys(policy).filter((field) => !known.has(field));
  return [...own.map((field) => [field]), ...inner];
}

/** Fields that say nothing at a subgraph. */
const idleIn = (policy: Record<string, unknown>): string[] =>
  [...known].filter(
    (field) => policy[field] !== undefined && !(subgraphPolicy as readonly string[]).includes(field),
  );
