/** Describes every column of a table in figures. */
import { z } from 'zod';
import type { TableRef } from '../../schema/table.ts';
import { type Column, columnOf, isNumeric, quoteName, quoteText } from '../data-columns.ts';
import { cities } from '../data-example.ts';
import { columnsField } from '../data-fields.ts';
import { tableOf } from '../data-input.ts';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';

const params = z.object({
  columns: columnsField({
    description: 'Without any, all.',
    description_zh: '不填写时分析全部列。',
    placeholder: 'price',
  }),
  top: z
    .int()
    .min(0)
    .max(100)
    .default(5)
    .meta(
      field({
        title: 'Most frequent values',
        title_zh: '最常见的值',
        description: 'How many of them to list for each column.',
        description_zh: '每列列出多少个最常见的值。',
        widget: 'number',
      }),
    ),
});
type Params = z.output<typeof params>;

/**
 * One row. The figures of numbers are of finite ones: NaN and infinities count, but have no part in mean, std and
 * quartiles. Least, largest and frequent values are texts, since columns differ in type.
 */
function describe({ name, type }: Column, position: number, top: number): string {
  const column = quoteName(name);
  const number = `CAST(${column} AS DOUBLE)`;
  const finite = isNumeric(type)
    ? `CASE WHEN isfinite(${number}) THEN ${number} END`
    : 'CAST(NULL AS DOUBLE)';
  const frequent = `(
    SELECT coalesce(list({'value': value, 'count': n} ORDER BY n DESC, value), [])
    FROM (
      SELECT CAST(${column} AS VARCHAR) AS value, count(*) AS n FROM input
      WHERE ${column} IS NOT NULL GROUP BY value ORDER BY n DESC, value LIMIT ${top}
    )
  )`;
  return `SELECT
    ${position} AS position,
    ${quoteText(name)} AS "column",
    ${quoteText(type)} AS "type",
    count(${column}) AS "count",
    count(*) - count(${column}) AS missing,
    count(DISTINCT ${column}) AS "distinct",
    CAST(min(${column}) AS VARCHAR) AS "min",
    CAST(max(${column}) AS VARCHAR) AS "max",
    favg(${finite}) AS mean,
    stddev_samp(${finite}) AS std,
    quantile_cont(${finite}, 0.25) AS q25,
    quantile_cont(${finite}, 0.5) AS median,
    quantile_cont(${finite}, 0.75) AS q75,
    ${frequent} AS top
  FROM input`;
}

function analysisOf(table: TableRef, { columns, top }: Params): string {
  const wanted = columns.length ? columns.map((name) => columnOf(table, name)) : table.columns;
  const rows = wanted.map((column, position) => describe(column, position, top));
  return `SELECT * EXCLUDE (position) FROM (${rows.join('\nUNION ALL\n')}) ORDER BY position`;
}

const figure = (name: string, type: string) => ({ name, type });
const resultColumns = [
  figure('column', 'VARCHAR'),
  figure('type', 'VARCHAR'),
  figure('count', 'BIGINT'),
  figure('missing', 'BIGINT'),
  figure('distinct', 'BIGINT'),
  figure('min', 'VARCHAR'),
  figure('max', 'VARCHAR'),
  figure('mean', 'DOUBLE'),
  figure('std', 'DOUBLE'),
  figure('q25', 'DOUBLE'),
  figure('median', 'DOUBLE'),
  figure('q75', 'DOUBLE'),
  figure('top', 'STRUCT("value" VARCHAR, "count" BIGINT)[]'),
];

export default defineNode({
  type: 'data.analyze',
  version: 1,
  kind: 'map',
  title: { en: 'Analyze', zh: '分析' },
  summary: {
    en: 'Describes every column: missing and distinct values, mean, spread, quartiles, most frequent.',
    zh: '描述每一列：缺失值、不同值、平均值、离散度、四分位数和最常见的值。',
  },
  icon: 'microscope',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params,
  place: 'host',
  requires: ['tables'],
  create: (given: Params) => async (payload, ctx) => {
    const table = await tableOf(payload, ctx.tables);
    const sql = table.columns.length ? analysisOf(table, given) : 'FROM input';
    return ctx.tables.query(sql, { input: table });
  },
  examples: [
    {
      title: { en: 'Every column', zh: '所有列' },
      payloads: [cities],
      results: [
        {
          $table: 'f8eedb8bdd383f15274c9bb9df789d960c26deda07d547fae770e7143bca0363',
          columns: resultColumns,
          rows: 3,
        },
      ],
    },
    {
      title: { en: 'One column of records', zh: '记录的一列' },
      params: { columns: ['price'], top: 1 },
      payloads: [[{ price: 10 }, { price: 20, item: 'tea' }, { price: null }, { price: 20 }]],
      results: [
        {
          $table: '84fb13d3002c64dcff12678cf99ed53906fc876e8d73455278dd53d147c43641',
          columns: resultColumns,
          rows: 1,
        },
      ],
    },
    {
      title: { en: 'A column that is not there; no columns at all', zh: '不存在的列；没有任何列' },
      params: { columns: ['mayor'] },
      payloads: [cities, []],
      results: [],
      errors: ['ColumnError', 'HandloomError'],
    },
  ],
});
