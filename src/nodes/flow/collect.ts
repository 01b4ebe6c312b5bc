/** Gathers everything into one list. */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';

export default defineNode({
  type: 'flow.collect',
  version: 1,
  kind: 'collect',
  title: { en: 'Collect', zh: '收集' },
  summary: {
    en: 'Waits for everything and gives it as one list, in the order it began.',
    zh: '等待所有值，并按最初的顺序合成一个列表。',
  },
  icon: 'layers',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'array' }],
  params: z.object({}),
  place: 'host',
  examples: [
    { title: { en: 'Numbers', zh: '数字' }, payloads: [3, 1, 2], results: [[3, 1, 2]] },
    {
      title: { en: 'Anything', zh: '任意值' },
      payloads: ['a', null, { b: 1 }],
      results: [['a', null, { b: 1 }]],
    },
    {
      title: { en: 'Lists stay lists', zh: '列表保持原样' },
      payloads: [[1, 2], [3]],
      results: [[[1, 2], [3]]],
    },
  ],
});
