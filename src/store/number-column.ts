/**
 * Columns of task numbers as chunks hold them. Tasks are numbered as they come, so those of a batch mostly follow each
 * other, as do the tasks they came from, or all came from one: such a column takes the room of three numbers.
 */

/** `count` numbers from `first` on, each by `step` higher than the one before. */
interface Progression {
  first: number;
  step: number;
  count: number;
}

export type NumberColumn = number[] | Progression;

/** Shorter ones take less room as they are. */
const worthwhileFrom = 4;

/** A column in as little room as it needs. */
export function foldNumbers(numbers: number[]): NumberColumn {
  const count = numbers.length;
  if (count < worthwhileFrom) return numbers;
  const first = numbers[0]!;
  const step = numbers[1]! - first;
  for (let i = 2; i < count; i++) if (numbers[i]! - numbers[i - 1]! !== step) return numbers;
  return { first, step, count };
}

/** The inverse of {@link foldNumbers}. */
export function unfoldNumbers(column: NumberColumn): number[] {
  if (Array.isArray(column)) return column;
  const { first, step, count } = column;
  return Array.from({ length: count }, (_, i) => first + i * step);
}
