/** A batch in which tasks failed, or were not run: what succeeded travels on, the rest is tried again or recorded. */
import type { WireError } from '../../errors.ts';
import { errorPort } from '../../schema/graph.ts';
import { type BatchResult, outcome as taskOutcome } from '../executor.ts';
import { type AttemptEntry, attemptEnd } from '../journal/journal.ts';
import { emit, type GoOn } from './delivery.ts';
import { keepsItsPlace, putBack, tryAgain } from './requeue.ts';
import { mayRetry } from './retry.ts';
import { type NodeState, record, release, type SchedulerState, waitAgain } from './scheduler-state.ts';
import type { TaskQueue } from './task-queue.ts';
import { type Attempted, cachedTasks, emitByPort, keepKeys, keepState } from './task-results.ts';

/** A worker's death is tried again once, whatever the policy: it may have been another's fault. */
const deathsForgiven = 1;

/** What became of the tasks of a batch, each named by its position in it. */
interface Fates {
  attempted: number[];
  /** How each attempt ended. */
  ends: number[];
  succeeded: number[];
  failed: { at: number; error: WireError }[];
  /** They go back to the head of the queue. */
  again: number[];
}

/**
 * @param done what the journal says of the attempts beside how they ended
 * @param queue the one they waited in all the time, if they were not sent out
 * @returns the error that is to stop the run, where the node's policy says so
 */
export function settleMixed(
  state: SchedulerState,
  node: NodeState,
  batch: Attempted,
  result: BatchResult,
  done: Pick<AttemptEntry, 'node' | 'sentAt' | 'begunAt' | 'busyMs' | 'worker'>,
  { goOn, queue }: { goOn?: GoOn | undefined; queue?: TaskQueue } = {},
): WireError | undefined {
  const { index, policy } = node.plan;
  const { attempted, ends, succeeded, failed, again } = judge(state, node, batch, result);
  if (attempted.length > 0) {
    record(state, {
      kind: 'attempt',
      ...done,
      tasks: pick(batch.tasks, attempted),
      ...cachedTasks(batch, result),
      attempts: attempted.map((i) => batch.attempts[i] ?? 1),
      ends,
      ...(node.join && { keys: result.values }),
      errors: result.errors,
    });
  }
  // A fold that took nothing in has nothing new to give.
  if (succeeded.length > 0) keepState(state, node, result);
  if (node.join) keepKeys(node, pick(batch.tasks, succeeded), pick(batch.payloads, succeeded), result.values);
  else emitByPort(state, node, batch, result, goOn);
  const reports = failed.map(({ at, error }) => ({ payload: batch.payloads[at], error: publicError(error) }));
  const origins = failed.map(({ at }) => batch.tasks[at] as number);
  emit(state, index, errorPort, reports, origins);
  if (again.length > 0) {
    const columns = { tasks: pick(batch.tasks, again), payloads: pick(batch.payloads, again) };
    if (queue) queue.putBack(columns);
    else putBack(state, node, columns);
    waitAgain(state, node, columns.tasks, Math.max(0, node.blockedUntil - state.now));
  }
  release(state, index, succeeded.length + failed.length);
  return policy.onError === 'stop' ? failed[0]?.error : undefined;
}

/** Tells tasks that have ended from those that have not, counts them, and lets those have another attempt that may. */
function judge(state: SchedulerState, node: NodeState, batch: Attempted, result: BatchResult): Fates {
  const fates: Fates = { attempted: [], ends: [], succeeded: [], failed: [], again: [] };
  const { attempted, ends, succeeded, failed, again } = fates;
  let errors = 0;
  batch.tasks.forEach((task, at) => {
    if (result.outcomes[at] === taskOutcome.notRun) {
      again.push(at);
      return;
    }
    attempted.push(at);
    if (result.outcomes[at] === taskOutcome.succeeded) {
      ends.push(attemptEnd.succeeded);
      succeeded.push(at);
      node.counters.succeeded++;
      node.attempts.delete(task);
      return;
    }
    const error = result.errors[errors++] ?? { name: 'Error', message: 'The worker gave no reason.' };
    const attempt = batch.attempts[at] ?? 1;
    if (isTriedAgain(node, attempt, error)) {
      ends.push(attemptEnd.retry);
      if (keepsItsPlace(node)) again.push(at);
      tryAgain(state, node, task, attempt, batch.payloads[at]);
    } else {
      ends.push(attemptEnd.failed);
      failed.push({ at, error });
      node.counters.failed++;
      node.attempts.delete(task);
    }
  });
  return fates;
}

function isTriedAgain(node: NodeState, attempt: number, error: WireError): boolean {
  if (mayRetry(node.plan.policy.retry, attempt, error.name)) return true;
  return error.code === 'worker_died' && attempt <= deathsForgiven;
}

/** What an error port gives: enough to decide by, without a stack. */
function publicError({ name, message, code }: WireError): { name: string; message: string; code?: string } {
  return code === undefined ? { name, message } : { name, message, code };
}

const pick = <T>(column: readonly T[], positions: readonly number[]): T[] =>
  positions.map((i) => column[i] as T);
