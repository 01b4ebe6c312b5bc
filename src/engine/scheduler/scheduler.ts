/**
 * The scheduler: decides what a run does next. A reducer: `step(state, event)` gives the commands that follow. Time,
 * results and randomness come in from outside, so that the same events give the same run, in a test as in life.
 *
 * The state is changed in place: a copy of a million queued tasks at each event would be the end of it.
 */
import type { WireError } from '../../errors.ts';
import { defaultInput } from '../../schema/graph.ts';
import { hasEnded } from '../../schema/run.ts';
import type { BatchOutcome } from '../executor.ts';
import { deliver } from './delivery.ts';
import { dispatch } from './dispatch.ts';
import { reopen, settle } from './endings.ts';
import { settleOutcome } from './outcomes.ts';
import { failOverdue, nextDeadline } from './overdue.ts';
import { failWith, finish, setStatus, stop } from './run-status.ts';
import {
  type Commands,
  firstAfter,
  markReady,
  type NodeState,
  noCommands,
  nodeAt,
  record,
  release,
  runningTime,
  type SchedulerState,
  waitAgain,
} from './scheduler-state.ts';
import { dispatchSuspects, maySendOut, takeSuspects } from './suspect-dispatch.ts';

export type SchedulerEvent = { at: number } & (
  | { type: 'start' }
  /** The state has been brought to where the run's journal ends; the run goes on there. */
  | { type: 'recover' }
  | { type: 'outcome'; batch: number; outcome: BatchOutcome }
  /** `port`: the node's first, unless said. `fed`: the entry of another run's journal they are taken over from. */
  | { type: 'inject'; node: number; payloads: unknown[]; port?: string; fed?: number }
  /** Failed tasks of a node are to be tried again, in a run that lives or has ended. */
  | { type: 'retry'; node: number; tasks: number[]; attempts: number[] }
  /** Payloads that a `load` command asked for. */
  | { type: 'loaded'; node: number; tasks: number[]; payloads: unknown[]; areSuspects?: true }
  | { type: 'tick' }
  | { type: 'pause' }
  | { type: 'resume' }
  /** The store refuses what the run records, or takes it again. */
  | { type: 'hold' }
  | { type: 'release' }
  /** The host is about to let go of the run, in good order. */
  | { type: 'leave' }
  | { type: 'close' }
  | { type: 'cancel'; reason?: string }
  | { type: 'fail'; reason: string }
);

/** Takes in one event and says what follows. */
export function step(state: SchedulerState, event: SchedulerEvent): Commands {
  state.now = event.at;
  state.commands = noCommands();
  if (hasEnded(state.status) && event.type !== 'retry') return state.commands;
  if (event.type === 'leave') {
    // Nothing may be sent out after it.
    record(state, { kind: 'leave' });
    return state.commands;
  }

  apply(state, event);
  keepTime(state);
  failWith(state, failOverdue(state));
  settle(state);
  sendOut(state);
  const wakeAt = Math.min(state.delayed[0]?.dueAt ?? Number.POSITIVE_INFINITY, nextDeadline(state));
  if (wakeAt < Number.POSITIVE_INFINITY) state.commands.wakeAt = wakeAt;
  return state.commands;
}

/** Notes when the run stops going on, and when it goes on again. */
function keepTime(state: SchedulerState): void {
  if (state.status !== 'running' || state.held) state.idleSince ??= state.now;
  else if (state.idleSince !== undefined) {
    state.idleMs += state.now - state.idleSince;
    delete state.idleSince;
  }
}

function sendOut(state: SchedulerState): void {
  const isFree = maySendOut(state);
  if (state.suspects.takeNeedsCommit()) state.commands.barrier = true;
  if (!isFree) return;
  dispatch(state);
  dispatchSuspects(state);
}

function apply(state: SchedulerState, event: Exclude<SchedulerEvent, { type: 'leave' }>): void {
  switch (event.type) {
    case 'start':
      return start(state);
    case 'recover':
      return recover(state);
    case 'outcome':
      return failWith(state, settleOutcome(state, event.batch, event.outcome));
    case 'inject':
      return inject(state, event);
    case 'retry':
      return retry(state, event);
    case 'loaded':
      return failWith(state, load(state, event));
    case 'tick':
      return wake(state);
    case 'pause':
      return state.status === 'running' ? setStatus(state, 'paused') : undefined;
    case 'resume':
      return state.status === 'paused' ? setStatus(state, 'running') : undefined;
    case 'hold':
    case 'release':
      state.held = event.type === 'hold';
      return;
    case 'close':
      return close(state);
    case 'cancel':
      return stop(state, 'cancelled', event.reason);
    case 'fail':
      return stop(state, 'failed', event.reason);
  }
}

function start(state: SchedulerState): void {
  if (state.status === 'pending') setStatus(state, 'running');
  for (const node of state.fed === undefined ? state.nodes : []) {
    const { plan } = node;
    const inputs = state.plan.inputs.get(plan.id) ?? [];
    deliver(state, plan.index, inputPort(node), inputs);
    if (plan.definition.trigger && !plan.hasIncoming && inputs.length === 0) {
      deliver(state, plan.index, inputPort(node), [null]);
    }
  }
  // They are in the journal now, and may be many.
  state.plan.inputs = new Map();
  for (let component = 0; component < state.components.length; component++) state.unsettled.add(component);
  if (state.components.length === 0) finish(state);
}

function load(state: SchedulerState, event: SchedulerEvent & { type: 'loaded' }): WireError | undefined {
  if (event.areSuspects) return takeSuspects(state, event);
  const node = nodeAt(state, event.node);
  node.isLoading = false;
  node.queue.load(event);
  markReady(state, event.node);
  return undefined;
}

function inject(state: SchedulerState, event: SchedulerEvent & { type: 'inject' }): void {
  const { node: index, payloads, port, fed } = event;
  const { inputs } = nodeAt(state, index).plan.definition;
  const known = inputs.some(({ name }) => name === port) ? port : undefined;
  reopen(state, index);
  deliver(state, index, known ?? inputPort(nodeAt(state, index)), payloads, fed === undefined ? {} : { fed });
  if (fed !== undefined) state.fed = fed;
}

function recover(state: SchedulerState): void {
  // The wait of what a journal brought back begins anew.
  for (const index of state.impatient) nodeAt(state, index).wait?.came(state.nextTask - 1, state.now);
  // A run that died before its first commit has not given out its inputs yet.
  const isUnbegun = state.status === 'pending';
  setStatus(state, isUnbegun ? 'running' : state.status, 'resumed after an interruption', true);
  if (isUnbegun) start(state);
  state.plan.inputs = new Map();
  // Should it die again at once, that this life began must be known.
  state.suspects.needCommit();
  waitForRates(state);
}

/** Lets a window of each rate limit pass: what was sent out last, before the state was made anew, is not known. */
function waitForRates(state: SchedulerState): void {
  for (const { plan, sent } of state.nodes) {
    const { rateLimit } = plan.policy;
    if (rateLimit) sent.push({ at: state.now, count: rateLimit.count });
  }
}

function wake(state: SchedulerState): void {
  const due = firstAfter(state.delayed, state.now);
  for (const { node, task } of state.delayed.splice(0, due)) {
    const { queue, wait } = nodeAt(state, node);
    if (task) waitAgain(state, nodeAt(state, node), [task.number]);
    else wait?.begun(runningTime(state), state.now);
    if (task?.payload) {
      state.budget.used -= task.payload.bytes;
      queue.push(task.number, task.payload.value);
    } else if (task) queue.spill(task.number, task.number);
    markReady(state, node);
  }
}

function close(state: SchedulerState): void {
  if (!state.keepOpen) return;
  state.keepOpen = false;
  record(state, { kind: 'close' });
  state.components.forEach((component, index) => {
    component.waitingFor--;
    state.unsettled.add(index);
  });
  // Staged nodes with nothing upstream have waited for nothing else.
  for (const node of state.nodes) markReady(state, node.plan.index);
}

function retry(state: SchedulerState, event: SchedulerEvent & { type: 'retry' }): void {
  const { tasks, attempts } = event;
  const node = nodeAt(state, event.node);
  if (hasEnded(state.status)) {
    setStatus(state, 'running', 'failed tasks are tried again');
    waitForRates(state);
  }
  record(state, { kind: 'redeliver', node: node.plan.id, tasks, attempts });
  node.counters.failed -= tasks.length;
  node.counters.retried += tasks.length;
  tasks.forEach((task, i) => {
    node.attempts.set(task, attempts[i] ?? 1);
    if (state.suspects.has(task)) state.suspects.hold(event.node, task);
    else node.queue.spill(task, task);
  });
  waitAgain(state, node, tasks);
  reopen(state, event.node);
  release(state, event.node, -tasks.length);
  markReady(state, event.node);
}

const inputPort = (node: NodeState): string => node.plan.definition.inputs[0]?.name ?? defaultInput;
