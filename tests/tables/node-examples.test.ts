/** The examples of the node types that need tables, on a real DuckDB. */
import { afterEach, describe, expect, it } from 'vitest';
import { createDuckDbTables } from '../../server/duckdb-tables.ts';
import { cities, cityRows } from '../../src/nodes/data-example.ts';
import type { Files } from '../../src/nodes/define-node.ts';
import { registry } from '../../src/nodes/registry.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { ArrowTables } from '../../src/tables/arrow-tables.ts';
import { runExample } from '../nodes/run-example.ts';

const opened: ArrowTables[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((tables) => tables.close()));
});

async function tablesWithCities(files: Files): Promise<ArrowTables> {
  const tables = createDuckDbTables({ files, artifacts: createMemoryStore().artifacts });
  opened.push(tables);
  expect(await tables.fromRows(cityRows)).toEqual(cities);
  return tables;
}

const withTables = registry.list().filter((definition) => definition.requires?.includes('tables'));

it('knows the data nodes', () => {
  expect(withTables.map((definition) => definition.type)).toEqual(
    expect.arrayContaining([
      'data.analyze',
      'data.chart',
      'data.clean',
      'data.read',
      'data.rows',
      'data.sql',
      'data.table',
      'data.transform',
      'data.write',
    ]),
  );
});

describe.each(withTables)('$type', (definition) => {
  it.each(definition.examples.map((example) => ({ name: example.title?.en, example })))(
    '$name',
    async ({ example }) => {
      const outcome = await runExample(definition, example, tablesWithCities);
      expect(outcome.errors.map((error) => error.name)).toEqual(example.errors ?? []);
      expect(outcome.results).toEqual(example.results);
      if (example.written) expect(outcome.files).toEqual({ ...example.files, ...example.written });
    },
  );
});
