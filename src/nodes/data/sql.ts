/** Queries tables with SQL. */
import { z } from 'zod';
import { HandloomError, ValidationError } from '../../errors.ts';
import { readSelect } from '../../schema/sql-text.ts';
import { cities, citiesCsv, cityRows } from '../data-example.ts';
import { namedTables } from '../data-input.ts';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';

const params = z.object({
  sql: z
    .string()
    .default('SELECT *\nFROM input')
    .meta(
      field({
        title: 'SQL',
        title_zh: 'SQL',
        description:
          "One query in DuckDB's SQL. What comes in is the table input; a quoted file name in FROM reads that file.",
        description_zh: '一条 DuckDB SQL 查询。传入的数据是表 input；FROM 中带引号的文件名会读取该文件。',
        widget: 'sql',
        placeholder: 'SELECT city, count(*) AS n FROM input GROUP BY city',
      }),
    ),
});

export default defineNode({
  type: 'data.sql',
  version: 1,
  kind: 'map',
  title: { en: 'SQL', zh: 'SQL 查询' },
  summary: {
    en: 'Queries a table with SQL: filter, join, group, sort.',
    zh: '用 SQL 查询表格：筛选、连接、分组、排序。',
  },
  icon: 'database',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params,
  place: 'host',
  trigger: true,
  requires: ['tables'],
  prepare(given) {
    try {
      readSelect(given.sql);
    } catch (error) {
      if (!(error instanceof HandloomError)) throw error;
      const { code, message, details } = error;
      const line = typeof details.line === 'number' ? { line: details.line } : {};
      throw new ValidationError(code, message, { issues: [{ code, message, field: 'sql', ...line }] });
    }
    return given;
  },
  create:
    ({ sql }: z.output<typeof params>) =>
    async (payload, ctx) =>
      ctx.tables.query(sql, await namedTables(payload, ctx.tables)),
  examples: [
    {
      title: { en: 'Sort a table', zh: '表格排序' },
      params: { sql: 'SELECT * FROM input ORDER BY people DESC' },
      payloads: [cities, cityRows],
      results: [cities, cities],
    },
    {
      title: { en: 'Join with a file', zh: '与文件连接' },
      params: {
        sql: "SELECT cities.*\nFROM input\nJOIN 'cities.csv' AS cities ON cities.city = input.value\nORDER BY people DESC",
      },
      payloads: [['Oslo', 'Turku', 'Bergen']],
      results: [cities],
      files: { 'cities.csv': citiesCsv },
    },
    {
      title: { en: 'Several tables by name', zh: '按名称使用多个表' },
      params: { sql: 'SELECT a.* FROM a SEMI JOIN b USING (city) ORDER BY people DESC' },
      payloads: [{ a: cities, b: cityRows }],
      results: [cities],
    },
    {
      title: { en: 'A column that is not there', zh: '不存在的列' },
      params: { sql: 'SELECT mayor FROM input' },
      payloads: [cities],
      results: [],
      errors: ['SqlError'],
    },
  ],
});
