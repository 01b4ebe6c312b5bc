/** Shapes a table without a whole query: computes columns, filters, sorts, limits, picks and renames. */
import { z } from 'zod';
import { HandloomError, ValidationError } from '../../errors.ts';
import { readSelect } from '../../schema/sql-text.ts';
import type { TableRef } from '../../schema/table.ts';
import { columnError, columnOf, freeName, quoteName } from '../data-columns.ts';
import { cities, cityRows } from '../data-example.ts';
import { columnsField, rowLimitField } from '../data-fields.ts';
import { tableOf } from '../data-input.ts';
import { defineNode, type Tables } from '../define-node.ts';
import { field } from '../field-widgets.ts';

const params = z.object({
  compute: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta(
      field({
        title: 'Compute columns',
        title_zh: '计算列',
        description: 'SQL by column name, one after another; a name that is there is replaced.',
        description_zh: '按列名给出 SQL 表达式，依次计算；已有的列会被替换。',
        widget: 'json',
        placeholder: '{"density": "people / area"}',
      }),
    ),
  filter: z
    .string()
    .default('')
    .meta(
      field({
        title: 'Keep rows where',
        title_zh: '保留满足条件的行',
        widget: 'sql',
        placeholder: "people > 1000 AND country = 'Norway'",
      }),
    ),
  sort: z
    .array(z.string().min(1))
    .default([])
    .meta(
      field({
        title: 'Sort by',
        title_zh: '排序依据',
        description: 'Add DESC for the largest first.',
        description_zh: '加上 DESC 表示从大到小。',
        widget: 'list',
        placeholder: 'people DESC',
      }),
    ),
  limit: rowLimitField(0),
  select: columnsField({
    description: 'Those to keep, in this order. Without any, all.',
    description_zh: '按此顺序保留这些列。不填写时保留全部。',
    placeholder: 'city',
  }),
  rename: z
    .record(z.string(), z.string().min(1))
    .default({})
    .meta(
      field({
        title: 'Rename columns',
        title_zh: '重命名列',
        widget: 'json',
        placeholder: '{"people": "population"}',
      }),
    ),
});
type Params = z.output<typeof params>;

/** Every piece of SQL must be whole by itself, so that it stays where it is put. */
function prepare(given: Params): Params {
  const check = (sql: string, name: keyof Params, opening: string) => {
    try {
      readSelect(`${opening} ${sql}`);
    } catch (error) {
      if (!(error instanceof HandloomError)) throw error;
      const { code, message, details } = error;
      const line = typeof details.line === 'number' ? { line: details.line } : {};
      throw new ValidationError(code, message, { issues: [{ code, message, field: name, ...line }] });
    }
    if (sql.trim() !== '') return;
    const issue = { code: 'sql_empty', message: 'There is an expression that is empty.', field: name };
    throw new ValidationError(issue.code, issue.message, { issues: [issue] });
  };
  for (const sql of Object.values(given.compute)) check(sql, 'compute', 'SELECT');
  if (given.filter.trim()) check(given.filter, 'filter', 'SELECT');
  for (const sql of given.sort) check(sql, 'sort', 'SELECT 1 ORDER BY');
  return given;
}

async function transform(table: TableRef, given: Params, tables: Tables): Promise<TableRef> {
  if (table.columns.length === 0 && Object.keys(given.compute).length === 0) return table;
  const names = table.columns.map((column) => column.name);
  const row = quoteName(freeName('row', [...names, ...Object.keys(given.compute)]));
  // New lines keep a comment at the end of an expression from swallowing what comes after it.
  let from = `(SELECT *, row_number() OVER () AS ${row} FROM input)`;
  for (const [name, sql] of Object.entries(given.compute)) {
    const known = names.find((other) => other.toLowerCase() === name.toLowerCase());
    from = known
      ? `(SELECT * REPLACE ((${sql}\n) AS ${quoteName(known)}) FROM ${from})`
      : `(SELECT *, (${sql}\n) AS ${quoteName(name)} FROM ${from})`;
    if (!known) names.push(name);
  }
  if (given.filter.trim()) from = `(SELECT * FROM ${from} WHERE (${given.filter}\n))`;
  // Rows that are equal in what is sorted by keep their order.
  const order = [...given.sort, row].join('\n, ');
  const limit = given.limit === undefined ? '' : ` LIMIT ${given.limit}`;
  return tables.query(`SELECT ${columnsOf(names, given)} FROM ${from} ORDER BY ${order}${limit}`, {
    input: table,
  });
}

function columnsOf(names: readonly string[], { select, rename }: Params): string {
  const known: TableRef = { $table: '', columns: names.map((name) => ({ name, type: '' })), rows: 0 };
  const picked = select.length ? select.map((name) => columnOf(known, name).name) : names;
  const renamed = new Map(Object.entries(rename).map(([from, to]) => [columnOf(known, from).name, to]));
  const taken = new Set<string>();
  const columns = picked.map((name) => {
    const final = renamed.get(name) ?? name;
    if (taken.has(final.toLowerCase()))
      throw columnError('duplicate_column', `Two columns would be called ${JSON.stringify(final)}.`, {
        column: final,
      });
    taken.add(final.toLowerCase());
    return `${quoteName(name)} AS ${quoteName(final)}`;
  });
  return columns.join(', ');
}

export default defineNode({
  type: 'data.transform',
  version: 1,
  kind: 'map',
  title: { en: 'Transform', zh: '变换' },
  summary: {
    en: 'Computes columns, filters, sorts and limits rows, picks and renames columns.',
    zh: '计算列，筛选、排序并限制行数，选取和重命名列。',
  },
  icon: 'columns-3-cog',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params,
  place: 'host',
  requires: ['tables'],
  prepare,
  create: (given: Params) => async (payload, ctx) =>
    transform(await tableOf(payload, ctx.tables), given, ctx.tables),
  examples: [
    {
      title: { en: 'Filter and sort', zh: '筛选与排序' },
      params: { filter: 'people > 100000', sort: ['people DESC'] },
      payloads: [[...cityRows].reverse(), [...cityRows, { city: 'Røst', country: 'Norway', people: 498 }]],
      results: [cities, cities],
    },
    {
      title: { en: 'Computed and renamed columns', zh: '计算并重命名列' },
      params: {
        compute: { people: 'CAST(thousands * 1000 AS BIGINT)', land: 'upper(land[1]) || land[2:]' },
        select: ['city', 'land', 'people'],
        rename: { land: 'country' },
      },
      payloads: [
        [
          { thousands: 709.037, land: 'norway', city: 'Oslo' },
          { thousands: 291.94, land: 'norway', city: 'Bergen' },
          { thousands: 197.9, land: 'finland', city: 'Turku' },
        ],
      ],
      results: [cities],
    },
    {
      title: { en: 'The first three', zh: '前三行' },
      params: { limit: 3 },
      payloads: [[...cityRows, { city: 'Røst', country: 'Norway', people: 498 }]],
      results: [cities],
    },
    {
      title: { en: 'A column that is not there', zh: '不存在的列' },
      params: { select: ['mayor'] },
      payloads: [cities, 5],
      results: [],
      errors: ['ColumnError', 'ColumnError'],
    },
  ],
});
