/** The nodes that clean, transform, analyze and chart tables, beyond their examples. */
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckDbTables } from '../../server/duckdb-tables.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { compile } from '../../src/nodes/compile.ts';
import analyze from '../../src/nodes/data/analyze.ts';
import chart from '../../src/nodes/data/chart.ts';
import clean from '../../src/nodes/data/clean.ts';
import transform from '../../src/nodes/data/transform.ts';
import type { NodeContext, NodeDefinition } from '../../src/nodes/define-node.ts';
import { isTableRef, type TableRef } from '../../src/schema/table.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';

const tables = createDuckDbTables({ files: createMemoryFiles(), artifacts: createMemoryStore().artifacts });
afterAll(() => tables.close());

type Rows = Record<string, unknown>[];

async function run(definition: NodeDefinition, params: Record<string, unknown>, payload: unknown) {
  if (definition.kind !== 'map') throw new Error('They are maps');
  const parsed = definition.params.parse(params);
  await definition.prepare?.(parsed, { compile });
  const handler = await definition.create(parsed as never);
  return handler(payload, { tables } as Partial<NodeContext> as NodeContext);
}
async function rows(
  definition: NodeDefinition,
  params: Record<string, unknown>,
  payload: unknown,
): Promise<Rows> {
  const table = await run(definition, params, payload);
  if (!isTableRef(table)) throw new Error('It should give a table');
  return tables.rows(table);
}
const types = (table: unknown) => (table as TableRef).columns.map(({ type }) => type);

describe('data.clean', () => {
  it('trims every kind of space, at both ends only', async () => {
    const given = [
      { a: ' \t\u00a0x y\u3000\n', b: 1, c: ['  '] },
      { a: null, b: 2 },
    ];
    expect(await rows(clean, { trim: true }, given)).toEqual([
      { a: 'x y', b: 1, c: ['  '] },
      { a: null, b: 2, c: null },
    ]);
  });

  it('takes empty texts and NaN for missing only when asked to', async () => {
    const given = [
      { a: '\u00a0', n: Number.NaN },
      { a: ' x ', n: 1.5 },
    ];
    expect(await rows(clean, {}, given)).toEqual(given);
    expect(await rows(clean, { emptyAsMissing: true }, given)).toEqual([
      { a: null, n: null },
      { a: ' x ', n: 1.5 },
    ]);
  });

  it('converts texts to each type', async () => {
    const given = [
      { i: ' 12 ', n: '1e3', b: 'true', d: '2024-02-29', t: '2024-02-29T12:30:00Z', s: 5 },
      { i: '-7.0', n: '0.5', b: 'false', d: '', t: null, s: 6 },
    ];
    const asked = { i: 'integer', n: 'number', b: 'boolean', d: 'date', t: 'time', S: 'text' };
    const table = await run(clean, { types: asked }, given);
    expect(types(table)).toEqual(['BIGINT', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'VARCHAR']);
    expect(await tables.rows(table as TableRef)).toEqual([
      { i: 12, n: 1000, b: true, d: new Date('2024-02-29'), t: new Date('2024-02-29T12:30:00Z'), s: '5' },
      { i: -7, n: 0.5, b: false, d: null, t: null, s: '6' },
    ]);
  });

  it('names what cannot be converted, and never rounds', async () => {
    const given = [{ 'a "b"': '1.5' }, { 'a "b"': 'many' }, { 'a "b"': '2' }];
    const params = { types: { 'a "b"': 'integer' } };
    await expect(run(clean, params, given)).rejects.toMatchObject({
      name: 'ColumnError',
      code: 'not_convertible',
      message:
        'In column "a \\"b\\"", 2 of 3 values cannot be converted to integer, the first of them "1.5".',
      details: { column: 'a "b"', count: 2, value: '1.5' },
    });
    expect(await rows(clean, { ...params, unconvertible: 'missing' }, given)).toEqual([
      { 'a "b"': null },
      { 'a "b"': null },
      { 'a "b"': 2 },
    ]);
    expect(
      await rows(clean, { types: { n: 'integer' }, unconvertible: 'missing' }, [{ n: 1.5 }, { n: 2 }]),
    ).toEqual([{ n: null }, { n: 2 }]);
  });

  it('fills numbers with figures of their column, and others with constants', async () => {
    const given = [
      { n: 1, m: 2, t: "it's", full: 7 },
      { n: 2, m: null, t: null, full: 8 },
      { n: null, m: 4, t: 'x', full: 9 },
    ];
    const filled = await run(clean, { fill: { T: "o'clock" }, fillNumbers: 'mean' }, given);
    expect(await tables.rows(filled as TableRef)).toEqual([
      { n: 1, m: 2, t: "it's", full: 7 },
      { n: 2, m: 3, t: "o'clock", full: 8 },
      { n: 1.5, m: 4, t: 'x', full: 9 },
    ]);
    expect(types(filled)).toEqual(['DOUBLE', 'BIGINT', 'VARCHAR', 'BIGINT']);
    const [, , last] = await rows(clean, { fillNumbers: 'median', fill: { m: 0 } }, given);
    expect(last).toMatchObject({ n: 1.5, m: 4 });
    await expect(run(clean, { fill: { n: 'none' } }, given)).rejects.toMatchObject({ name: 'SqlError' });
  });

  it('drops rows, keeping the first of equal ones in their order', async () => {
    const given = [
      { a: 2, b: null },
      { a: 1, b: 'x' },
      { a: 2, b: null },
      {},
      { a: 1, b: 'x' },
      { a: 0, b: 'y' },
    ];
    expect(await rows(clean, { dropDuplicates: true, dropRows: 'empty' }, given)).toEqual([
      { a: 2, b: null },
      { a: 1, b: 'x' },
      { a: 0, b: 'y' },
    ]);
    expect(await rows(clean, { dropRows: 'incomplete' }, given)).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'x' },
      { a: 0, b: 'y' },
    ]);
  });

  it('renames columns to snake_case, each to a name of its own', async () => {
    const table = await run(clean, { names: 'snake_case' }, [
      { 'Unit Price (€)': 1, unitPrice: 2, HTTPStatus: 3, '城市 名': 4, '--': 5, unit_price: 6, row: 7 },
    ]);
    expect((table as TableRef).columns.map(({ name }) => name)).toEqual([
      'unit_price',
      'unit_price_2',
      'http_status',
      '城市_名',
      'column',
      'unit_price_3',
      'row',
    ]);
  });

  it('leaves alone what has no columns', async () => {
    expect(await run(clean, { trim: true, dropDuplicates: true }, [])).toMatchObject({
      columns: [],
      rows: 0,
    });
  });
});

describe('data.transform', () => {
  const given = Array.from({ length: 5000 }, (_, i) => ({ id: i, group: i % 3, row: -i }));

  it('keeps the order of rows that sort alike', async () => {
    const sorted = await rows(transform, { sort: ['"group" DESC'], select: ['group', 'ID'] }, given);
    const expected = [...given].sort((a, b) => b.group - a.group).map(({ id, group }) => ({ group, id }));
    expect(sorted).toEqual(expected);
  });

  it('computes one column after another, and filters by them', async () => {
    const params = {
      compute: { double: 'id * 2 -- twice', ROW: 'double + 1' },
      filter: 'row > 9 -- not the first',
      limit: 2,
    };
    expect(await rows(transform, params, given)).toEqual([
      { id: 5, group: 2, row: 11, double: 10 },
      { id: 6, group: 0, row: 13, double: 12 },
    ]);
  });

  it('renames without dropping the rest, and refuses two of a name', async () => {
    expect(
      await rows(transform, { rename: { id: 'group', group: 'id' }, limit: 1 }, [{ id: 1, group: 2 }]),
    ).toEqual([{ group: 1, id: 2 }]);
    await expect(run(transform, { rename: { id: 'Group' } }, given)).rejects.toMatchObject({
      code: 'duplicate_column',
    });
  });

  it.each([
    ['filter', { filter: 'a) OR (b' }, 'sql_broken'],
    ['filter', { filter: 'true; DROP TABLE x' }, 'sql_not_a_query'],
    ['compute', { compute: { a: '1) AS x, (2' } }, 'sql_broken'],
    ['compute', { compute: { a: '  ' } }, 'sql_empty'],
    ['sort', { sort: ["'unclosed"] }, 'sql_broken'],
  ])('refuses before it runs, at %s', async (field, params, code) => {
    await expect(run(transform, params, given)).rejects.toMatchObject({ code, issues: [{ field }] });
  });

  it('says what DuckDB says about an expression', async () => {
    await expect(run(transform, { compute: { a: 'nothing + 1' } }, given)).rejects.toThrow(/nothing/);
  });
});

describe('data.analyze', () => {
  it('gives the figures of each kind of column', async () => {
    const given = [
      { n: 1, f: 0.5, t: 'b', d: new Date('2024-01-02'), l: [1] },
      { n: 2, f: Number.NaN, t: 'a', d: null, l: null },
      { n: 3, f: 1.5, t: 'b', d: new Date('2024-01-01'), l: [1] },
      { n: 4, f: Number.POSITIVE_INFINITY, t: null, d: null, l: [] },
    ];
    const [n, f, t, d, l] = await rows(analyze, { top: 2 }, given);
    expect(n).toEqual({
      column: 'n',
      type: 'BIGINT',
      count: 4,
      missing: 0,
      distinct: 4,
      min: '1',
      max: '4',
      mean: 2.5,
      std: expect.closeTo(Math.sqrt(5 / 3), 12),
      q25: 1.75,
      median: 2.5,
      q75: 3.25,
      top: [
        { value: '1', count: 1 },
        { value: '2', count: 1 },
      ],
    });
    expect(f).toMatchObject({ count: 4, missing: 0, mean: 1, median: 1 });
    expect(t).toMatchObject({ count: 3, missing: 1, distinct: 2, min: 'a', max: 'b', mean: null, std: null });
    expect(t?.top).toEqual([
      { value: 'b', count: 2 },
      { value: 'a', count: 1 },
    ]);
    expect(d).toMatchObject({ missing: 2, min: '2024-01-01 00:00:00', max: '2024-01-02 00:00:00' });
    expect(l).toMatchObject({
      count: 3,
      distinct: 2,
      top: [
        { value: '[1]', count: 2 },
        { value: '[]', count: 1 },
      ],
    });
  });

  it('describes columns that hold nothing', async () => {
    expect(await rows(analyze, { top: 0, columns: ['B'] }, [{ a: 1, b: null }])).toMatchObject([
      { column: 'b', count: 0, missing: 1, distinct: 0, min: null, mean: null, top: [] },
    ]);
  });
});

interface Spec {
  data: { values: Rows };
  title?: { text: string; subtitle: string };
  usermeta?: unknown;
  encoding: Record<string, Record<string, unknown>>;
}

describe('data.chart', () => {
  const spec = async (params: Record<string, unknown>, payload: unknown) =>
    (await run(chart, params, payload)) as Spec;

  it('shows many rows by a sample that is the same each time, and says so', async () => {
    const many = Array.from({ length: 12_345 }, (_, i) => ({ at: `p${i}`, n: i }));
    const made = await spec({ x: 'at', y: 'n', mark: 'point' }, many);
    expect(made.data.values).toHaveLength(5000);
    expect(made.data.values[0]).toEqual({ at: 'p0', n: 0 });
    const gaps = made.data.values.slice(1).map(({ n }, i) => Number(n) - Number(made.data.values[i]?.n));
    expect([Math.min(...gaps), Math.max(...gaps)]).toEqual([2, 3]);
    expect(made.title).toEqual({ text: '', subtitle: '5000 of 12345 rows, evenly spaced' });
    expect(made.usermeta).toEqual({ sampled: { shown: 5000, of: 12_345 } });
    expect(await spec({ x: 'at', y: 'n', mark: 'point' }, many)).toEqual(made);
  });

  it('takes rows together before it samples, so that every one counts', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ side: i % 2 ? 'odd' : 'even', n: i }));
    const made = await spec({ x: 'side', y: 'n', aggregate: 'mean' }, many);
    expect(made.data.values).toEqual([
      { side: 'even', 'mean of n': 9999 },
      { side: 'odd', 'mean of n': 10_000 },
    ]);
    expect(made.usermeta).toBeUndefined();
    expect((await spec({ x: 'side', aggregate: 'count' }, many)).data.values).toEqual([
      { side: 'even', count: 10_000 },
      { side: 'odd', count: 10_000 },
    ]);
  });

  it('names axes that Vega-Lite would misread, and knows times', async () => {
    const made = await spec({ x: 'a.b[0]', y: 'count', colour: 'c', aggregate: 'sum' }, [
      { 'a.b[0]': new Date('2024-01-02T03:04:05Z'), count: 2n ** 60n, c: true },
    ]);
    expect(made.encoding.x).toMatchObject({
      field: 'a\\.b\\[0\\]',
      title: 'a.b[0]',
      type: 'temporal',
      scale: { type: 'utc' },
    });
    expect(made.data.values).toEqual([
      { 'a.b[0]': '2024-01-02T03:04:05.000Z', c: true, 'sum of count': 2 ** 60 },
    ]);
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });

  it('tells a count from a column of that name', async () => {
    const made = await spec({ x: 'count', aggregate: 'count' }, [{ count: 'a' }, { count: 'a' }]);
    expect(made.data.values).toEqual([{ count: 'a', count_1: 2 }]);
  });
});
