/** Which tasks are sent out, when, and how many at once. */

import type { Policy } from '../../schema/policy.ts';
import type { Batch } from '../executor.ts';
import { type BatchCost, batchSize } from './batch-size.ts';
import { chainFrom, reserve } from './chains.ts';
import { addedPerTask } from './fan-out.ts';
import {
  componentOf,
  delay,
  type Link,
  markReady,
  type NodeState,
  nodeAt,
  record,
  type SchedulerState,
} from './scheduler-state.ts';
import type { TaskColumns } from './task-queue.ts';

/** Tasks at hand below which a queue that goes on in the journal reads on: some batches of the largest size. */
const readAheadAt = 16_384;

/** Sends out all that waits in queues and may go now. */
export function dispatch(state: SchedulerState): void {
  for (let index = state.ready.own.first; index !== undefined; index = state.ready.own.first) {
    const node = nodeAt(state, index);
    while (maySend(state, node)) sendNext(state, node);
    readAhead(state, node);
    state.ready.own.delete(index);
  }
  while (state.sharedOut < state.sharedLanes) {
    const index = state.ready.shared.first;
    if (index === undefined) return;
    const node = nodeAt(state, index);
    if (maySend(state, node)) sendNext(state, node);
    else state.ready.shared.delete(index);
    readAhead(state, node);
  }
}

/** Asks for payloads that wait in the journal before those at hand run out. */
function readAhead(state: SchedulerState, node: NodeState): void {
  if (node.queue.spilled === 0 || node.isLoading || node.queue.loaded >= readAheadAt) return;
  node.isLoading = true;
  state.commands.load.push({ node: node.plan.index, tasks: node.queue.nextSpilled(readAheadAt) });
}

/** Sends a fold an empty batch, which brings its initial state. */
export function askInitialState(state: SchedulerState, node: NodeState): void {
  componentOf(state, node.plan.index).active++;
  send(state, node, { tasks: [], payloads: [] });
}

function maySend(state: SchedulerState, node: NodeState): boolean {
  if (node.queue.loaded + node.suspects.length === 0) return false;
  if (keepsOrder(node) && state.suspects.waitAt(node.plan.index)) return false;
  return mayTake(state, node);
}

/**
 * Whether a node takes its tasks in the order they came: while one of its suspects waits, so do the others. A fold does
 * so, too, but one of its tasks that is tried again lets others go first (see `keepsItsPlace`).
 */
export const keepsOrder = ({ plan }: NodeState): boolean =>
  plan.policy.mode === 'serial' || plan.definition.kind === 'fold';

/** Whether a node could be sent a batch, whatever it holds. */
export function mayTake(state: SchedulerState, node: NodeState): boolean {
  if (node.batchesOut >= node.lanes) return false;
  if (node.plan.policy.mode === 'async' && node.tasksOut >= node.lanes) return false;
  if (state.now < node.blockedUntil) return false;
  if (node.plan.staged && componentOf(state, node.plan.index).waitingFor > 0) return false;
  return queueRoom(state, node) > 0 && rateRoom(state, node) > 0;
}

function sendNext(state: SchedulerState, node: NodeState): void {
  const chain = chainFrom(state, node);
  const tasks = nextTasks(state, node, chain.cost);
  send(state, node, tasks, { chain: reserve(state, node, chain.nodes, tasks.tasks.length) });
}

function nextTasks(state: SchedulerState, node: NodeState, cost: BatchCost): TaskColumns {
  if (node.suspects.length > 0) return node.suspects.take(1);
  const size = batchSize(cost, node.queue.loaded, node.lanes);
  return node.queue.take(Math.min(size, roomAt(state, node)));
}

/** Tasks that a node may be sent together, at most. */
export function roomAt(state: SchedulerState, node: NodeState): number {
  const { mode, maxTasksPerWorker = Number.POSITIVE_INFINITY } = node.plan.policy;
  // An async batch is interleaved on one event loop, so its tasks count each, not the batch.
  const lanes = mode === 'async' ? node.lanes - node.tasksOut : Number.POSITIVE_INFINITY;
  return Math.min(lanes, maxTasksPerWorker, queueRoom(state, node), rateRoom(state, node));
}

/**
 * Tasks that may be sent before a queue downstream would exceed its `queueLimit`, if they give what others have given
 * on the average. A node at its limit is at work, so its feeders never wait for each other.
 *
 * What one task gives comes at once, and may be more than the limit: where there is room at all, one may go, and one
 * goes first where it is not known yet how much it gives.
 */
function queueRoom(state: SchedulerState, node: NodeState): number {
  let room = Number.POSITIVE_INFINITY;
  for (const index of node.bounded) {
    const { queue, feeders, plan } = nodeAt(state, index);
    const limit = plan.policy.queueLimit ?? Number.POSITIVE_INFINITY;
    let left = limit - queue.length;
    let added = 1;
    for (const feeder of feeders) {
      const { tasksOut, fanOut } = nodeAt(state, feeder.node);
      const perTask = addedPerTask(fanOut, feeder.ports, limit);
      left -= tasksOut * perTask;
      if (feeder.node === node.plan.index) added = perTask;
    }
    const tasks = Math.floor(left / added);
    room = Math.min(room, left > 0 && node.tasksOut === 0 ? Math.max(1, tasks) : tasks);
  }
  return room;
}

/** Tasks that may be sent before `rateLimit` is reached; where none may, a tick comes when the next one may. */
function rateRoom(state: SchedulerState, node: NodeState): number {
  const { rateLimit } = node.plan.policy;
  if (!rateLimit) return Number.POSITIVE_INFINITY;
  while (node.sent[0] && node.sent[0].at <= state.now - rateLimit.perMs) node.sent.shift();
  const room = rateLimit.count - node.sent.reduce((sum, { count }) => sum + count, 0);
  const [oldest] = node.sent;
  if (room <= 0 && oldest) {
    const dueAt = oldest.at + rateLimit.perMs;
    const isAwaited = state.delayed.some((other) => other.node === node.plan.index && other.dueAt === dueAt);
    if (!isAwaited) delay(state, { dueAt, node: node.plan.index });
  }
  return room;
}

/**
 * @param chain nodes that the worker may go on with
 * @param alone suspects, with nothing else under way
 */
export function send(
  state: SchedulerState,
  node: NodeState,
  { tasks, payloads }: TaskColumns,
  { chain = [], alone = false }: { chain?: Link[]; alone?: boolean } = {},
): number {
  const { plan } = node;
  const apart = alone || (state.apart.size > 0 && tasks.some((task) => state.apart.has(task)));
  const batch: Batch = {
    id: state.nextBatch++,
    run: state.run,
    node: plan.id,
    tasks,
    attempts: tasks.map(node.attempts.size === 0 ? firstAttempt : (task) => node.attempts.get(task) ?? 1),
    payloads,
    ...(node.join && { ports: tasks.map((task) => (node.join?.fromRight.has(task) ? 'right' : 'left')) }),
    ...(node.fold && { state: node.fold }),
    ...(chain.length > 0 && {
      chain: chain.map(({ node: { plan: next }, first }) => ({ node: next.id, first })),
    }),
    ...(apart && { apart }),
    stopOnError: stopsAtFailure(plan.policy),
  };
  const writeAhead = plan.definition.effects === true || alone || state.suspects.isCareful;
  if (tasks.length > 0)
    record(state, { kind: 'start', node: plan.id, ...named(tasks), ...(alone && { alone: true }) });
  node.batchesOut++;
  for (const link of chain) link.node.batchesOut++;
  node.tasksOut += tasks.length;
  node.counters.running += tasks.length;
  if (node.isShared) state.sharedOut++;
  if (plan.policy.rateLimit) node.sent.push({ at: state.now, count: tasks.length });
  if (node.wait) for (const task of tasks) node.wait.left(task);
  for (const feeder of node.feeders) markReady(state, feeder.node);
  state.inFlight.set(batch.id, { node: plan.index, batch, sentAt: state.now, chain });
  state.commands.dispatch.push({ batch, writeAhead });
  return batch.id;
}

/**
 * Whether what comes behind a task that fails is not to be run with it: the failed one is tried again first, or the
 * run stops. What is interleaved is under way together.
 */
export const stopsAtFailure = ({ mode, retry, onError }: Policy): boolean =>
  (mode === 'serial' && retry.max > 0) || (mode !== 'async' && onError === 'stop');

/** Tasks as a start entry names them: numbers that follow each other take no room. */
function named(tasks: number[]): { tasks: number[]; range?: [number, number] } {
  const [first = 0] = tasks;
  return tasks.every((task, i) => task === first + i)
    ? { tasks: [], range: [first, first + tasks.length - 1] }
    : { tasks };
}

const firstAttempt = (): number => 1;
