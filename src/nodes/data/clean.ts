/** Repairs a table: spaces, types, missing values, duplicates, names. Each repair only where it is asked for. */
import { z } from 'zod';
import type { TableRef } from '../../schema/table.ts';
import {
  type CleanedColumn,
  cleanColumn,
  constantSql,
  snakeCaseNames,
  valueTypes,
} from '../clean-columns.ts';
import { columnError, columnOf, freeName, isFloat, isNumeric, quoteName } from '../data-columns.ts';
import { cities, cityRows } from '../data-example.ts';
import { tableOf } from '../data-input.ts';
import { defineNode, type Tables } from '../define-node.ts';
import { field } from '../field-widgets.ts';

const option = (words: Omit<Parameters<typeof field>[0], 'widget'>) =>
  z
    .boolean()
    .default(false)
    .meta(field({ ...words, widget: 'switch' }));

const params = z.object({
  trim: option({ title: 'Trim texts', title_zh: '去除首尾空白' }),
  emptyAsMissing: option({
    title: 'Empty means missing',
    title_zh: '空值视为缺失',
    description: 'Texts of nothing but space, and NaN.',
    description_zh: '仅含空白的文本，以及 NaN。',
  }),
  types: z
    .record(z.string(), z.enum(valueTypes))
    .default({})
    .meta(
      field({
        title: 'Convert columns',
        title_zh: '转换列类型',
        description: 'By name: text, integer, number, boolean, date or time.',
        description_zh: '按列名指定：text、integer、number、boolean、date 或 time。',
        widget: 'json',
        placeholder: '{"age": "integer", "born": "date"}',
      }),
    ),
  unconvertible: z
    .enum(['fail', 'missing'])
    .default('fail')
    .meta(
      field({
        title: 'What cannot be converted',
        title_zh: '无法转换的值',
        widget: 'select',
        labels: { fail: 'Fails the task', missing: 'Becomes missing' },
        labels_zh: { fail: '任务失败', missing: '变为缺失' },
      }),
    ),
  fill: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .meta(
      field({
        title: 'Fill missing values',
        title_zh: '填充缺失值',
        description: 'A value for each column to fill.',
        description_zh: '为每个要填充的列指定一个值。',
        widget: 'json',
        placeholder: '{"country": "unknown", "count": 0}',
      }),
    ),
  fillNumbers: z
    .enum(['none', 'zero', 'mean', 'median'])
    .default('none')
    .meta(
      field({
        title: 'Fill other numbers',
        title_zh: '填充其他数字',
        widget: 'select',
        labels: { none: 'No', zero: 'With 0', mean: 'With the mean', median: 'With the median' },
        labels_zh: { none: '否', zero: '用 0', mean: '用平均值', median: '用中位数' },
      }),
    ),
  dropRows: z
    .enum(['none', 'empty', 'incomplete'])
    .default('none')
    .meta(
      field({
        title: 'Drop rows',
        title_zh: '删除行',
        widget: 'select',
        labels: { none: 'None', empty: 'Where all is missing', incomplete: 'Where something is missing' },
        labels_zh: { none: '不删除', empty: '全部缺失的行', incomplete: '有缺失的行' },
      }),
    ),
  dropDuplicates: option({
    title: 'Drop duplicate rows',
    title_zh: '删除重复行',
    description: 'The first of them stays.',
    description_zh: '保留其中第一行。',
  }),
  names: z
    .enum(['keep', 'snake_case'])
    .default('keep')
    .meta(
      field({
        title: 'Column names',
        title_zh: '列名',
        widget: 'select',
        labels: { keep: 'As they are', snake_case: 'snake_case' },
        labels_zh: { keep: '保持不变', snake_case: 'snake_case' },
      }),
    ),
});
type Params = z.output<typeof params>;

async function clean(table: TableRef, given: Params, tables: Tables): Promise<TableRef> {
  if (table.columns.length === 0) return table;
  const types = byColumn(table, given.types);
  let columns = table.columns.map((column) => cleanColumn(column, { ...given, to: types.get(column.name) }));
  if (given.unconvertible === 'fail') await refuseUnconvertible(columns, table, types, tables);
  columns = await fill(columns, table, given, tables);

  const names = columns.map(({ name }) => name);
  const quoted = names.map(quoteName);
  const row = quoteName(freeName('row', names));
  const values = columns.map(({ sql }, index) => `${sql} AS ${quoted[index]}`);
  let from = `(SELECT ${values.join(', ')}, row_number() OVER () AS ${row} FROM input)`;
  if (given.dropRows !== 'none') {
    const among = given.dropRows === 'empty' ? ' OR ' : ' AND ';
    from = `(SELECT * FROM ${from} WHERE ${quoted.map((name) => `${name} IS NOT NULL`).join(among)})`;
  }
  if (given.dropDuplicates) {
    const first = `row_number() OVER (PARTITION BY ${quoted.join(', ')} ORDER BY ${row}) = 1`;
    from = `(SELECT * FROM ${from} QUALIFY ${first})`;
  }
  const renamed = given.names === 'snake_case' ? snakeCaseNames(names) : names;
  const select = quoted.map((name, index) => `${name} AS ${quoteName(renamed[index] as string)}`);
  return tables.query(`SELECT ${select.join(', ')} FROM ${from} ORDER BY ${row}`, { input: table });
}

/** What is said about columns, by their names as the table writes them. */
const byColumn = <T>(table: TableRef, said: Record<string, T>): Map<string, T> =>
  new Map(Object.entries(said).map(([name, value]) => [columnOf(table, name).name, value]));

/** @throws HandloomError `not_convertible`, naming the first column that has such values, how many, and one of them. */
async function refuseUnconvertible(
  columns: CleanedColumn[],
  table: TableRef,
  types: Map<string, string>,
  tables: Tables,
): Promise<void> {
  const converted = columns.filter(({ refused }) => refused);
  if (converted.length === 0) return;
  const checks = converted.map(
    ({ name, refused }, index) =>
      `count(*) FILTER (WHERE ${refused}) AS n${index},
      first(CAST(${quoteName(name)} AS VARCHAR)) FILTER (WHERE ${refused}) AS v${index}`,
  );
  const found = await tables.query(`SELECT ${checks.join(', ')} FROM input`, { input: table });
  const [figures = {}] = await tables.rows(found);
  for (const [index, { name }] of converted.entries()) {
    const count = figures[`n${index}`];
    if (!count) continue;
    const value = figures[`v${index}`];
    throw columnError(
      'not_convertible',
      `In column ${JSON.stringify(name)}, ${count} of ${table.rows} values cannot be converted to ${types.get(name)}, the first of them ${JSON.stringify(value)}.`,
      { column: name, count, value },
    );
  }
}

async function fill(
  columns: CleanedColumn[],
  table: TableRef,
  { fill: constants, fillNumbers }: Params,
  tables: Tables,
): Promise<CleanedColumn[]> {
  const values = byColumn(table, constants);
  const others = columns.filter(({ name, type }) => !values.has(name) && isNumeric(type));
  const figures =
    fillNumbers === 'mean' || fillNumbers === 'median'
      ? await figuresOf(others, table, fillNumbers, tables)
      : new Map(fillNumbers === 'zero' ? others.map(({ name }) => [name, 0]) : []);
  return columns.map((column) => {
    const { name, sql, type } = column;
    const value = values.get(name);
    if (value !== undefined) return { ...column, sql: `coalesce(${sql}, ${constantSql(value, type)})` };
    const figure = figures.get(name);
    if (figure === undefined) return column;
    // The mean of whole numbers is rarely one.
    const wider = Number.isInteger(figure) ? type : 'DOUBLE';
    return { ...column, type: wider, sql: `coalesce(CAST(${sql} AS ${wider}), CAST(${figure} AS ${wider}))` };
  });
}

/** The mean or median of each column that has missing values to fill, and others to go by. */
async function figuresOf(
  columns: CleanedColumn[],
  table: TableRef,
  figure: 'mean' | 'median',
  tables: Tables,
): Promise<Map<string, number>> {
  if (columns.length === 0) return new Map();
  const finite = ({ sql, type }: CleanedColumn) =>
    isFloat(type) ? `CASE WHEN isfinite(${sql}) THEN ${sql} END` : `CAST(${sql} AS DOUBLE)`;
  const select = columns.map(
    (column, index) =>
      `CASE WHEN count(${column.sql}) < count(*) THEN ${figure === 'mean' ? 'favg' : 'median'}(${finite(column)}) END AS f${index}`,
  );
  const found = await tables.query(`SELECT ${select.join(', ')} FROM input`, { input: table });
  const [figures = {}] = await tables.rows(found);
  const known = columns.map(({ name }, index) => [name, figures[`f${index}`]] as const);
  return new Map(known.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

export default defineNode({
  type: 'data.clean',
  version: 1,
  kind: 'map',
  title: { en: 'Clean', zh: '清洗' },
  summary: {
    en: 'Repairs a table: spaces, types, missing values, duplicates, column names.',
    zh: '修整表格：空白、类型、缺失值、重复行和列名。',
  },
  icon: 'brush-cleaning',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params,
  place: 'host',
  requires: ['tables'],
  create: (given: Params) => async (payload, ctx) =>
    clean(await tableOf(payload, ctx.tables), given, ctx.tables),
  examples: [
    {
      title: { en: 'Texts trimmed, types converted, rows dropped', zh: '去除空白、转换类型、删除行' },
      params: {
        trim: true,
        emptyAsMissing: true,
        types: { People: 'integer' },
        dropRows: 'empty',
        dropDuplicates: true,
        names: 'snake_case',
      },
      payloads: [
        [
          { City: 'Oslo ', Country: 'Norway', People: '709037' },
          { City: '\tBergen', Country: 'Norway', People: ' 291940' },
          { City: 'Oslo', Country: 'Norway', People: '709037' },
          { City: ' ', Country: '', People: '' },
          { City: 'Turku', Country: 'Finland', People: '197900.0' },
        ],
      ],
      results: [cities],
    },
    {
      title: { en: 'Missing values filled', zh: '填充缺失值' },
      params: { fill: { country: 'Finland' }, fillNumbers: 'zero' },
      payloads: [[...cityRows.slice(0, 2), { city: 'Turku', country: null, people: 197900 }]],
      results: [cities],
    },
    {
      title: { en: 'Nothing asked for, nothing done', zh: '未要求则不作改动' },
      payloads: [cities, cityRows],
      results: [cities, cities],
    },
    {
      title: { en: 'What cannot be converted; no such column', zh: '无法转换的值；不存在的列' },
      params: { types: { people: 'integer' } },
      payloads: [[{ people: '12' }, { people: 'many' }, { people: '1.5' }], [{ person: 1 }]],
      results: [],
      errors: ['ColumnError', 'ColumnError'],
    },
  ],
});
