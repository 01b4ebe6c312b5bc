/** Random graphs and random edits of them, for the property tests of documents. */

import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import type { GraphDocument } from '../../src/sync/graph-document.ts';
import fc from '../property.ts';

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'code', 'x', '\ud800', '结点'),
);
const json = fc
  .jsonValue({ maxDepth: 2, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const record = (value: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map((pairs) => Object.fromEntries(pairs) as Record<string, unknown>);

/** Unknown fields, under names the format does not use. */
const extras = fc
  .array(fc.tuple(fc.constantFrom('__proto__', 'x-note', 'color', 'constructor', 'order'), json), {
    maxLength: 2,
  })
  .map((pairs) => Object.fromEntries(pairs) as Record<string, unknown>);

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const point = fc.tuple(fc.integer(), fc.integer(), extras).map(([x, y, more]) => ({ ...more, x, y }));

const nodeWith = (id: fc.Arbitrary<string>): fc.Arbitrary<GraphNode> =>
  fc
    .tuple(
      extras,
      fc.record({
        id,
        type: fc.constantFrom('code.js', 'flow.split', 'unknown.type'),
        label: optional(fc.string()),
        position: optional(point),
        params: optional(record(json)),
        policy: optional(record(json)),
      }),
    )
    .map(([more, node]) => JSON.parse(JSON.stringify({ ...more, ...node })) as GraphNode);

const ids = fc.uniqueArray(fc.oneof(name, fc.string({ minLength: 1, maxLength: 8 })), { maxLength: 6 });

/** A sound graph: unique ids, edges and inputs of nodes that are there, no edge twice. */
export const anyGraph: fc.Arbitrary<Graph> = ids.chain((nodeIds) => {
  const id = nodeIds.length ? fc.constantFrom(...nodeIds) : fc.constant('none');
  const port = optional(fc.constantFrom('a', 'b', 'error'));
  const edge = fc
    .tuple(extras, fc.record({ source: id, target: id, sourcePort: port, targetPort: port }))
    .map(([more, own]) => ({ ...more, ...own }));
  const key = (e: GraphEdge) =>
    JSON.stringify([e.source, e.sourcePort ?? 'out', e.target, e.targetPort ?? 'in']);
  return fc
    .tuple(
      extras,
      fc.record({
        name: fc.string(),
        description: optional(fc.string()),
        nodes: fc.tuple(...nodeIds.map((one) => nodeWith(fc.constant(one)))),
        edges: fc.uniqueArray(edge, { selector: key, maxLength: nodeIds.length ? 8 : 0 }),
        inputs: optional(
          fc
            .array(fc.tuple(id, fc.array(json, { maxLength: 3 })), { maxLength: nodeIds.length ? 3 : 0 })
            .map(Object.fromEntries),
        ),
        settings: optional(record(json)),
      }),
    )
    .map(
      ([more, own]) =>
        // Through JSON, as a file would: absent fields are absent.
        JSON.parse(JSON.stringify({ ...more, format: 'handloom.graph', version: 1, ...own })) as Graph,
    );
});

/** One edit, by which part of the document as it then is comes from the numbers. */
export interface Edit {
  kind: (typeof editKinds)[number];
  a: number;
  b: number;
  value: unknown;
  name: string;
}
const editKinds = [
  'add',
  'remove',
  'move',
  'label',
  'param',
  'policy',
  'connect',
  'connectPorts',
  'disconnect',
  'inputs',
  'name',
  'description',
  'settings',
  'paste',
  'batch',
] as const;

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(...editKinds),
  a: fc.nat({ max: 100 }),
  b: fc.nat({ max: 100 }),
  value: optional(json),
  name,
});

/** Carries an edit out. */
export function edit(document: GraphDocument, { kind, a, b, value, name: field }: Edit): void {
  const { nodes, edges } = document.toGraph();
  const at = <T>(list: readonly T[], i: number): T | undefined => list[i % Math.max(1, list.length)];
  const first = at(nodes, a)?.id ?? 'gone';
  const second = at(nodes, b)?.id ?? 'gone';
  const edge = at(edges, a);
  switch (kind) {
    case 'add':
      document.addNode({ type: 'code.js', position: { x: a, y: b }, params: { code: field } });
      break;
    case 'remove':
      document.removeNodes([first]);
      break;
    case 'move':
      document.moveNodes(
        Object.fromEntries([
          [first, { x: a, y: b }],
          [second, { x: b, y: a }],
        ]),
      );
      break;
    case 'label':
      document.setLabel(first, a % 3 ? field : undefined);
      break;
    case 'param':
      document.setParam(first, field, value);
      break;
    case 'policy':
      document.setPolicy(first, { workers: a + 1, dedupe: b % 2 ? true : undefined });
      break;
    case 'connect':
      document.connect({ source: first, target: second });
      break;
    case 'connectPorts':
      document.connect({ source: first, target: second, sourcePort: 'error', targetPort: field || 'in' });
      break;
    case 'disconnect':
      document.disconnect(edge ? [edge] : []);
      break;
    case 'inputs':
      document.setInputs(first, a % 3 ? [value ?? null, a] : undefined);
      break;
    case 'name':
      document.setName(field);
      break;
    case 'description':
      document.setDescription(a % 2 ? field : undefined);
      break;
    case 'settings':
      document.setSettings({ schedule: a % 2 ? 'staged' : undefined });
      break;
    case 'paste':
      document.paste(
        { nodes: nodes.slice(0, 2), edges, inputs: document.toGraph().inputs ?? {} },
        { x: 10, y: 10 },
      );
      break;
    case 'batch':
      document.batch(() => {
        document.connect({ source: first, target: second });
        document.removeNodes([second]);
        document.setName(field);
      });
      break;
  }
}

/** What holds of any graph a document gives. */
export function faults(graph: Graph): string[] {
  const known = new Set(graph.nodes.map((node) => node.id));
  const edges = graph.edges.map((e) =>
    JSON.stringify([e.source, e.sourcePort ?? 'out', e.target, e.targetPort ?? 'in']),
  );
  return [
    ...(known.size === graph.nodes.length ? [] : ['two nodes of one id']),
    ...(new Set(edges).size === edges.length ? [] : ['an edge twice']),
    ...graph.edges.filter((e) => !known.has(e.source) || !known.has(e.target)).map(() => 'a dangling edge'),
    ...Object.keys(graph.inputs ?? {})
      .filter((id) => !known.has(id))
      .map(() => 'inputs of no node'),
  ];
}
