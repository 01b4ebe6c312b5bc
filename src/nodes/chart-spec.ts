/** The pieces of a Vega-Lite specification that `data.chart` is made of. */
import { type Column, isNumeric, isTemporal } from './data-columns.ts';

export type FieldType = 'quantitative' | 'temporal' | 'nominal';

export const fieldTypeOf = ({ type }: Pick<Column, 'type'>): FieldType =>
  isNumeric(type) ? 'quantitative' : isTemporal(type) ? 'temporal' : 'nominal';

/** A channel that shows a column. */
export function channel(name: string, type: FieldType): Record<string, unknown> {
  return {
    // Vega-Lite reads dots and brackets in a field as a path.
    field: name.replace(/[\\.[\]]/g, '\\$&'),
    type,
    title: name,
    // Rows come in the order that was wanted.
    ...(type === 'nominal' && { sort: null }),
  };
}

/** An axis; times on it are meant as they are written, wherever they are looked at. */
export const axis = (name: string, type: FieldType): Record<string, unknown> => ({
  ...channel(name, type),
  ...(type === 'temporal' && { scale: { type: 'utc' } }),
});

/** Values as JSON has them, so that the specification works wherever it is taken. */
export function chartValue(value: unknown): string | number | boolean | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
}
