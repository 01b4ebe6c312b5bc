/** Writes a table to a file of the workspace. */
import { z } from 'zod';
import { cities, citiesCsv, cityRows } from '../data-example.ts';
import { formatField, formatOption } from '../data-format.ts';
import { tableOf } from '../data-input.ts';
import { defineNode } from '../define-node.ts';
import { dataOf, pathOf } from '../io-path.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  path: pathField({
    description: 'Each table replaces the file before. Without it, each value is {path, data}.',
    description_zh: '每个表格都会替换之前的文件。不填写时，每个值应为 {path, data}。',
    placeholder: 'results/delays.csv',
  }),
  format: formatField,
});

export default defineNode({
  type: 'data.write',
  version: 1,
  kind: 'map',
  title: { en: 'Write table', zh: '写入表格' },
  summary: {
    en: 'Writes a table or records to a CSV, JSON or Parquet file.',
    zh: '将表格或记录写入 CSV、JSON 或 Parquet 文件。',
  },
  icon: 'file-down',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'host',
  effects: true,
  requires: ['tables'],
  create:
    ({ path: param, format }: z.output<typeof params>) =>
    async (payload, ctx) => {
      const data = dataOf(param, payload);
      const path = pathOf(param, payload);
      const table = await tableOf(data, ctx.tables);
      await ctx.tables.writeFile(table, path, formatOption(format));
      return { path, rows: table.rows };
    },
  examples: [
    {
      title: { en: 'A CSV file', zh: 'CSV 文件' },
      params: { path: 'out/cities.csv' },
      payloads: [cities],
      results: [{ path: 'out/cities.csv', rows: 3 }],
      written: { 'out/cities.csv': citiesCsv },
    },
    {
      title: { en: 'Records, one a line', zh: '每行一条记录' },
      payloads: [{ path: 'norway.ndjson', data: cityRows.slice(0, 2) }, cityRows],
      results: [{ path: 'norway.ndjson', rows: 2 }],
      errors: ['TypeError'],
      written: {
        'norway.ndjson':
          '{"city":"Oslo","country":"Norway","people":709037}\n{"city":"Bergen","country":"Norway","people":291940}\n',
      },
    },
  ],
});
