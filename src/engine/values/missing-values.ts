/** What people are shown of values whose content is missing or damaged: all the rest, and what is wrong in their place. */
import { StoreError } from '../../errors.ts';
import type { ReadProblem } from '../../schema/run.ts';
import type { Instead, KeptValues } from './kept-values.ts';

/** In the place of a value that cannot be shown. */
interface MissingValue extends ReadProblem {
  /** Hash of the artifact that holds it, or held it. */
  $missing: string;
}

const isMissing = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.code === 'payload_missing' || error.code === 'value_damaged');

/**
 * The values with the content of what they refer to.
 * @returns also what is wrong with the first that lacks some of it
 * @throws StoreError where the store cannot say now
 */
export async function shown<T>(
  values: KeptValues,
  items: readonly T[],
): Promise<{ items: T[]; problem?: ReadProblem }> {
  let problem: ReadProblem | undefined;
  const instead: Instead = ({ hash }, error): MissingValue => {
    if (!isMissing(error)) throw error;
    const { code, message } = error;
    problem ??= { code, message };
    return { $missing: hash, code, message };
  };
  const whole = await values.restoreAll(items, instead);
  return { items: whole, ...(problem && { problem }) };
}
