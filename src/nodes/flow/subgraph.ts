/** A graph as a node. */
import { z } from 'zod';
import { graphFormat, graphVersion, subgraphType } from '../../schema/names.ts';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';

const params = z.object({
  graph: z.looseObject({}).meta(
    field({
      title: 'Graph',
      title_zh: '图',
      description: 'A copy of one of your graphs; later changes to that one do not change it here.',
      description_zh: '你的某个图的副本；之后修改原图不会影响此处。',
      widget: 'graph',
    }),
  ),
});

const graph = (name: string, nodes: object[], edges: object[] = []) => ({
  graph: { format: graphFormat, version: graphVersion, name, nodes, edges },
});

export default defineNode({
  type: subgraphType,
  version: 1,
  kind: 'relay',
  title: { en: 'Subgraph', zh: '子图' },
  summary: {
    en: 'Runs a whole graph as one node. Values go to its first nodes (to a Source, or one with values of its own, only if there is no other); what its last nodes give comes out.',
    zh: '将整个图作为一个节点运行。值进入其中最前面的节点（仅当没有其他节点时，才进入数据源或自带初始数据的节点），最后的节点给出的结果即为输出。',
  },
  icon: 'workflow',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'host',
  // The graph is the engine's alone: its nodes are prepared one by one.
  prepare: () => ({}),
  examples: [
    {
      title: { en: 'Two steps as one', zh: '两步合为一步' },
      params: graph(
        '(x + 1)²',
        [
          { id: 'add', type: 'math.expression', params: { expression: 'x + 1' } },
          { id: 'square', type: 'math.expression', params: { expression: 'x ^ 2' } },
        ],
        [{ source: 'add', target: 'square' }],
      ),
      payloads: [1, 2],
      results: [4, 9],
    },
    {
      title: { en: 'Over all values', zh: '汇总所有值' },
      params: graph('[…]', [{ id: 'all', type: 'flow.collect' }]),
      payloads: [1, 2, 3],
      results: [[1, 2, 3]],
    },
  ],
});
