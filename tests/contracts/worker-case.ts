/** What the cases of the worker contract are made of. They use nothing of a test runner, and so run anywhere. */
import { assert } from './deep-equal.ts';
import type { Harness } from './worker-harness.ts';

export interface WorkerCase {
  name: string;
  /** Needs a thread of the worker's own, which can be ended while it is busy. */
  ownThread?: boolean;
  run(harness: Harness): Promise<void>;
}

export const endless = '() => { for (;;); }';

export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await promise;
  const took = performance.now() - began;
  assert(took < ms, `${what} took ${took.toFixed()} ms, more than ${ms}`);
  return value;
}
