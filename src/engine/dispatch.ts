/** Which tasks are sent out, when, and how many at once. */
import { batchSize } from './batch-size.ts';
import type { Batch } from './executor.ts';
import { componentOf, type NodeState, nodeAt, record, type SchedulerState } from './scheduler-state.ts';
import type { TaskColumns } from './task-queue.ts';

/** Sends out all that may go now. */
export function dispatch(state: SchedulerState): void {
  if (state.status !== 'running') return;
  for (let index = state.ready.own.first; index !== undefined; index = state.ready.own.first) {
    const node = nodeAt(state, index);
    while (maySend(state, node)) send(state, node, nextTasks(node));
    state.ready.own.delete(index);
  }
  while (state.sharedOut < state.sharedLanes) {
    const index = state.ready.shared.first;
    if (index === undefined) return;
    const node = nodeAt(state, index);
    if (maySend(state, node)) send(state, node, nextTasks(node));
    else state.ready.shared.delete(index);
  }
}

/** Sends a fold an empty batch, which brings its initial state. */
export function askInitialState(state: SchedulerState, node: NodeState): void {
  componentOf(state, node.plan.index).active++;
  send(state, node, { tasks: [], payloads: [] });
}

function maySend(state: SchedulerState, node: NodeState): boolean {
  if (node.queue.length + node.suspects.length === 0 || node.batchesOut >= node.lanes) return false;
  if (node.plan.policy.mode === 'async' && node.tasksOut >= node.lanes) return false;
  if (state.now < node.blockedUntil) return false;
  return !node.plan.staged || componentOf(state, node.plan.index).waitingFor === 0;
}

function nextTasks(node: NodeState): TaskColumns {
  if (node.suspects.length > 0) return node.suspects.take(1);
  const size = batchSize(node.cost, node.queue.length, node.lanes);
  // An async batch is interleaved on one event loop, so its tasks count each, not the batch.
  return node.queue.take(
    node.plan.policy.mode === 'async' ? Math.min(size, node.lanes - node.tasksOut) : size,
  );
}

function send(state: SchedulerState, node: NodeState, { tasks, payloads }: TaskColumns): void {
  const { plan } = node;
  const batch: Batch = {
    id: state.nextBatch++,
    run: state.run,
    node: plan.id,
    tasks,
    attempts: tasks.map(node.attempts.size === 0 ? firstAttempt : (task) => node.attempts.get(task) ?? 1),
    payloads,
    ...(node.fold && { state: node.fold }),
    stopOnError: plan.policy.mode === 'serial' && plan.policy.retry.max > 0,
  };
  const writeAhead = plan.definition.effects === true;
  if (writeAhead) record(state, { kind: 'start', node: plan.id, tasks });
  node.batchesOut++;
  node.tasksOut += tasks.length;
  node.counters.running += tasks.length;
  if (node.isShared) state.sharedOut++;
  state.inFlight.set(batch.id, { node: plan.index, batch, sentAt: state.now });
  state.commands.dispatch.push({ batch, writeAhead });
}

const firstAttempt = (): number => 1;
