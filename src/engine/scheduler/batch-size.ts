/**
 * How many tasks to send at once. A message between workers costs as much as hundreds of small tasks, while a slow
 * task should travel alone, so that others don't wait behind it: the size follows from what tasks of the node have
 * cost so far.
 */

/** Work a batch should hold, in milliseconds: long beside what one costs (about 0.3 ms), short for a person. */
const targetMs = 20;
/** Work below which splitting a queue among workers costs more than it gains. */
const worthSplittingMs = 0.5;
const largest = 4096;
/** A size grows by this at the most from batch to batch, so that a few quick tasks prove nothing too soon. */
const growth = 8;
/** Weight of the newest batch in the running mean. */
const weight = 0.4;

export interface CostEstimate {
  /** Milliseconds per task; undefined until a batch has been measured. */
  perTask: number | undefined;
  /** Size of the largest batch measured so far. */
  proved: number;
  /** Milliseconds of work in all. */
  busyMs: number;
}

/** What the size of a batch follows from. */
export type BatchCost = Pick<CostEstimate, 'perTask' | 'proved'>;

export const unknownCost = (): CostEstimate => ({ perTask: undefined, proved: 0, busyMs: 0 });

/** Takes in that `count` tasks kept a worker busy for `busyMs`. */
export function measure(cost: CostEstimate, count: number, busyMs: number): void {
  if (count === 0) return;
  const perTask = busyMs / count;
  cost.perTask = cost.perTask === undefined ? perTask : cost.perTask + weight * (perTask - cost.perTask);
  cost.busyMs += busyMs;
  cost.proved = Math.max(cost.proved, count);
}

/**
 * Tasks to send next.
 * @param queued tasks waiting
 * @param lanes batches that may be under way at once, among which the queue is shared out
 */
export function batchSize(cost: BatchCost, queued: number, lanes: number): number {
  const { perTask, proved } = cost;
  if (perTask === undefined) return 1;
  const most = Math.min(
    largest,
    proved * growth,
    perTask > 0 ? Math.max(1, Math.floor(targetMs / perTask)) : largest,
  );
  const share = Math.ceil(queued / lanes);
  const least = perTask > 0 ? Math.floor(worthSplittingMs / perTask) : largest;
  return Math.min(queued, most, Math.max(1, share, least));
}
