/**
 * What tables do on every DuckDB. A list of cases that need no test runner, so that the same ones run in Node and
 * inside a worker of a browser. Hashes are written out where they must agree between the two.
 */
import type { Files, Tables } from '../../src/nodes/define-node.ts';
import type { Artifacts } from '../../src/tables/arrow-tables.ts';
import { dataNodesCases } from './data-nodes-cases.ts';
import { assert, assertEqual } from './deep-equal.ts';

export interface TablesWorld {
  files: Files;
  artifacts: Artifacts & { delete(hash: string): Promise<boolean> };
  tables: Tables;
  /** Tables of another process or tab over the same files and artifacts, with room for `loadedBytes` in DuckDB. */
  again(loadedBytes?: number): Tables;
}

export interface ContractCase {
  title: string;
  run(world: TablesWorld): Promise<void>;
}

const city = [
  { city: 'Oslo', people: 709037, founded: new Date('1048-01-01') },
  { city: 'Bergen', people: 291940, founded: null },
  { city: 'Zürich 苏黎世', people: 443037, founded: new Date('1200-05-04T03:02:01.500Z') },
];

async function refuses(
  code: string,
  act: () => Promise<unknown>,
  message: RegExp,
): Promise<Record<string, unknown>> {
  let thrown: { code?: string; message: string; details?: Record<string, unknown> } | undefined;
  try {
    await act();
  } catch (error) {
    thrown = error as typeof thrown;
  }
  assert(thrown, `It should be refused with ${code}, but it went well`);
  assert(thrown.code === code, `It should be refused with ${code}, but: ${thrown.code} ${thrown.message}`);
  assert(message.test(thrown.message), `The message should match ${message}, but it is: ${thrown.message}`);
  return thrown.details ?? {};
}

const rowsOf = async (tables: Tables, sql: string, sources: Parameters<Tables['query']>[1] = {}) =>
  tables.rows(await tables.query(sql, sources));

export const tablesContract: ContractCase[] = [
  {
    title: 'makes a table of records and gives them back',
    async run({ tables }) {
      const ref = await tables.fromRows(city);
      assertEqual(ref.rows, 3);
      assertEqual(ref.columns, [
        { name: 'city', type: 'VARCHAR' },
        { name: 'people', type: 'BIGINT' },
        { name: 'founded', type: 'TIMESTAMP' },
      ]);
      assertEqual(await tables.rows(ref), city);
      assertEqual(await tables.rows(ref, { offset: 1, limit: 1 }), [city[1]]);
      assertEqual(await tables.rows(ref, { offset: 2, limit: 9 }), [city[2]]);
      assertEqual(await tables.rows(ref, { offset: 7 }), []);
    },
  },
  {
    title: 'takes the union of keys, with nothing where a record has none',
    async run({ tables }) {
      const ref = await tables.fromRows([{ a: 1 }, { b: 'x', a: undefined }, { c: true }]);
      assertEqual(await tables.rows(ref), [
        { a: 1, b: null, c: null },
        { a: null, b: 'x', c: null },
        { a: null, b: null, c: true },
      ]);
    },
  },
  {
    title: 'widens mixed columns, and tells names apart that SQL would not',
    async run({ tables }) {
      const ref = await tables.fromRows([
        { n: 1, m: 1, big: 2n ** 60n, Big: 1, '': 'x', hex: new Uint8Array([1, 2]) },
        { n: 1.5, m: 'two', big: 3, Big: 2n ** 80n, '': 'y', hex: new Uint8Array([]) },
      ]);
      assertEqual(
        ref.columns.map(({ name, type }) => `${name} ${type}`),
        ['n DOUBLE', 'm VARCHAR', 'big BIGINT', 'Big_1 DECIMAL(38,0)', 'column VARCHAR', 'hex BLOB'],
      );
      const [first, second] = await tables.rows(ref);
      assertEqual(first, {
        n: 1,
        m: '1',
        big: 2n ** 60n,
        Big_1: 1,
        column: 'x',
        hex: new Uint8Array([1, 2]),
      });
      assertEqual(second?.Big_1, 2n ** 80n);
      assertEqual(await rowsOf(tables, 'SELECT big, "Big_1", hex FROM input', { input: ref }), [
        { big: 2n ** 60n, Big_1: 1, hex: new Uint8Array([1, 2]) },
        { big: 3, Big_1: 2n ** 80n, hex: new Uint8Array([]) },
      ]);
    },
  },
  {
    title: 'keeps lists and records inside records',
    async run({ tables }) {
      const rows = [
        { id: 1, tags: ['a', 'b'], place: { x: 1, deep: [{ y: [1.5, null] }] } },
        { id: 2, tags: [], place: { x: null, deep: [] } },
        { id: 3, tags: null, place: null },
      ];
      const ref = await tables.fromRows(rows);
      assertEqual(await tables.rows(ref), rows);
      assertEqual(await tables.query('FROM input', { input: ref }), ref);
      assertEqual(await rowsOf(tables, 'SELECT id, tags[1] AS tag, place.x FROM input', { input: ref }), [
        { id: 1, tag: 'a', x: 1 },
        { id: 2, tag: null, x: null },
        { id: 3, tag: null, x: null },
      ]);
    },
  },
  {
    title: 'names equal content with one hash, however and wherever it came about',
    async run({ tables }) {
      const a = await tables.fromRows([
        { x: 1, y: 'ü' },
        { x: 2, y: null },
      ]);
      assertEqual(a.$table, '957ae04f6c7e380618c936b1a2dff0abce83231eee80509c5e22d89978bcce6b');
      assertEqual(
        await tables.fromRows([
          { x: 1, y: 'ü' },
          { x: 2, y: null },
        ]),
        a,
      );
      assertEqual(await tables.query('SELECT * FROM input ORDER BY x', { input: a }), a);
      assertEqual(
        await tables
          .query("VALUES (1::BIGINT, 'ü'), (2, NULL)")
          .then((t) => tables.query('SELECT col0 AS x, col1 AS y FROM t', { t })),
        a,
      );
      const turned = await tables.query('FROM input ORDER BY x DESC', { input: a });
      assert(turned.$table !== a.$table, 'Another order is another table');
      const range = await tables.query(
        "SELECT i, i * 0.5 AS half, 'row ' || i AS name, CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS hole FROM range(10000) r(i)",
      );
      assertEqual(range.$table, 'cb4ef670987b07afec4f5667f0e351e71643fa6c087582cdc597844cf504ba6c');
    },
  },
  {
    title: 'gives each SQL type as the JavaScript value people expect',
    async run({ tables }) {
      const [row] = await rowsOf(
        tables,
        `SELECT true AS bool, 1::TINYINT AS tiny, 9007199254740993::BIGINT AS big, 7::HUGEINT AS huge, 1.25::DECIMAL(10,2) AS price,
          0.5::FLOAT AS f, 'text' AS t, DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 12:34:56.789' AS stamp, TIME '01:02:03.5' AS clock,
          [1, NULL, 3] AS list, {'a': 1, 'b': ['x']} AS struct, MAP {'k': 1.5} AS map, '\\x00\\xFF'::BLOB AS bytes, NULL::INTEGER AS nothing,
          TIMESTAMP '1969-12-31 23:59:59.999' AS before, (-5.05)::DECIMAL(4,2) AS minus, INTERVAL 1 DAY AS span,
          'b'::ENUM('a', 'b') AS choice, [DATE '2024-01-01'] AS days, [1, 2]::INTEGER[2] AS pair, 18446744073709551615::UBIGINT AS ubig`,
      );
      assertEqual(row, {
        bool: true,
        tiny: 1,
        big: 9007199254740993n,
        huge: 7,
        price: 1.25,
        f: 0.5,
        t: 'text',
        day: new Date('2024-02-29'),
        stamp: new Date('2024-02-29T12:34:56.789Z'),
        clock: '01:02:03.5',
        list: [1, null, 3],
        struct: { a: 1, b: ['x'] },
        map: { k: 1.5 },
        bytes: new Uint8Array([0, 255]),
        nothing: null,
        before: new Date('1969-12-31T23:59:59.999Z'),
        minus: -5.05,
        span: '1 day',
        choice: 'b',
        days: [new Date('2024-01-01')],
        pair: [1, 2],
        ubig: 18446744073709551615n,
      });
    },
  },
  {
    title: 'takes every type back into SQL from where it is kept',
    async run({ tables, again }) {
      const ref = await tables.query(
        `SELECT * FROM (VALUES (true, 1::UTINYINT, -1::SMALLINT, 2.5::FLOAT, 1.23::DECIMAL(9,2), DATE '2024-02-29', TIMESTAMP '2024-01-02 03:04:05.000006',
          TIME '10:00:00', 'a'::BLOB, [{'k': [1.5]}], MAP {'m': DATE '2020-01-01'}, 3::UBIGINT, 2::HUGEINT),
          (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) t`,
      );
      assertEqual(await again().query('FROM input', { input: ref }), ref);
    },
  },
  {
    title: 'joins, groups, pivots and describes',
    async run({ tables }) {
      const input = await tables.fromRows([
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
      ]);
      const names = await tables.fromRows([
        { k: 'a', name: 'Anna' },
        { k: 'b', name: 'Bo' },
      ]);
      assertEqual(
        await rowsOf(
          tables,
          'SELECT name, sum(v) AS total FROM input JOIN names USING (k) GROUP BY name ORDER BY name;',
          { input, names },
        ),
        [
          { name: 'Anna', total: 4 },
          { name: 'Bo', total: 2 },
        ],
      );
      assertEqual(await rowsOf(tables, 'PIVOT input ON k USING sum(v)', { input }), [{ a: 4, b: 2 }]);
      assertEqual(
        (await rowsOf(tables, 'DESCRIBE input', { input })).map((row) => row.column_name),
        ['k', 'v'],
      );
      assertEqual(
        await rowsOf(tables, '-- how many\nWITH t AS (FROM input) FROM t SELECT count(*) AS n -- here', {
          input,
        }),
        [{ n: 3 }],
      );
      assertEqual((await rowsOf(tables, 'SUMMARIZE input', { input })).length, 2);
      assertEqual(await rowsOf(tables, 'SELECT v, v FROM Input LIMIT 1', { input }), [{ v: 1, v_1: 1 }]);
    },
  },
  {
    title: 'keeps an order of 100,000 rows and many queries apart at once',
    async run({ tables }) {
      const big = await tables.query('SELECT i, hash(i) % 1000 AS h FROM range(100000) r(i) ORDER BY h, i');
      const page = await tables.rows(big, { offset: 99_990, limit: 5 });
      assertEqual(
        page.map((row) => row.h),
        [999, 999, 999, 999, 999],
      );
      const inputs = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => tables.fromRows([{ n }])));
      const results = await Promise.all(
        inputs.map(
          async (input) =>
            (await rowsOf(tables, 'SELECT n, (SELECT count(*) FROM big) AS c FROM input', { input, big }))[0],
        ),
      );
      assertEqual(
        results,
        [1, 2, 3, 4, 5, 6].map((n) => ({ n, c: 100_000 })),
      );
    },
  },
  {
    title: 'says where SQL is wrong',
    async run({ tables }) {
      const input = await tables.fromRows([{ a: 1 }]);
      const wrong = (sql: string, message: RegExp) =>
        refuses('sql_error', () => tables.query(sql, { input }), message);
      assertEqual(await wrong('SELECT\n  b\nFROM input', /"b" not found[\s\S]*LINE 2:/), { line: 2 });
      assertEqual(await wrong('SELECT a FORM input', /syntax error[\s\S]*LINE 1:/), { line: 1 });
      await wrong("SELECT 'x'::INTEGER", /Could not convert string 'x'/);
      await wrong('FROM nothing', /nothing does not exist/);
      const details = await refuses('sql_broken', () => tables.query('SELECT (1\n, (2)'), /parenthesis/);
      assertEqual(details, { line: 1 });
      await refuses('sql_empty', () => tables.query('  -- nothing\n'), /no SQL/);
    },
  },
  {
    title: 'lets SQL read tables and nothing else',
    async run({ tables }) {
      const input = await tables.fromRows([{ a: 1 }]);
      for (const sql of [
        'DROP TABLE t1',
        'INSERT INTO input VALUES (2)',
        'SET threads = 1',
        "ATTACH 'x.db'",
        "COPY input TO 'x.csv'",
        'INSTALL json',
        'LOAD json',
        'PRAGMA version',
        'CREATE TABLE x (a INT)',
        'CALL range(3)',
        'BEGIN',
        "EXPORT DATABASE 'x'",
      ]) {
        await refuses('sql_not_a_query', () => tables.query(sql, { input }), /must give rows/);
      }
      await refuses(
        'sql_not_a_query',
        () => tables.query('SELECT 1; DROP TABLE t1', { input }),
        /more than one statement/,
      );
      await refuses(
        'sql_broken',
        () => tables.query('SELECT 1); DROP TABLE t1; SELECT (1', { input }),
        /parenthesis/,
      );
      await refuses(
        'sql_error',
        () => tables.query("FROM read_csv('/etc/passwd')"),
        /disabled by configuration/,
      );
      // Where DuckDB lacks an extension it would fetch it; so functions of some are tried.
      await tables.query("SELECT TIMESTAMP '2024-01-01' AT TIME ZONE 'Europe/Oslo'").catch(() => undefined);
      await tables.query("SELECT json_extract('{}', 'a')").catch(() => undefined);
      await refuses(
        'sql_error',
        () => tables.query("FROM read_parquet('https://example.org/x.parquet')"),
        /disabled by configuration|does not exist|not in the catalog/,
      );
      await refuses('sql_error', () => tables.query("FROM glob('*')"), /disabled by configuration/);
      await refuses(
        'sql_error',
        () => tables.query("FROM read_csv('https://127.0.0.1:9/x')"),
        /disabled by configuration/,
      );
      await refuses(
        'sql_error',
        () => tables.query('WITH x AS (SELECT 1) INSERT INTO input FROM x', { input }),
        /syntax error/,
      );
    },
  },
  {
    title: 'reads CSV with its types, and the file a query names',
    async run({ tables, files }) {
      await files.write(
        'data/trips.csv',
        'id,day,km,who\n1,2024-01-02,3.5,Ada\n2,2024-01-03,,"Bo, the ""fast"""\n',
      );
      const ref = await tables.readFile('data/trips.csv');
      assertEqual(
        ref.columns.map((column) => column.type),
        ['BIGINT', 'DATE', 'DOUBLE', 'VARCHAR'],
      );
      const rows = [
        { id: 1, day: new Date('2024-01-02'), km: 3.5, who: 'Ada' },
        { id: 2, day: new Date('2024-01-03'), km: null, who: 'Bo, the "fast"' },
      ];
      assertEqual(await tables.rows(ref), rows);
      assertEqual(await rowsOf(tables, "FROM 'data/trips.csv'"), rows);
      assertEqual(
        await rowsOf(tables, "SELECT who FROM \"data/trips.csv\" t WHERE who NOT IN ('x.csv', 'Ada')"),
        [{ who: 'Bo, the "fast"' }],
      );
      await files.write('data/semi.txt', 'a;b\n1;2\n');
      assertEqual(await tables.rows(await tables.readFile('data/semi.txt')), [{ a: 1, b: 2 }]);
      await files.write('data/tabs.tsv', 'a\tb\n1\tx\n');
      assertEqual(await tables.rows(await tables.readFile('data/tabs.tsv')), [{ a: 1, b: 'x' }]);
      await files.write('data/trips.csv', 'id\n9\n');
      assertEqual(await rowsOf(tables, "FROM 'data/trips.csv'"), [{ id: 9 }]);
    },
  },
  {
    title: 'reads JSON, whole or one record a line, with its dates',
    async run({ tables, files }) {
      await files.write(
        'a.json',
        '[{"a": 1, "day": "2024-02-03", "t": "2024-02-03 04:05", "s": "x"}, {"a": 2.5, "day": null, "more": [1]}]',
      );
      const ref = await tables.readFile('a.json');
      assertEqual(
        ref.columns.map((column) => column.type),
        ['DOUBLE', 'DATE', 'TIMESTAMP', 'VARCHAR', 'BIGINT[]'],
      );
      assertEqual(await tables.rows(ref), [
        { a: 1, day: new Date('2024-02-03'), t: new Date('2024-02-03T04:05Z'), s: 'x', more: null },
        { a: 2.5, day: null, t: null, s: null, more: [1] },
      ]);
      await files.write('b.ndjson', '{"a": 1}\n\n{"a": 2}\n');
      assertEqual(await rowsOf(tables, "SELECT sum(a) AS total FROM 'b.ndjson'"), [{ total: 3 }]);
      await files.write('c.data', '[1, 2]');
      assertEqual(await tables.rows(await tables.readFile('c.data', { format: 'json' })), [
        { value: 1 },
        { value: 2 },
      ]);
    },
  },
  {
    title: 'writes CSV, JSON and Parquet that it reads back',
    async run({ tables, files }) {
      const ref = await tables.query(
        `SELECT * FROM (VALUES (1, 1.5, 'a "b", c', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05', true, 1.25::DECIMAL(5,2)),
          (NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, 3.5, 'ü', DATE '2024-01-04', TIMESTAMP '2024-01-05 00:00:00', false, -1.5)) t(i, f, s, d, t, b, p)`,
      );
      const rows = await tables.rows(ref);
      for (const path of ['out/a.csv', 'out/a.json', 'out/a.ndjson', 'out/a.parquet', 'out/a.arrow']) {
        await tables.writeFile(ref, path);
        assertEqual(await tables.rows(await tables.readFile(path)), rows, path);
      }
      await tables.writeFile(ref, 'out/plain', { format: 'csv' });
      const text = new TextDecoder().decode(await files.read('out/plain'));
      assertEqual(
        text,
        'i,f,s,d,t,b,p\n1,1.5,"a ""b"", c",2024-01-02,2024-01-02 03:04:05,true,1.25\n,,,,,,\n3,3.5,ü,2024-01-04,2024-01-05 00:00:00,false,-1.50\n',
      );
    },
  },
  {
    title: 'names the file that is missing, broken or of no known kind',
    async run({ tables, files }) {
      await refuses('file_not_found', () => tables.readFile('no/such.csv'), /no\/such\.csv/);
      await refuses('file_not_found', () => tables.query("FROM 'no/such.csv'"), /no\/such\.csv/);
      await refuses('format_unknown', () => tables.readFile('x.xlsx'), /x\.xlsx/);
      await files.write('ragged.csv', 'a,b\n1,2\n3,4,5\n');
      await refuses('file_broken', () => tables.readFile('ragged.csv'), /ragged\.csv, line 3/);
      await files.write('empty.csv', '\n');
      await refuses('file_broken', () => tables.readFile('empty.csv'), /empty\.csv is empty/);
      await files.write('bad.json', '[\n{"a": 1},\n{"a": }\n]');
      await refuses('file_broken', () => tables.readFile('bad.json'), /bad\.json: .*line 3/);
      await files.write('bad.ndjson', '{"a": 1}\n{"a": \n');
      await refuses('file_broken', () => tables.readFile('bad.ndjson'), /bad\.ndjson: Line 2/);
      await files.write('bad.parquet', 'PAR1 this is none');
      await refuses('file_broken', () => tables.readFile('bad.parquet'), /bad\.parquet/);
    },
  },
  {
    title: 'finds a table again in another process, and says when it is gone',
    async run({ tables, artifacts, again }) {
      const ref = await tables.fromRows(city);
      const other = again();
      assertEqual(await other.rows(ref), city);
      assertEqual(await rowsOf(other, 'SELECT count(*) AS n FROM t', { t: ref }), [{ n: 3 }]);
      await artifacts.delete(ref.$table);
      const third = again();
      await refuses('table_not_found', () => third.rows(ref), /not kept/);
      await refuses('table_not_found', () => third.query('FROM t', { t: ref }), /not kept/);
    },
  },
  {
    title: 'drops tables not used lately from DuckDB and loads them when asked',
    async run({ again }) {
      const tables = again(100_000);
      const refs = [];
      const count = "SELECT count(*) AS n FROM duckdb_tables() WHERE table_name LIKE 't%'";
      const before = Number((await rowsOf(tables, count))[0]?.n);
      for (let n = 0; n < 8; n++)
        refs.push(await tables.query(`SELECT i + ${n} AS i FROM range(10000) r(i)`));
      const left = Number((await rowsOf(tables, count))[0]?.n) - before;
      assert(left <= 3, `DuckDB still has ${left} of 8 tables`);
      for (const [n, input] of refs.entries()) {
        assertEqual(await rowsOf(tables, 'SELECT min(i) AS low FROM input', { input }), [{ low: n }]);
      }
    },
  },
  {
    title: 'refuses to query a table without columns, and keeps its rows',
    async run({ tables }) {
      const ref = await tables.fromRows([]);
      assertEqual([ref.columns, ref.rows, await tables.rows(ref)], [[], 0, []]);
      await refuses('table_without_columns', () => tables.query('FROM input', { input: ref }), /no columns/);
      const none = await tables.query('SELECT 1 AS a WHERE false');
      assertEqual(
        [none.rows, await rowsOf(tables, 'SELECT count(a) AS n FROM input', { input: none })],
        [0, [{ n: 0 }]],
      );
    },
  },
  ...dataNodesCases,
];
