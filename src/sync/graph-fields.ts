/**
 * Nodes, edges and the graph's own fields as Yjs maps, and back. What is read is repaired on the way: whatever the
 * replicas merged into, the result is a graph whose parts fit each other.
 */
import type { Graph, GraphEdge, GraphNode } from '../schema/graph.ts';
import { defaultInput, defaultOutput, graphFormat, graphVersion } from '../schema/names.ts';
import { define, type FieldKey, type FieldMap, getField, listFields } from './fields.ts';

export type Fields = (readonly [FieldKey, unknown])[];

/** An edge's identity: two tabs that draw the same edge make one. */
export const edgeKey = (edge: GraphEdge): string =>
  JSON.stringify([
    edge.source,
    edge.sourcePort ?? defaultOutput,
    edge.target,
    edge.targetPort ?? defaultInput,
  ]);

/** Node ids as keys of a Yjs map, safe for any text. */
export const nodeKey = (id: string): string => JSON.stringify(id);

export const orderKey: FieldKey = ['order'];

/** `has` entries tell an empty object from an absent one; its fields lie beside it. */
const presence = (name: string, value: object | undefined): Fields => (value ? [[['has', name], true]] : []);
const spread = (kind: string, value: object | undefined): Fields =>
  Object.entries(value ?? {}).map(([name, field]) => [[kind, name], field] as const);

export function nodeFields(node: GraphNode, order: number): Fields {
  const { params, policy, ...own } = node;
  return [
    [orderKey, order],
    ...spread('field', own),
    ...presence('params', params),
    ...spread('param', params),
    ...presence('policy', policy),
    ...spread('policy', policy),
  ];
}

export const edgeFields = (edge: GraphEdge, order: number): Fields => [
  [orderKey, order],
  ...spread('field', edge),
];

export function graphFields(graph: Graph): Fields {
  const { nodes: _nodes, edges: _edges, inputs, settings, ...own } = graph;
  return [
    ...spread('field', own),
    ...presence('inputs', inputs),
    ...spread('input', inputs),
    ...presence('settings', settings),
    ...spread('setting', settings),
  ];
}

/** A node as it stands in a file; undefined when what was merged is not one. */
export function readNode(map: FieldMap): GraphNode | undefined {
  const own: Record<string, unknown> = {};
  const groups = readGroups(map, own, { param: 'params', policy: 'policy' });
  if (typeof own.id !== 'string' || typeof own.type !== 'string') return undefined;
  return inOrder({ ...own, ...groups }, [
    'id',
    'type',
    'label',
    'position',
    'params',
    'policy',
  ]) as unknown as GraphNode;
}

export function readEdge(map: FieldMap): GraphEdge | undefined {
  const own: Record<string, unknown> = {};
  readGroups(map, own, {});
  if (typeof own.source !== 'string' || typeof own.target !== 'string') return undefined;
  return inOrder(own, ['source', 'target', 'sourcePort', 'targetPort']) as unknown as GraphEdge;
}

/** The graph of these nodes and edges: no edge without its ends, none twice, no inputs of a node that is gone. */
export function readGraph(map: FieldMap, nodes: GraphNode[], edges: GraphEdge[]): Graph {
  const own: Record<string, unknown> = {};
  const groups = readGroups(map, own, { input: 'inputs', setting: 'settings' });
  const ids = new Set(nodes.map((node) => node.id));
  const inputs = groups.inputs as Record<string, unknown> | undefined;
  for (const [id, list] of Object.entries(inputs ?? {})) {
    if (inputs && (!ids.has(id) || !Array.isArray(list))) delete inputs[id];
  }
  const known = new Set<string>();
  const sound = edges.filter((edge) => {
    const key = edgeKey(edge);
    if (!ids.has(edge.source) || !ids.has(edge.target) || known.has(key)) return false;
    known.add(key);
    return true;
  });
  const whole = {
    format: graphFormat,
    version: graphVersion,
    name: 'Untitled',
    ...own,
    nodes,
    edges: sound,
    ...groups,
  };
  const keys = ['format', 'version', 'name', 'description', 'nodes', 'edges', 'inputs', 'settings'];
  return inOrder(whole, keys) as unknown as Graph;
}

/** Reads `field` entries into `own`, and gives the groups that have any field or are marked as present. */
function readGroups(
  map: FieldMap,
  own: Record<string, unknown>,
  groupOf: Record<string, string>,
): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  const group = (name: string) => {
    groups[name] ??= {};
    return groups[name];
  };
  const names = Object.values(groupOf);
  for (const [kind, name, value] of listFields(map)) {
    if (kind === 'field' && !names.includes(name)) define(own, name, value);
    else if (kind === 'has' && names.includes(name)) group(name);
    else if (Object.hasOwn(groupOf, kind)) define(group(groupOf[kind] as string), name, value);
  }
  return groups;
}

/** Position among its like; parts of one position are ordered by key, alike on every replica. */
export function orderOf(map: FieldMap): number {
  const order = getField(map, orderKey);
  return typeof order === 'number' ? order : 0;
}

/** The same object with the known keys first, as people write them. */
function inOrder(object: Record<string, unknown>, first: string[]): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  const rest = Object.keys(object).filter((key) => !first.includes(key));
  for (const key of [...first.filter((name) => Object.hasOwn(object, name)), ...rest])
    define(ordered, key, object[key]);
  return ordered;
}
