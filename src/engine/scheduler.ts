/**
 * The scheduler: decides what a run does next. A reducer: `step(state, event)` gives the commands that follow. Time,
 * results and randomness come in from outside, so that the same events give the same run, in a test as in life.
 *
 * The state is changed in place: a copy of a million queued tasks at each event would be the end of it.
 *
 * How a run ends by itself, cycles included: nodes are taken by strongly connected component. A component whose
 * predecessors have all ended and which holds no task any more first gives out what its folds and collections have
 * gathered; if that brings no new task, it has ended, and its successors learn of it. When the last one has ended,
 * so has the run.
 */
import type { WireError } from '../errors.ts';
import { defaultInput, defaultOutput } from '../schema/graph.ts';
import type { RunStatus } from '../schema/run.ts';
import { hasEnded } from '../schema/run.ts';
import { deliver, emit, inOrderOfInputs } from './delivery.ts';
import { askInitialState, dispatch } from './dispatch.ts';
import type { BatchOutcome } from './executor.ts';
import { clearJoin, type JoinState, joinRows, rowLimit } from './join.ts';
import { settleOutcome } from './outcomes.ts';
import { failOverdue, nextDeadline } from './overdue.ts';
import {
  type Commands,
  firstAfter,
  markReady,
  type NodeState,
  noCommands,
  nodeAt,
  record,
  release,
  type SchedulerState,
  waitAgain,
} from './scheduler-state.ts';
import { areSuspectsUnderWay, dispatchSuspects, takeSuspects } from './suspect-dispatch.ts';

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
  const fatal = failOverdue(state);
  if (fatal) stop(state, 'failed', describe(fatal));
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

/** Whether anything may be sent out now: the run goes on, and no suspect is under way, which runs alone. */
function maySendOut(state: SchedulerState): boolean {
  const isShut = areSuspectsUnderWay(state);
  return state.status === 'running' && !state.held && !isShut;
}

function apply(state: SchedulerState, event: Exclude<SchedulerEvent, { type: 'leave' }>): void {
  switch (event.type) {
    case 'start':
      return start(state);
    case 'recover':
      return recover(state);
    case 'outcome': {
      const fatal = settleOutcome(state, event.batch, event.outcome);
      if (fatal) stop(state, 'failed', describe(fatal));
      return;
    }
    case 'inject':
      return inject(state, event);
    case 'retry':
      return retry(state, event);
    case 'loaded': {
      const fatal = load(state, event);
      if (fatal) stop(state, 'failed', describe(fatal));
      return;
    }
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
    const { queue } = nodeAt(state, node);
    if (task) waitAgain(state, nodeAt(state, node), [task.number]);
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

/** Takes back that a node's component has ended, and with it all that followed from that. */
function reopen(state: SchedulerState, node: number): void {
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
function settle(state: SchedulerState): void {
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

function finish(state: SchedulerState): void {
  const anyFailed = state.nodes.some((node) => node.counters.failed > 0);
  setStatus(state, anyFailed ? 'partial' : 'succeeded');
}

/** Gives up all that has not ended, at once: outcomes that come later find their batch gone. */
function stop(state: SchedulerState, status: RunStatus, reason?: string): void {
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

function setStatus(state: SchedulerState, status: RunStatus, reason?: string, resumed = false): void {
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

const inputPort = (node: NodeState): string => node.plan.definition.inputs[0]?.name ?? defaultInput;

const describe = (error: WireError): string => `${error.name}: ${error.message}`;
