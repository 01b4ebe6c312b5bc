/** Whether and when a failed task is tried again. */
import type { Policy } from '../../schema/policy.ts';

/** Whether the policy allows another attempt after attempt number `attempt` ended with an error of this name. */
export function mayRetry(retry: Policy['retry'], attempt: number, errorName: string): boolean {
  return attempt <= retry.max && (retry.on.includes('*') || retry.on.includes(errorName));
}

/**
 * Milliseconds to wait before the attempt that follows attempt number `attempt`: `delayMs · factor^(attempt − 1)`,
 * at most `maxDelayMs`; `jitter` (true is 1) takes away up to that fraction at random, so that tasks which failed
 * together don't come back together.
 * @param random uniform in [0, 1)
 */
export function retryDelay(retry: Policy['retry'], attempt: number, random: () => number): number {
  const full = Math.min(retry.delayMs * retry.factor ** (attempt - 1), retry.maxDelayMs ?? Infinity);
  const jitter = Number(retry.jitter ?? 0);
  return jitter === 0 ? full : full * (1 - jitter * random());
}
