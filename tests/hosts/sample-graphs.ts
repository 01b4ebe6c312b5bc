/** Small graphs that the host suite runs. */
import type { Graph } from '../../src/schema/graph.ts';

/** A `code.js` node. */
export const code = (id: string, text: string, more: object = {}) => ({
  id,
  type: 'code.js',
  params: { code: text },
  ...more,
});
export const graphOf = (
  name: string,
  nodes: Graph['nodes'],
  edges: Graph['edges'] = [],
  inputs: Graph['inputs'] = {},
): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name,
  nodes,
  edges,
  inputs,
});
export const addSquare = () =>
  graphOf(
    'add then square',
    [
      { id: 'add', type: 'code.js', params: { code: '(x, y) => x + y', spread: true } },
      code('square', '(x) => x * x'),
    ],
    [{ source: 'add', target: 'square' }],
    {
      add: [
        [1, 2],
        [3, 4],
      ],
    },
  );
export const endless = () => graphOf('endless', [code('spin', '() => { for (;;); }')], [], { spin: [1, 2] });
