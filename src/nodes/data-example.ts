/** A table for the examples of `data` nodes. The hash is that of its content, the same on every host. */
import type { TableRef } from '../schema/table.ts';

export const cityRows = [
  { city: 'Oslo', country: 'Norway', people: 709037 },
  { city: 'Bergen', country: 'Norway', people: 291940 },
  { city: 'Turku', country: 'Finland', people: 197900 },
];

export const cities: TableRef = {
  $table: 'aebb0f92ae0794f4be1c7557195b1eb54defe24aa955b350eb534b0355968722',
  columns: [
    { name: 'city', type: 'VARCHAR' },
    { name: 'country', type: 'VARCHAR' },
    { name: 'people', type: 'BIGINT' },
  ],
  rows: 3,
};

export const citiesCsv =
  'city,country,people\nOslo,Norway,709037\nBergen,Norway,291940\nTurku,Finland,197900\n';
