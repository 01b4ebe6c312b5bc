/** A table's rows as values. */
import { z } from 'zod';
import { isTableRef, type TableRef } from '../../schema/table.ts';
import { cities, cityRows } from '../data-example.ts';
import { rowLimitField } from '../data-fields.ts';
import { defineNode, many, type Tables } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';

const params = z.object({
  as: z
    .enum(['rows', 'list'])
    .default('rows')
    .meta(
      field({
        title: 'Give',
        title_zh: '输出',
        widget: 'select',
        labels: { rows: 'Each row by itself', list: 'One list of rows' },
        labels_zh: { rows: '逐行输出', list: '整个行列表' },
      }),
    ),
  limit: rowLimitField(1),
});

const pageRows = 1000;

async function* eachRow(table: TableRef, count: number, tables: Tables) {
  for (let offset = 0; offset < count; offset += pageRows) {
    yield* await tables.rows(table, { offset, limit: Math.min(pageRows, count - offset) });
  }
}

export default defineNode({
  type: 'data.rows',
  version: 1,
  kind: 'map',
  title: { en: 'Rows', zh: '表格行' },
  summary: {
    en: 'Turns a table into its rows, each going on by itself.',
    zh: '将表格拆成一行行记录，各自继续流动。',
  },
  icon: 'rows-3',
  inputs: [{ name: 'in', type: 'table' }],
  outputs: ({ as }) => [{ name: 'out', type: as === 'list' ? 'array' : 'object' }],
  params,
  place: 'host',
  fansOut: true,
  requires: ['tables'],
  create:
    ({ as, limit }: z.output<typeof params>) =>
    (payload, ctx) => {
      if (!isTableRef(payload)) throw new TypeError(`Only a table has rows, not ${describeValue(payload)}.`);
      const count = Math.min(payload.rows, limit ?? payload.rows);
      return as === 'list'
        ? ctx.tables.rows(payload, { limit: count })
        : many(eachRow(payload, count, ctx.tables));
    },
  examples: [
    { title: { en: 'Each row', zh: '每一行' }, payloads: [cities], results: cityRows },
    {
      title: { en: 'A list of the first two', zh: '前两行的列表' },
      params: { as: 'list', limit: 2 },
      payloads: [cities],
      results: [cityRows.slice(0, 2)],
    },
    { title: { en: 'No table', zh: '不是表格' }, payloads: [5], results: [], errors: ['TypeError'] },
  ],
});
