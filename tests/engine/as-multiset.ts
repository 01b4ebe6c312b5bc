import { canonicalKey } from '../../src/engine/values/canonical.ts';

/** Values without regard to their order, nor to that within lists: a naive oracle takes tasks in another one. */
export const asMultiset = (values: unknown[]): string[] => values.map(withoutOrder).sort();

function withoutOrder(value: unknown): string {
  if (Array.isArray(value)) return `[${asMultiset(value).join()}]`;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return canonicalKey(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}:${withoutOrder(part)}`)
    .sort()
    .join()}}`;
}
