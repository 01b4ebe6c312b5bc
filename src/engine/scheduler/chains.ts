/**
 * Chains: where a node's results go to one other node only, and both run on the shared workers, a worker may go on
 * with them by itself. One message then carries the work of both there and back, which for small tasks is most of
 * what they cost. Nothing else changes: each node's tasks are delivered, counted, journaled and retried as if they
 * had travelled apart, only later.
 *
 * A worker that goes on must know the numbers of the tasks it makes, so they are set aside when the batch is sent.
 * Those it does not need are never used: numbers may have gaps, and a task may be delivered after one with a higher
 * number.
 */

import type { PlannedEdge } from '../graph/plan.ts';
import type { BatchCost } from './batch-size.ts';
import { type Link, type NodeState, nodeAt, type SchedulerState } from './scheduler-state.ts';

/** Milliseconds a task may take along a whole chain: longer ones gain nothing and are better shared out. */
const worthwhileMs = 1;

/**
 * The nodes that a batch may be carried through after this one, as things stand. Only those whose cost is known, so
 * that a batch stays short.
 */
export function chainFrom(state: SchedulerState, node: NodeState): { nodes: NodeState[]; cost: BatchCost } {
  const nodes: NodeState[] = [];
  let cost: BatchCost = node.cost;
  // Where a death is to be laid at some task's door, each travels apart.
  if (node.suspects.length > 0 || state.suspects.isCareful) return { nodes, cost };
  for (let edge = node.plan.onward; edge; ) {
    const next = nodeAt(state, edge.target);
    if (next === node || nodes.includes(next)) break;
    if (next.batchesOut >= next.lanes || next.bounded.length > 0 || next.suspects.length > 0) break;
    // Behind a task that fails there, the worker would go on.
    if (next.plan.policy.onError === 'stop') break;
    if (cost.perTask === undefined || next.cost.perTask === undefined) break;
    const perTask: number = cost.perTask + next.cost.perTask;
    if (perTask > worthwhileMs) break;
    cost = { perTask, proved: Math.min(cost.proved, next.cost.proved) };
    nodes.push(next);
    edge = next.plan.onward;
  }
  return { nodes, cost };
}

/** Sets the numbers of a chain's tasks aside. @param count most tasks that each of its nodes may get */
export function reserve(state: SchedulerState, from: NodeState, nodes: NodeState[], count: number): Link[] {
  let { onward } = from.plan;
  return nodes.map((node) => {
    const edge = onward as PlannedEdge;
    const first = state.nextTask;
    state.nextTask += count;
    onward = node.plan.onward;
    return { node, edge, first };
  });
}
