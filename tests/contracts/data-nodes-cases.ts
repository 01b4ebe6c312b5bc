/** What the nodes built on SQL give, on every DuckDB: their examples, with the same hashes everywhere. */
import analyze from '../../src/nodes/data/analyze.ts';
import chart from '../../src/nodes/data/chart.ts';
import clean from '../../src/nodes/data/clean.ts';
import transform from '../../src/nodes/data/transform.ts';
import { cities, cityRows } from '../../src/nodes/data-example.ts';
import type { NodeContext } from '../../src/nodes/define-node.ts';
import { assertEqual } from './deep-equal.ts';
import type { ContractCase } from './tables-contract.ts';

export const dataNodesCases: ContractCase[] = [clean, transform, analyze, chart].map((definition) => ({
  title: `gives what the examples of ${definition.type} say`,
  async run({ tables }) {
    if (definition.kind !== 'map') throw new Error('They are maps');
    assertEqual(await tables.fromRows(cityRows), cities);
    for (const example of definition.examples) {
      const handler = await definition.create(definition.params.parse(example.params ?? {}) as never);
      const results: unknown[] = [];
      const errors: string[] = [];
      for (const payload of example.payloads) {
        try {
          results.push(await handler(payload, { tables } as NodeContext));
        } catch (error) {
          errors.push((error as Error).name);
        }
      }
      assertEqual(results.length, example.results.length);
      // One by one: an example may name the same table twice.
      for (const [i, result] of results.entries()) assertEqual(result, example.results[i]);
      assertEqual(errors, example.errors ?? []);
    }
  },
}));
