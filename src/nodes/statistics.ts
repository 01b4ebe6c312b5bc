/** Figures of a list of numbers. Those that need at least one number throw a RangeError on an empty list. */

/** Compensated (Neumaier), so that a long list of small numbers adds up. */
export function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(lost) ? total + lost : total;
}

export const product = (values: readonly number[]): number =>
  values.reduce((result, value) => result * value, 1);

export const mean = (values: readonly number[]): number => sum(some(values)) / values.length;

export const min = (values: readonly number[]): number =>
  some(values).reduce((least, value) => Math.min(least, value));

export const max = (values: readonly number[]): number =>
  some(values).reduce((most, value) => Math.max(most, value));

/** Of a sample (divided by n − 1); of a single number, 0. */
export function variance(values: readonly number[]): number {
  const middle = mean(values);
  if (values.length === 1) return 0;
  return sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
}

export const std = (values: readonly number[]): number => Math.sqrt(variance(values));

/** Between the two nearest numbers it goes in a straight line. `share` is from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(some(values)).sort();
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  const part = position % 1;
  return part === 0 ? below : below + (above - below) * part;
}

/** The most frequent; of several, the one that comes first. */
export function mode(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of some(values)) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = values[0] as number;
  for (const [value, count] of counts) if (count > (counts.get(best) as number)) best = value;
  return best;
}

function some(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RangeError('An empty list has no such figure.');
  return values;
}
