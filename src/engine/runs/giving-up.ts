/** Ends runs that cannot be brought back to life: their journal is damaged, a node type is gone. */
import { HandloomError, toWireError } from '../../errors.ts';
import type { Counters, RunSummary } from '../../schema/run.ts';
import type { RunStore } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { storedSummary } from './stored-run.ts';

export interface GivingUpOptions {
  runs: RunStore;
  clock: Clock;
}

type End = Pick<RunSummary, 'status' | 'reason' | 'reasonCode'>;

/** The journal is left as it is. */
export async function giveUp(id: string, end: End, { runs, clock }: GivingUpOptions): Promise<void> {
  // Before the summary: whoever goes on with the run meanwhile is not written over.
  const last = (await runs.summaries(id)).at(-1)?.last ?? 0;
  const { open: _, ...summary } = await storedSummary(runs, id);
  const finishedAt = new Date(clock.now()).toISOString();
  const nodes = Object.fromEntries(
    Object.entries(summary.nodes).map(([id, counters]) => [id, givenUp(counters)]),
  );
  await runs.append({ ...summary, ...end, nodes, finishedAt }, [], last);
}

/** What had not ended has been given up. */
function givenUp(counters: Counters): Counters {
  const { cancelled, running, pending } = counters;
  return { ...counters, cancelled: cancelled + running + pending, running: 0, pending: 0 };
}

/** The end of a run that could not be resumed because of this error. */
export const failedToResume = (error: unknown): End => ({
  status: 'failed',
  reason: `The run could not be resumed: ${toWireError(error).message}`,
  ...(error instanceof HandloomError && { reasonCode: error.code }),
});
