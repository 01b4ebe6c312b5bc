/** How the status of a run changes, and what is given up when it is stopped. */
import type { WireError } from '../../errors.ts';
import { hasEnded, type RunStatus } from '../../schema/run.ts';
import { nodeAt, record, type SchedulerState } from './scheduler-state.ts';

/** Ends a run that has nothing left to do. */
export function finish(state: SchedulerState): void {
  // Those that were given up stay so when failed ones are tried again.
  const isPartial = state.nodes.some(({ counters }) => counters.failed + counters.cancelled > 0);
  setStatus(state, isPartial ? 'partial' : 'succeeded');
}

/** Gives up all that has not ended, at once: outcomes that come later find their batch gone. */
export function stop(state: SchedulerState, status: RunStatus, reason?: string): void {
  const left = new Map<number, number[]>();
  const give = (node: number, tasks: number[]) => {
    const given = left.get(node);
    if (given) for (const task of tasks) given.push(task);
    else left.set(node, [...tasks]);
  };
  for (const { node, batch } of state.inFlight.values()) give(node, batch.tasks);
  for (const { node, task } of state.delayed) if (task) give(node, [task.number]);
  for (const { node, tasks } of state.suspects.groups()) give(node, tasks);
  for (const node of state.nodes) {
    give(node.plan.index, node.suspects.drain());
    give(node.plan.index, node.queue.drain());
  }
  for (const [index, tasks] of left) {
    if (tasks.length === 0) continue;
    const node = nodeAt(state, index);
    node.counters.cancelled += tasks.length;
    node.counters.running = 0;
    record(state, { kind: 'cancel', node: node.plan.id, tasks });
  }
  state.inFlight.clear();
  state.delayed = [];
  state.ready.own.clear();
  state.ready.shared.clear();
  state.unsettled.clear();
  state.commands.abort = true;
  setStatus(state, status, reason);
}

export function setStatus(state: SchedulerState, status: RunStatus, reason?: string, resumed = false): void {
  state.status = status;
  if (reason !== undefined) state.reason = reason;
  // Why it went on at some time says nothing of how it ended.
  else if (hasEnded(status)) delete state.reason;
  record(state, {
    kind: 'status',
    status,
    ...(reason !== undefined && { reason }),
    ...(resumed && { resumed: true }),
  });
}

/** Stops a run because of this error, where there is one. */
export function failWith(state: SchedulerState, error: WireError | undefined): void {
  if (error) stop(state, 'failed', `${error.name}: ${error.message}`);
}
