/** What to make of a store's refusal, and how long to wait before asking again. */
import { ConflictError, HandloomError, NotFoundError, StoreError } from '../../errors.ts';

/**
 * - `passing`: there will be room, or a free moment; asked again for as long as it takes.
 * - `doubtful`: nobody knows; asked again a few times.
 * - `taken`: the run's journal is no longer this engine's to write.
 * - `final`: asking again would not help.
 */
export type Refusal = 'passing' | 'doubtful' | 'taken' | 'final';

const passing = new Set(['store_busy', 'store_closed', 'store_full']);

const firstDelayMs = 500;
const longestDelayMs = 10_000;
/** Refusals in a row, each in doubt, after which the store counts as broken. */
const doubtsAllowed = 5;

/** Whether a store may take later what it has refused now. */
const isPassing = (error: unknown): boolean => error instanceof StoreError && passing.has(error.code);

export function refusalOf(error: unknown): Refusal {
  if (isPassing(error)) return 'passing';
  if (error instanceof ConflictError && error.code === 'journal_conflict') return 'taken';
  if (error instanceof NotFoundError && error.code === 'run_not_found') return 'taken';
  return error instanceof HandloomError && error.code !== 'store_failed' ? 'final' : 'doubtful';
}

/** Whether to ask again after `refusals` in a row, the last of them this one. */
export function isWorthAnotherTry(error: unknown, refusals: number): boolean {
  const refusal = refusalOf(error);
  return refusal === 'passing' || (refusal === 'doubtful' && refusals < doubtsAllowed);
}

/** Milliseconds to wait after so many refusals in a row. */
export const patience = (refusals: number): number =>
  Math.min(firstDelayMs * 2 ** (refusals - 1), longestDelayMs);

/** Refusals in a row, of which only those in doubt speak against the store. */
export class Patience {
  #refusals = 0;
  #doubts = 0;

  /** @returns milliseconds to wait before asking again; undefined when that is not worth it */
  refused(error: unknown): number | undefined {
    this.#refusals++;
    this.#doubts = refusalOf(error) === 'doubtful' ? this.#doubts + 1 : 0;
    return isWorthAnotherTry(error, this.#doubts) ? patience(this.#refusals) : undefined;
  }
}

/** Times that one of many reads is tried. */
const triesOfRead = 3;

/**
 * What one of many reads gives, tried again at once where it failed in doubt: a long journal is read to its end also
 * where the store fails now and then.
 */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (refusalOf(error) !== 'doubtful' || tries === triesOfRead) throw error;
    }
  }
}
