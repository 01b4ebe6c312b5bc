/**
 * How a run ends by itself, cycles included: nodes are taken by strongly connected component. A component whose
 * predecessors have all ended and which holds no task any more first gives out what its folds and collections have
 * gathered; if that brings no new task, it has ended, and its successors learn of it. When the last one has ended,
 * so has the run.
 */
import { defaultOutput } from '../../schema/graph.ts';
import { hasEnded } from '../../schema/run.ts';
import { emit, inOrderOfInputs } from './delivery.ts';
import { askInitialState } from './dispatch.ts';
import { clearJoin, type JoinState, joinRows, rowLimit } from './join.ts';
import { finish, stop } from './run-status.ts';
import { markReady, type NodeState, nodeAt, record, type SchedulerState } from './scheduler-state.ts';
import { maySendOut } from './suspect-dispatch.ts';

/** Takes back that a node's component has ended, and with it all that followed from that. */
export function reopen(state: SchedulerState, node: number): void {
  const open = [state.plan.components.of[node] as number];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const component = state.components[index];
    if (!component?.ended) continue;
    component.ended = false;
    state.openComponents++;
    state.unsettled.add(index);
    for (const successor of state.plan.components.successors[index] ?? []) {
      const next = state.components[successor];
      if (next) next.waitingFor++;
      open.push(successor);
    }
  }
}

/** Lets components whose time has come give out what they gathered, and end. */
export function settle(state: SchedulerState): void {
  /** Components with a fold that may not ask for its initial state yet. */
  const later: number[] = [];
  // A set visits what is added while it is walked, so news travels down the whole graph in one go.
  for (const index of state.unsettled) {
    state.unsettled.delete(index);
    const component = state.components[index];
    if (!component || component.ended || component.active > 0 || component.waitingFor > 0) continue;
    const members = state.plan.components.members[index] ?? [];
    const given = flush(state, members);
    if (given === 'later') {
      later.push(index);
      continue;
    }
    if (given) {
      if (hasEnded(state.status)) return;
      state.unsettled.add(index);
      continue;
    }
    component.ended = true;
    state.openComponents--;
    for (const successor of state.plan.components.successors[index] ?? []) {
      const next = state.components[successor];
      if (next) next.waitingFor--;
      state.unsettled.add(successor);
      for (const member of state.plan.components.members[successor] ?? []) markReady(state, member);
    }
  }
  for (const index of later) state.unsettled.add(index);
  if (state.openComponents === 0 && !hasEnded(state.status)) finish(state);
}

/**
 * Lets the first node that has gathered something give it out. One at a time, in the order of the document: what it
 * gives may reach another one in the same cycle, which then gives out both together.
 * @returns whether there was such a node; `later` when it would have to send something out first, and may not now
 */
function flush(state: SchedulerState, members: readonly number[]): boolean | 'later' {
  const index = members.find((member) => {
    const { plan, flushed } = nodeAt(state, member);
    return plan.definition.kind !== 'map' && plan.definition.kind !== 'relay' && !flushed;
  });
  if (index === undefined) return false;
  const node = nodeAt(state, index);
  if (node.plan.definition.kind === 'fold' && !node.fold) {
    if (!maySendOut(state)) return 'later';
    askInitialState(state, node);
    return true;
  }
  node.flushed = true;
  if (node.join) return giveJoined(state, node, node.join);
  const { tasks, payloads } = node.gathered;
  const value = node.fold ? node.fold.value : inOrderOfInputs(state, tasks).map((at) => payloads[at]);
  node.gathered = { tasks: [], payloads: [] };
  const seq = record(state, { kind: 'flush', node: node.plan.id });
  // A fold without an initial state, all of whose steps failed, has nothing to give.
  if (value !== undefined) emit(state, index, node.plan.outputs[0] ?? defaultOutput, [value], [-seq]);
  return true;
}

function giveJoined(state: SchedulerState, node: NodeState, join: JoinState): true {
  const { definition, params, outputs, index, id } = node.plan;
  const keeps =
    definition.kind === 'join' ? definition.keeps(params as never) : { left: false, right: false };
  const rows = joinRows(join, keeps, (tasks) => inOrderOfInputs(state, tasks));
  if (!rows) {
    stop(state, 'failed', `The join ${JSON.stringify(id)} would give more than ${rowLimit} rows.`);
    return true;
  }
  clearJoin(join);
  record(state, { kind: 'flush', node: id });
  emit(state, index, outputs[0] ?? defaultOutput, rows.values, rows.parents, { partners: rows.partners });
  return true;
}
