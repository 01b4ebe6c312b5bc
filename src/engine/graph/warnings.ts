/** What does not keep a graph from running, and yet is likely a mistake. */
import type { Issue } from '../../errors.ts';
import type { NodeRegistry } from '../../nodes/define-node.ts';
import { capabilitiesSchema, type Graph, type GraphNode, settingsSchema } from '../../schema/graph.ts';
import { subgraphPolicy } from '../../schema/names.ts';
import { policySchema, rateLimitSchema, retrySchema } from '../../schema/policy.ts';
import { graphWithin } from '../../schema/subgraph.ts';

/** The fields something may have, and those that have fields of their own. */
interface Shape {
  fields: ReadonlySet<string>;
  within?: Record<string, Shape>;
}

const shapeOf = ({ shape }: { shape: object }, within: Record<string, Shape> = {}): Shape => ({
  fields: new Set(Object.keys(shape)),
  within,
});
const policyShape = shapeOf(policySchema, {
  retry: shapeOf(retrySchema),
  rateLimit: shapeOf(rateLimitSchema),
});
const settingsShape = shapeOf(settingsSchema, { capabilities: shapeOf(capabilitiesSchema) });

/** Warnings about a valid graph, and about the graphs within it. */
export function warningsOf(graph: Graph, registry: NodeRegistry): Issue[] {
  const ofSettings = unknownIn(graph.settings, settingsShape).map((place) =>
    noEffect({ path: [] }, ['settings', ...place], 'is none of the settings, and has no effect.'),
  );
  return [...ofSettings, ...warningsOfNodes(graph, registry)];
}

function warningsOfNodes(
  graph: Graph,
  registry: NodeRegistry,
  prefix = '',
  path: (string | number)[] = [],
): Issue[] {
  return graph.nodes.flatMap((node, index) => {
    const at = { id: prefix + node.id, path: [...path, 'nodes', index] };
    const own = warningsOfNode(node, registry).map(({ place, about, code }) =>
      noEffect(at, place, about, code),
    );
    const within = graphWithin(node);
    if (!within) return own;
    return [...own, ...warningsOfNodes(within, registry, `${at.id}/`, [...at.path, 'params', 'graph'])];
  });
}

function warningsOfNode(
  node: GraphNode,
  registry: NodeRegistry,
): { place: string[]; about: string; code?: string }[] {
  const params = registry.get(node.type)?.params;
  const unknownParams = params ? unknownIn(node.params, shapeOf(params)) : [];
  return [
    ...unknownParams.map((place) => ({
      place: ['params', ...place],
      about: `is none of the fields of ${node.type}, and has no effect.`,
    })),
    ...unknownIn(node.policy, policyShape).map((place) => ({
      place: ['policy', ...place],
      about: "is none of a policy's fields, and has no effect.",
    })),
    ...(graphWithin(node) ? idleIn(node.policy) : []).map((field) => ({
      place: ['policy', field],
      about: 'has no effect on a subgraph; the nodes within it have policies of their own.',
      code: 'policy_without_effect',
    })),
  ];
}

function noEffect(
  { id, path }: { id?: string; path: (string | number)[] },
  place: string[],
  about: string,
  code = 'unknown_field',
): Issue {
  const field = place.join('.');
  const where = id === undefined ? '' : `Node ${JSON.stringify(id)}: `;
  return {
    code,
    message: `${where}${field} ${about}`,
    path: [...path, ...place],
    ...(id !== undefined && { node: id }),
    field,
  };
}

/** Paths of fields that nobody reads: most likely misspelt. */
function unknownIn(value: object | undefined, { fields, within = {} }: Shape): string[][] {
  return Object.entries(value ?? {}).flatMap(([field, inner]) => {
    if (!fields.has(field)) return [[field]];
    const shape = within[field];
    return shape ? unknownIn(inner, shape).map((place) => [field, ...place]) : [];
  });
}

/** Fields that say nothing at a subgraph. */
const idleIn = (policy: Record<string, unknown> = {}): string[] =>
  [...policyShape.fields].filter(
    (field) => policy[field] !== undefined && !(subgraphPolicy as readonly string[]).includes(field),
  );
