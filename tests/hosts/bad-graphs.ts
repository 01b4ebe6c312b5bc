/** Every way in which a graph can be wrong: the text of the file, and what must be said about it. */

export interface BadGraph {
  what: string;
  text: string;
  /** The problem's code. */
  code: string;
  /** Must occur in the message or its place: what a reader needs to find the spot. */
  names: string[];
}

const node = (id: string, more: object = {}) => ({
  id,
  type: 'code.js',
  params: { code: '(x) => x' },
  ...more,
});
const graph = (more: object = {}) => ({
  format: 'handloom.graph',
  version: 1,
  name: 'bad',
  nodes: [node('a'), node('b')],
  edges: [{ source: 'a', target: 'b' }],
  ...more,
});
const bad = (what: string, code: string, names: string[], document: unknown): BadGraph => ({
  what,
  code,
  names,
  text: typeof document === 'string' ? document : JSON.stringify(document),
});

export const badGraphs: BadGraph[] = [
  bad('empty text', 'not_json', ['line 1'], ''),
  bad('not JSON', 'not_json', ['line 2', 'column 3'], '{\n  nodes: []\n}'),
  bad('JSON cut off', 'not_json', ['line 1'], JSON.stringify(graph()).slice(0, -1)),
  bad('a list', 'not_a_graph', [], [graph()]),
  bad('null', 'not_a_graph', [], 'null'),
  bad('another format', 'unknown_format', ['other.graph'], graph({ format: 'other.graph' })),
  bad('no format', 'unknown_format', ['handloom.graph'], { nodes: [] }),
  bad('a newer version', 'newer_version', ['2', '1'], graph({ version: 2 })),
  bad('a version that never was', 'unknown_version', ['0'], graph({ version: 0 })),
  bad('nodes that are no list', 'invalid_field', ['nodes'], graph({ nodes: {} })),
  bad(
    'a node without an id',
    'invalid_field',
    ['nodes', 'id'],
    graph({ nodes: [{ type: 'code.js' }], edges: [] }),
  ),
  bad(
    'an unknown node type',
    'unknown_node_type',
    ['b', 'no.such'],
    graph({ nodes: [node('a'), node('b', { type: 'no.such' })] }),
  ),
  bad('a duplicate id', 'duplicate_node_id', ['a'], graph({ nodes: [node('a'), node('a')], edges: [] })),
  bad(
    'an edge from nowhere',
    'unknown_node',
    ['ghost', 'edges'],
    graph({ edges: [{ source: 'ghost', target: 'b' }] }),
  ),
  bad(
    'an edge to nowhere',
    'unknown_node',
    ['ghost', 'edges'],
    graph({ edges: [{ source: 'a', target: 'ghost' }] }),
  ),
  bad(
    'an edge from a port that is not there',
    'unknown_port',
    ['left'],
    graph({ edges: [{ source: 'a', target: 'b', sourcePort: 'left' }] }),
  ),
  bad(
    'an edge to a port that is not there',
    'unknown_port',
    ['right'],
    graph({ edges: [{ source: 'a', target: 'b', targetPort: 'right' }] }),
  ),
  bad('inputs for no node', 'unknown_node', ['ghost', 'inputs'], graph({ inputs: { ghost: [1] } })),
  bad('inputs that are no list', 'invalid_field', ['inputs'], graph({ inputs: { a: 1 } })),
  bad(
    'params of the wrong kind',
    'invalid_params',
    ['a', 'spread'],
    graph({ nodes: [node('a', { params: { code: '(x) => x', spread: 'yes' } }), node('b')] }),
  ),
  bad(
    'a param that is missing',
    'invalid_params',
    ['a', 'code'],
    graph({ nodes: [node('a', { params: { code: 7 } }), node('b')] }),
  ),
  bad(
    'code that does not parse',
    'code_syntax',
    ['a', 'code', 'line 2'],
    graph({ nodes: [node('a', { params: { code: '(x) => {\n  return x +* 1;\n}' } }), node('b')] }),
  ),
  bad(
    'an unknown mode',
    'unknown_mode',
    ['a', 'mode'],
    graph({ nodes: [node('a', { policy: { mode: 'turbo' } }), node('b')] }),
  ),
  bad(
    'a policy out of range',
    'invalid_field',
    ['a', 'workers'],
    graph({ nodes: [node('a', { policy: { workers: 0 } }), node('b')] }),
  ),
  bad(
    'a staged schedule on a cycle',
    'staged_cycle',
    ['a', 'b'],
    graph({
      edges: [
        { source: 'a', target: 'b' },
        { source: 'b', target: 'a' },
      ],
      settings: { schedule: 'staged' },
    }),
  ),
  bad(
    'a key that pollutes',
    'forbidden_key',
    ['__proto__', 'nodes[0]'],
    JSON.stringify(graph()).replace('"params":{', '"params":{"__proto__":{"polluted":true},'),
  ),
  bad(
    'a constructor that pollutes',
    'forbidden_key',
    ['constructor', 'prototype'],
    graph({ extra: { constructor: { prototype: { polluted: true } } } }),
  ),
  bad('deep nesting', 'too_deep', ['1000'], `{"nodes":${'['.repeat(5000)}${']'.repeat(5000)}}`),
];

/** 50 MB of nothing but nesting. */
export const hugeNesting = (): string => '['.repeat(50 * 1024 * 1024);

/** Two things wrong at once: both are told. */
export const twiceBad = JSON.stringify(
  graph({ nodes: [node('a', { type: 'no.such' }), node('b', { params: { code: '(' } })], edges: [] }),
);
