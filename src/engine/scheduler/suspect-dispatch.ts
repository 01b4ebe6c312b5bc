/** How tasks that may have taken their host down are sent out: alone, or not any more. The rules are in `suspects.ts`. */

import type { WireError } from '../../errors.ts';
import { errorPort } from '../../schema/graph.ts';
import { attemptEnd } from '../journal/journal.ts';
import { emit } from './delivery.ts';
import { keepsOrder, mayTake, roomAt, send, stopsAtFailure } from './dispatch.ts';
import {
  markReady,
  type NodeState,
  nodeAt,
  record,
  release,
  type SchedulerState,
} from './scheduler-state.ts';
import { hostDied, type SuspectGroup } from './suspects.ts';

/** Whether anything may be sent out now: the run goes on, and no suspect is under way, which runs alone. */
export function maySendOut(state: SchedulerState): boolean {
  const isShut = areSuspectsUnderWay(state);
  return state.status === 'running' && !state.held && !isShut;
}

/** Whether suspects are under way; when they no longer are, their end must be committed before others follow. */
function areSuspectsUnderWay({ suspects, inFlight }: SchedulerState): boolean {
  if (suspects.alone === undefined) return false;
  if (inFlight.has(suspects.alone)) return true;
  suspects.alone = undefined;
  suspects.needCommit();
  return false;
}

/** Sends out the suspects whose turn it is, when nothing else goes on, and asks for the payloads of the next. */
export function dispatchSuspects(state: SchedulerState): void {
  const { suspects } = state;
  if (suspects.waiting === 0 || suspects.loading) return;
  const condemned = suspects.condemned();
  if (condemned && !suspects.loaded) return ask(state, condemned);
  if (state.inFlight.size > 0 || state.nodes.some((node) => node.isLoading)) return;
  const { loaded } = suspects;
  if (!loaded) {
    const next = suspects.next(
      (index) => roomFor(state, nodeAt(state, index)),
      (index) => keepsOrder(nodeAt(state, index)),
    );
    if (next) ask(state, next);
    return;
  }
  const node = nodeAt(state, loaded.node);
  // There may be less room than when they were asked for; the others are asked for again.
  const room = roomFor(state, node);
  if (room <= 0) return;
  const [tasks, payloads] = [loaded.tasks.slice(0, room), loaded.payloads.slice(0, room)];
  suspects.loaded = undefined;
  for (const task of tasks) suspects.drop(task);
  suspects.alone = send(state, node, { tasks, payloads }, { alone: true });
}

/** Takes in the payloads of suspects. @returns the error that is to stop the run, where the node's policy says so */
export function takeSuspects(
  state: SchedulerState,
  { node, tasks, payloads }: SuspectGroup & { payloads: unknown[] },
): WireError | undefined {
  const { suspects } = state;
  suspects.loading = undefined;
  const [task = 0] = tasks;
  if (!suspects.isCondemned(task)) {
    suspects.loaded = { node, tasks, payloads };
    return undefined;
  }
  return fail(state, nodeAt(state, node), task, payloads[0]);
}

function ask({ suspects, commands }: SchedulerState, group: SuspectGroup): void {
  suspects.loading = group;
  commands.load.push({ ...group, areSuspects: true });
}

function roomFor(state: SchedulerState, node: NodeState): number {
  if (!mayTake(state, node)) return 0;
  // What is left of a batch that stops at its first failure would go back into the queue.
  return Math.min(roomAt(state, node), stopsAtFailure(node.plan.policy) ? 1 : Number.POSITIVE_INFINITY);
}

/** Records a task as failed that has taken its host down too often. */
function fail(state: SchedulerState, node: NodeState, task: number, payload: unknown): WireError | undefined {
  const { plan, counters } = node;
  const error = hostDied();
  const { name, message, code } = error;
  record(state, {
    kind: 'attempt',
    node: plan.id,
    tasks: [task],
    attempts: [node.attempts.get(task) ?? 1],
    ends: [attemptEnd.failed],
    errors: [error],
    sentAt: state.now,
    busyMs: 0,
    worker: 'host',
  });
  state.suspects.drop(task);
  node.attempts.delete(task);
  counters.failed++;
  // Those behind it, where order counts, have waited for this.
  markReady(state, plan.index);
  emit(state, plan.index, errorPort, [{ payload, error: { name, message, code } }], [task]);
  release(state, plan.index, 1);
  return plan.policy.onError === 'stop' ? error : undefined;
}
