/**
 * Tasks that have waited longer for their turn than the policy of their node allows fail. Time passes for them only
 * while the run goes on: not while it is paused, or held since the store refuses what it records. It does pass while the
 * store does not give payloads: those behind a batch that waits for some wait for their turn as behind any other.
 */
import { QueueTimeoutError, toBareWireError, type WireError } from '../../errors.ts';
import { outcome as taskOutcome } from '../executor.ts';
import { settleMixed } from './mixed-batch.ts';
import type { QueueWait } from './queue-wait.ts';
import { markReady, type NodeState, nodeAt, runningTime, type SchedulerState } from './scheduler-state.ts';
import type { TaskColumns, TaskQueue } from './task-queue.ts';

/** @returns the error that is to stop the run, where a node's policy says so */
export function failOverdue(state: SchedulerState): WireError | undefined {
  if (state.idleSince !== undefined) return undefined;
  const now = runningTime(state);
  for (const index of state.impatient) {
    const node = nodeAt(state, index);
    const wait = node.wait as QueueWait;
    for (const queue of [node.suspects, node.queue]) {
      const taken = takeOverdue(queue, wait, now);
      if (!taken) continue;
      for (const task of taken.overdue.tasks) wait.left(task);
      // There is room for more, and payloads that wait in the journal may be read on.
      for (const waiting of [index, ...node.feeders.map((feeder) => feeder.node)]) markReady(state, waiting);
      const fatal = fail(state, node, queue, taken.overdue);
      // Where order counts, these came before those that are tried again.
      if (taken.others.tasks.length > 0) queue.putBack(taken.others);
      if (fatal) return fatal;
    }
    forget(node, wait);
  }
  return undefined;
}

/** When the next task will have waited too long, unless it has its turn before; milliseconds since 1970. */
export function nextDeadline(state: SchedulerState): number {
  let soonest = Number.POSITIVE_INFINITY;
  if (state.idleSince !== undefined) return soonest;
  for (const index of state.impatient) {
    const { wait, suspects, queue } = nodeAt(state, index);
    for (const each of [suspects, queue]) {
      for (const task of oldest(each, wait as QueueWait)) {
        soonest = Math.min(soonest, (wait as QueueWait).deadline(task) + state.idleMs);
      }
    }
  }
  return soonest;
}

/**
 * Tasks at hand among which the oldest is. They wait in the order they came, but for those that have come back, which
 * stand before older ones at the head, and behind older ones elsewhere.
 */
function* oldest(queue: TaskQueue, wait: QueueWait): Generator<number> {
  for (let at = 0; at < queue.loaded; at++) {
    const task = queue.taskAt(at);
    yield task;
    if (!wait.hasReturned(task)) return;
  }
}

/** Takes tasks from the head: those that have waited too long, and others among them. */
function takeOverdue(
  queue: TaskQueue,
  wait: QueueWait,
  now: number,
): { overdue: TaskColumns; others: TaskColumns } | undefined {
  let count = 0;
  for (let at = 0; at < queue.loaded; at++) {
    const task = queue.taskAt(at);
    if (wait.deadline(task) <= now) count = at + 1;
    else if (!wait.hasReturned(task)) break;
  }
  if (count === 0) return undefined;
  const taken = queue.take(count);
  const overdue: TaskColumns = { tasks: [], payloads: [] };
  const others: TaskColumns = { tasks: [], payloads: [] };
  taken.tasks.forEach((task, i) => {
    const columns = wait.deadline(task) <= now ? overdue : others;
    columns.tasks.push(task);
    columns.payloads.push(taken.payloads[i]);
  });
  return { overdue, others };
}

/**
 * Records tasks as failed, each in an attempt that took no time.
 * @returns the error that is to stop the run, where the node's policy says so
 */
function fail(
  state: SchedulerState,
  node: NodeState,
  queue: TaskQueue,
  { tasks, payloads }: TaskColumns,
): WireError | undefined {
  const { id, policy } = node.plan;
  const error = toBareWireError(new QueueTimeoutError(policy.queueTimeoutMs ?? 0));
  const result = {
    outcomes: tasks.map(() => taskOutcome.failed),
    values: [],
    errors: tasks.map(() => error),
    busyMs: 0,
    worker: 'engine',
  };
  const attempts = tasks.map((task) => node.attempts.get(task) ?? 1);
  const done = { node: id, sentAt: state.now, busyMs: 0, worker: 'engine' };
  return settleMixed(state, node, { tasks, payloads, attempts }, result, done, { queue });
}

/** What is known of tasks that wait no more is forgotten. */
function forget({ queue }: NodeState, wait: QueueWait): void {
  if (queue.loaded === 0) return;
  const head = queue.taskAt(0);
  if (!wait.hasReturned(head)) wait.forgetBefore(head);
}
