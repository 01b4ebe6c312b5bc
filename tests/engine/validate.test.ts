import { describe, expect, test } from 'vitest';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { ValidationError } from '../../src/errors.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';

const valid = {
  format: 'handloom.graph',
  version: 1,
  name: 'two',
  nodes: [
    { id: 'a', type: 'code.js', params: { code: '(n) => n' } },
    { id: 'b', type: 'flow.route', params: { ports: ['x', 'y'], code: "() => 'x'" } },
  ],
  edges: [{ source: 'a', target: 'b' }],
};

async function issuesOf(document: unknown) {
  try {
    await validateGraph(document, registry, { compile });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues;
  }
}

const withNode = (node: object) => ({ ...valid, nodes: [...valid.nodes, node] });
const withEdge = (edge: object) => ({ ...valid, edges: [...valid.edges, edge] });

describe('a document that is refused names the place', () => {
  test.each([
    ['a list', [], 'not_a_graph', undefined],
    ['nothing', null, 'not_a_graph', undefined],
    ['another format', { ...valid, format: 'n8n' }, 'unknown_format', undefined],
    ['a newer version', { ...valid, version: 2 }, 'newer_version', undefined],
    ['no version', { ...valid, version: undefined }, 'unknown_version', undefined],
    ['nodes that are no list', { ...valid, nodes: {} }, 'invalid_field', undefined],
    ['an unknown type', withNode({ id: 'c', type: 'no.such' }), 'unknown_node_type', 'c'],
    ['a type from the prototype', withNode({ id: 'c', type: 'constructor' }), 'unknown_node_type', 'c'],
    ['a repeated id', withNode({ id: 'a', type: 'flow.collect' }), 'duplicate_node_id', 'a'],
    [
      'an unknown mode',
      withNode({ id: 'c', type: 'flow.collect', policy: { mode: 'warp' } }),
      'unknown_mode',
      'c',
    ],
    [
      'a negative retry',
      withNode({ id: 'c', type: 'flow.collect', policy: { retry: { max: -1 } } }),
      'invalid_field',
      'c',
    ],
    ['missing params', withNode({ id: 'c', type: 'flow.route', params: {} }), 'invalid_params', 'c'],
    [
      'code that does not parse',
      withNode({ id: 'c', type: 'code.js', params: { code: '(n) =>\n n +* 2' } }),
      'code_syntax',
      'c',
    ],
    ['an edge from nowhere', withEdge({ source: 'z', target: 'a' }), 'unknown_node', undefined],
    ['an edge to nowhere', withEdge({ source: 'a', target: 'z' }), 'unknown_node', undefined],
    [
      'an edge from a port that is not there',
      withEdge({ source: 'b', sourcePort: 'z', target: 'a' }),
      'unknown_port',
      'b',
    ],
    ['an edge that must name its port', withEdge({ source: 'b', target: 'a' }), 'unknown_port', 'b'],
    [
      'an edge to a port that is not there',
      withEdge({ source: 'a', target: 'b', targetPort: 'z' }),
      'unknown_port',
      'b',
    ],
    [
      'an id that names a prototype',
      withNode({ id: '__proto__', type: 'code.js' }),
      'invalid_field',
      '__proto__',
    ],
    ['inputs for nobody', { ...valid, inputs: { z: [1] } }, 'unknown_node', undefined],
    ['inputs that are no list', { ...valid, inputs: { a: 1 } }, 'invalid_field', undefined],
  ])('%s', async (_, document, code, node) => {
    const issues = await issuesOf(document);
    const issue = issues.find((found) => found.code === code);
    expect(issues.map((found) => found.code)).toContain(code);
    expect(issue?.node).toBe(node);
    expect(issue?.path).toBeDefined();
    expect(issue?.message).not.toMatch(/undefined|\[object/);
  });

  test('a staged schedule on a cycle', async () => {
    const cycle = { source: 'b', sourcePort: 'x', target: 'a' };
    const issues = await issuesOf({ ...withEdge(cycle), settings: { schedule: 'staged' } });
    expect(issues).toMatchObject([{ code: 'staged_cycle', path: ['settings', 'schedule'] }]);
  });

  test('code that does not parse names its line', async () => {
    const issues = await issuesOf(
      withNode({ id: 'c', type: 'code.js', params: { code: '(n) =>\n n +* 2' } }),
    );
    expect(issues).toMatchObject([
      { node: 'c', field: 'code', line: 2, path: ['nodes', 2, 'params', 'code'] },
    ]);
  });

  test('all that is wrong is told at once', async () => {
    const document = {
      ...withEdge({ source: 'a', target: 'z' }),
      nodes: [
        { id: 'a', type: 'no.such' },
        { id: 'a', type: 'nor.this' },
      ],
    };
    expect((await issuesOf(document)).length).toBeGreaterThanOrEqual(4);
  });
});

test('a valid graph passes, unknown fields and all', async () => {
  const document = {
    ...valid,
    colour: 'madder',
    nodes: valid.nodes.map((node) => ({ ...node, note: { by: 'me' } })),
  };
  const { graph, nodes } = await validateGraph(document, registry, { compile });
  expect(graph).toEqual(document);
  expect(nodes.map((node) => node.policy.mode)).toEqual(['thread', 'thread']);
});

test('a chain of 10,000 nodes is validated without exhausting the stack', async () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => ({ id: `n${i}`, type: 'flow.collect' }));
  const edges = nodes.slice(1).map((node, i) => ({ source: `n${i}`, target: node.id }));
  const cycle = { source: 'n9999', target: 'n0' };
  expect(await issuesOf({ ...valid, nodes, edges })).toEqual([]);
  expect(
    await issuesOf({ ...valid, nodes, edges: [...edges, cycle], settings: { schedule: 'staged' } }),
  ).toHaveLength(1);
});
