/** How tasks that were sent out come back to wait: for another attempt, or since they were not run. */

import { roughSize } from '../values/rough-size.ts';
import { retryDelay } from './retry.ts';
import { type Delayed, delay, type NodeState, type SchedulerState, waitAgain } from './scheduler-state.ts';
import type { MemoryBudget, TaskColumns } from './task-queue.ts';

/** Whether a task that is tried again stays ahead of those behind it, which wait with it. */
export const keepsItsPlace = (node: NodeState): boolean => node.plan.policy.mode === 'serial';

/** Returns tasks to where they are sent out from next; where order counts, a suspect goes before the other suspects. */
export function putBack(state: SchedulerState, node: NodeState, columns: TaskColumns): void {
  const { index } = node.plan;
  if (keepsItsPlace(node) && state.suspects.waitAt(index)) {
    for (const task of columns.tasks) state.suspects.hold(index, task);
  } else (keepsItsPlace(node) && node.suspects.length > 0 ? node.suspects : node.queue).putBack(columns);
}

/** Lets a task have another attempt. One that keeps its place is left to be put back by the caller. */
export function tryAgain(
  state: SchedulerState,
  node: NodeState,
  task: number,
  attempt: number,
  payload: unknown,
): void {
  node.counters.retried++;
  node.attempts.set(task, attempt + 1);
  const dueAt = state.now + retryDelay(node.plan.policy.retry, attempt, state.random);
  if (keepsItsPlace(node)) {
    // One that has waited too long for its turn does not cut the wait of the one before it short.
    node.blockedUntil = Math.max(node.blockedUntil, dueAt);
    if (dueAt > state.now) delay(state, { dueAt, node: node.plan.index });
  } else if (dueAt > state.now) {
    delay(state, { dueAt, node: node.plan.index, task: hold(state.budget, task, payload) });
  } else {
    node.queue.push(task, payload);
    waitAgain(state, node, [task]);
  }
}

/** A task with its payload where the budget permits; else the journal has it. */
function hold(budget: MemoryBudget, number: number, payload: unknown): NonNullable<Delayed['task']> {
  const bytes = roughSize(payload);
  if (budget.used + bytes > budget.limit) return { number };
  budget.used += bytes;
  return { number, payload: { value: payload, bytes } };
}
