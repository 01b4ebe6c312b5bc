/** Makes a chart of a table: a Vega-Lite specification with its data in it. */
import { z } from 'zod';
import type { TableRef } from '../../schema/table.ts';
import { axis, channel, chartValue, type FieldType, fieldTypeOf } from '../chart-spec.ts';
import { type Column, columnOf, freeName, isNumeric, quoteName } from '../data-columns.ts';
import { cities, cityRows } from '../data-example.ts';
import { tableOf } from '../data-input.ts';
import { defineNode, type Tables } from '../define-node.ts';
import { field } from '../field-widgets.ts';

/** A chart of more is slow to draw, and no clearer. */
const maxRows = 5000;

const columnField = (title: string, title_zh: string, placeholder: string) =>
  z
    .string()
    .optional()
    .meta(field({ title, title_zh, widget: 'text', placeholder }));

const params = z.object({
  mark: z
    .enum(['bar', 'line', 'area', 'point', 'arc'])
    .default('bar')
    .meta(
      field({
        title: 'Chart',
        title_zh: '图表',
        widget: 'select',
        labels: { bar: 'Bars', line: 'Line', area: 'Area', point: 'Points', arc: 'Pie' },
        labels_zh: { bar: '柱状图', line: '折线图', area: '面积图', point: '散点图', arc: '饼图' },
      }),
    ),
  x: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Across (x)',
        title_zh: '横轴 (x)',
        description: 'A column; without it, the first that holds no numbers. The slices of a pie.',
        description_zh: '列名；不填写时为第一个非数字列。饼图中为各扇区。',
        widget: 'text',
        placeholder: 'country',
      }),
    ),
  y: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Up (y)',
        title_zh: '纵轴 (y)',
        description: 'A column; without it, the first other one that holds numbers, or the count of rows.',
        description_zh: '列名；不填写时为另一个数字列中的第一个，或行数。',
        widget: 'text',
        placeholder: 'people',
      }),
    ),
  colour: columnField('Colour by', '按列着色', 'year'),
  aggregate: z
    .enum(['none', 'count', 'sum', 'mean', 'median', 'min', 'max'])
    .default('none')
    .meta(
      field({
        title: 'Take together',
        title_zh: '聚合',
        description: 'One value of all rows that are equal in the other columns.',
        description_zh: '将其余列相同的行合为一个值。',
        widget: 'select',
        labels: {
          none: 'No, show each row',
          count: 'Count',
          sum: 'Sum',
          mean: 'Mean',
          median: 'Median',
          min: 'Smallest',
          max: 'Largest',
        },
        labels_zh: {
          none: '否，逐行显示',
          count: '计数',
          sum: '总和',
          mean: '平均值',
          median: '中位数',
          min: '最小值',
          max: '最大值',
        },
      }),
    ),
  title: columnField('Title', '标题', 'People by country'),
});
type Params = z.output<typeof params>;
type Aggregate = Exclude<Params['aggregate'], 'none'>;

const functions: Record<Exclude<Aggregate, 'count'>, string> = {
  sum: 'sum',
  mean: 'favg',
  median: 'median',
  min: 'min',
  max: 'max',
};

/** What the axes show, and the query that gives it. */
interface Plot {
  x: { name: string; type: FieldType };
  y: { name: string; type: FieldType };
  colour: { name: string; type: FieldType } | undefined;
  sql: string;
}

function plotOf(table: TableRef, given: Params): Plot {
  const x = given.x
    ? columnOf(table, given.x)
    : (table.columns.find(({ type }) => !isNumeric(type)) ?? (table.columns[0] as Column));
  const colour = given.colour ? columnOf(table, given.colour) : undefined;
  const counts = given.aggregate === 'count';
  const numbers = table.columns.find(({ name, type }) => isNumeric(type) && name !== x.name);
  const y = given.y && !counts ? columnOf(table, given.y) : counts ? undefined : numbers;
  const typed = (column: Column) => ({ name: column.name, type: fieldTypeOf(column) });
  const groups = [...new Set([x.name, ...(colour ? [colour.name] : [])])];
  const rest = { x: typed(x), colour: colour && typed(colour) };

  if (y && given.aggregate === 'none') {
    const names = [...new Set([...groups, y.name])].map(quoteName);
    return { ...rest, y: typed(y), sql: `SELECT ${names.join(', ')} FROM input` };
  }
  const taken = given.aggregate === 'none' ? 'count' : given.aggregate;
  const [label, sql] =
    y && taken !== 'count'
      ? [`${taken} of ${y.name}`, `${functions[taken]}(${quoteName(y.name)})`]
      : ['count', 'count(*)'];
  const name = freeName(label, groups);
  const type = y && (taken === 'min' || taken === 'max') ? fieldTypeOf(y) : 'quantitative';
  const by = groups.map(quoteName).join(', ');
  // In the order in which they first came, so that what was sorted stays so.
  const query = `SELECT ${by}, ${sql} AS ${quoteName(name)}
    FROM (SELECT *, row_number() OVER () AS ${quoteName(freeName('row', columnNames(table)))} FROM input)
    GROUP BY ${by} ORDER BY min(${quoteName(freeName('row', columnNames(table)))})`;
  return { ...rest, y: { name, type }, sql: query };
}

const columnNames = (table: TableRef): string[] => table.columns.map(({ name }) => name);

/** At most {@link maxRows}, evenly spaced, the first among them: the same each time. */
async function sample(table: TableRef, tables: Tables): Promise<TableRef> {
  if (table.rows <= maxRows) return table;
  const row = quoteName(freeName('row', columnNames(table)));
  const position = `(${row} - 1)`;
  const sql = `SELECT * EXCLUDE (${row}) FROM (SELECT *, row_number() OVER () AS ${row} FROM input)
    WHERE ${position} = 0
      OR ${position} * ${maxRows} // ${table.rows} <> (${position} - 1) * ${maxRows} // ${table.rows}
    ORDER BY ${row}`;
  return tables.query(sql, { input: table });
}

async function chart(table: TableRef, given: Params, tables: Tables): Promise<Record<string, unknown>> {
  const { x, y, colour, sql } = plotOf(table, given);
  const all = await tables.query(sql, { input: table });
  const shown = await sample(all, tables);
  const rows = await tables.rows(shown);
  const values = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, chartValue(value)])),
  );
  const sampled = shown.rows < all.rows ? { shown: shown.rows, of: all.rows } : undefined;
  const subtitle = sampled && `${sampled.shown} of ${sampled.of} rows, evenly spaced`;
  const colouring = colour && { color: channel(colour.name, colour.type) };
  const axes = { x: axis(x.name, x.type), y: axis(y.name, y.type) };
  const slices = { theta: { ...channel(y.name, y.type), stack: true }, color: channel(x.name, x.type) };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...((given.title || subtitle) && { title: { text: given.title ?? '', ...(subtitle && { subtitle }) } }),
    ...(sampled && { usermeta: { sampled } }),
    width: 'container',
    data: { values },
    mark: { type: given.mark, tooltip: true },
    encoding: given.mark === 'arc' ? { ...slices, ...colouring } : { ...axes, ...colouring },
  };
}

const specification = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  width: 'container',
};

export default defineNode({
  type: 'data.chart',
  version: 1,
  kind: 'map',
  title: { en: 'Chart', zh: '图表' },
  summary: {
    en: 'Makes a chart of a table, as a Vega-Lite specification with its data in it.',
    zh: '用表格生成图表，即包含数据的 Vega-Lite 规范。',
  },
  icon: 'chart-column',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'host',
  requires: ['tables'],
  create: (given: Params) => async (payload, ctx) => {
    const table = await tableOf(payload, ctx.tables);
    if (table.columns.length === 0) throw new TypeError('A table without columns makes no chart.');
    return chart(table, given, ctx.tables);
  },
  examples: [
    {
      title: { en: 'Bars', zh: '柱状图' },
      params: { x: 'city', y: 'people', colour: 'country' },
      payloads: [cityRows],
      results: [
        {
          ...specification,
          data: {
            values: cityRows.map(({ city, country, people }) => ({ city, country, people })),
          },
          mark: { type: 'bar', tooltip: true },
          encoding: {
            x: channel('city', 'nominal'),
            y: channel('people', 'quantitative'),
            color: channel('country', 'nominal'),
          },
        },
      ],
    },
    {
      title: { en: 'A pie of sums', zh: '总和的饼图' },
      params: { mark: 'arc', x: 'country', y: 'people', aggregate: 'sum', title: 'People' },
      payloads: [cities],
      results: [
        {
          ...specification,
          title: { text: 'People' },
          data: {
            values: [
              { country: 'Norway', 'sum of people': 1000977 },
              { country: 'Finland', 'sum of people': 197900 },
            ],
          },
          mark: { type: 'arc', tooltip: true },
          encoding: {
            theta: { ...channel('sum of people', 'quantitative'), stack: true },
            color: channel('country', 'nominal'),
          },
        },
      ],
    },
    {
      title: { en: 'Columns chosen by their types', zh: '按类型自动选列' },
      payloads: [['yes', 'no', 'yes']],
      results: [
        {
          ...specification,
          data: {
            values: [
              { value: 'yes', count: 2 },
              { value: 'no', count: 1 },
            ],
          },
          mark: { type: 'bar', tooltip: true },
          encoding: { x: channel('value', 'nominal'), y: channel('count', 'quantitative') },
        },
      ],
    },
    {
      title: { en: 'A column that is not there; nothing to show', zh: '不存在的列；无内容可显示' },
      params: { y: 'mayors' },
      payloads: [cities, [], null],
      results: [],
      errors: ['ColumnError', 'TypeError', 'TypeError'],
    },
  ],
});
