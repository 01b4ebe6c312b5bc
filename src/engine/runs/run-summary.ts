/** A run's summary, as its state has it. */
import { type Counters, hasEnded, type RunSummary } from '../../schema/run.ts';
import type { NodeState, SchedulerState } from '../scheduler/scheduler-state.ts';

export const endedTasks = (c: Counters): number => c.succeeded + c.failed + c.duplicate + c.cancelled;

/**
 * @param base what was said of the run when it was created
 * @param times when its first task began and its last one ended, in ISO 8601, as far as that has come
 */
export function summarise(
  base: RunSummary,
  { status, reason, nodes, edges, keepOpen }: SchedulerState,
  { startedAt, finishedAt }: { startedAt: string | undefined; finishedAt: string | undefined },
): RunSummary {
  return {
    ...base,
    status,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    ...(reason !== undefined && { reason }),
    ...(keepOpen && !hasEnded(status) && { open: true }),
    nodes: Object.fromEntries(nodes.map((node) => [node.plan.id, countersOf(node)])),
    work: workOf(nodes),
    edges: [...edges],
  };
}

function countersOf({ counters }: NodeState): Counters {
  return { ...counters, pending: counters.input - endedTasks(counters) - counters.running };
}

/** In whole microseconds, and only where there was any. */
function workOf(nodes: readonly NodeState[]): Record<string, number> {
  const busy = nodes.filter(({ cost }) => cost.busyMs > 0);
  return Object.fromEntries(busy.map(({ plan, cost }) => [plan.id, Math.round(cost.busyMs * 1000) / 1000]));
}
