/** Makes a table of values. */
import { z } from 'zod';
import { cities, cityRows } from '../data-example.ts';
import { tableOf } from '../data-input.ts';
import { defineNode } from '../define-node.ts';

export default defineNode({
  type: 'data.table',
  version: 1,
  kind: 'map',
  title: { en: 'Make table', zh: '生成表格' },
  summary: {
    en: 'Makes a table of a list of records; Collect gathers such a list.',
    zh: '将记录列表生成表格；可先用“收集”合成列表。',
  },
  icon: 'table',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params: z.object({}),
  place: 'host',
  requires: ['tables'],
  create: () => (payload, ctx) => tableOf(payload, ctx.tables),
  examples: [
    { title: { en: 'A list of records', zh: '记录列表' }, payloads: [cityRows], results: [cities] },
    {
      title: { en: 'A table stays as it is; nothing is none', zh: '表格保持不变；空值不行' },
      payloads: [cities, null],
      results: [cities],
      errors: ['TypeError'],
    },
  ],
});
