/** Reads a file of the workspace as a table. */
import { z } from 'zod';
import { cities, citiesCsv } from '../data-example.ts';
import { formatField, formatOption } from '../data-format.ts';
import { defineNode } from '../define-node.ts';
import { pathOf } from '../io-path.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  path: pathField({
    description: 'CSV, JSON or Parquet. Without it, each value names the file to read.',
    description_zh: 'CSV、JSON 或 Parquet。不填写时，由每个值指定要读取的文件。',
    placeholder: 'samples/airports.csv',
  }),
  format: formatField,
});

export default defineNode({
  type: 'data.read',
  version: 1,
  kind: 'map',
  title: { en: 'Read table', zh: '读取表格' },
  summary: {
    en: 'Reads a CSV, JSON or Parquet file as a table.',
    zh: '将 CSV、JSON 或 Parquet 文件读取为表格。',
  },
  icon: 'file-spreadsheet',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'table' }],
  params,
  place: 'host',
  trigger: true,
  requires: ['tables'],
  create:
    ({ path, format }: z.output<typeof params>) =>
    (payload, ctx) =>
      ctx.tables.readFile(pathOf(path, payload), formatOption(format)),
  examples: [
    {
      title: { en: 'A CSV file', zh: 'CSV 文件' },
      params: { path: 'cities.csv' },
      payloads: [undefined],
      results: [cities],
      files: { 'cities.csv': citiesCsv },
    },
    {
      title: { en: 'Files named by the values', zh: '由值指定的文件' },
      params: { format: 'json' },
      payloads: ['missing.json', { path: 'cities.data' }, 'broken.json'],
      results: [cities],
      errors: ['FileError', 'FileError'],
      files: {
        'cities.data':
          '[{"city": "Oslo", "country": "Norway", "people": 709037}, {"city": "Bergen", "country": "Norway", "people": 291940}, {"city": "Turku", "country": "Finland", "people": 197900}]',
        'broken.json': '[{"city": }]',
      },
    },
  ],
});
