/** All that a scheduler knows of one run. Only `scheduler.ts` and the modules beside it change it. */
import type { Counters, RunStatus } from '../../schema/run.ts';
import type { Batch } from '../executor.ts';
import type { Plan, PlannedEdge, PlannedNode } from '../graph/plan.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { CostEstimate } from './batch-size.ts';
import type { FanOut } from './fan-out.ts';
import type { JoinState } from './join.ts';
import type { QueueWait } from './queue-wait.ts';
import type { RankedSet } from './ranked-set.ts';
import type { Suspects } from './suspects.ts';
import type { MemoryBudget, TaskQueue } from './task-queue.ts';

/** A journal entry before it has its number and its time. */
export type Draft = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, 'seq' | 'at'>
    : never
  : never;

/** What the run loop is to do after a step, in this order: record, then dispatch. */
export interface Commands {
  record: JournalEntry[];
  /** `writeAhead`: only once what is recorded has been committed. */
  dispatch: { batch: Batch; writeAhead: boolean }[];
  /** What is recorded must be in the store before anything more is sent out. */
  barrier: boolean;
  /** Tasks whose payloads are to be read back from the journal, and given in a `loaded` event. */
  load: Load[];
  /** When to send a `tick`, if nothing happens before; milliseconds since 1970. */
  wakeAt?: number;
  /** Give up everything under way. */
  abort: boolean;
}

export interface Load {
  node: number;
  tasks: number[];
  /** They may have taken their host down, and don't go through the node's queue. */
  areSuspects?: true;
}

export interface NodeState {
  plan: PlannedNode;
  counters: Counters;
  queue: TaskQueue;
  /**
   * Tasks to be sent out alone, since any of several may be at fault: a worker died with them and others on board, or
   * they were beside one that blocked its event loop.
   */
  suspects: TaskQueue;
  /** Payloads of its queue are being read back from the journal. */
  isLoading: boolean;
  batchesOut: number;
  tasksOut: number;
  cost: CostEstimate;
  fanOut: FanOut;
  /** Attempt number of tasks that are beyond their first. */
  attempts: Map<number, number>;
  /** Canonical keys of the payloads seen, where the policy dedupes. */
  seen?: Set<string>;
  /** State of a fold. */
  fold?: { value: unknown };
  /** A worker has died while a fold's initial state was asked for. */
  hasDiedAtStart?: true;
  /** What a collection holds. */
  gathered: { tasks: number[]; payloads: unknown[] };
  /** What a join holds, and on which side. */
  join?: JoinState;
  /** How long tasks have waited, where the policy bounds it. */
  wait?: QueueWait;
  /** Given out since it last gathered something. */
  flushed: boolean;
  /** When a serial node may go on: its head task waits for its next attempt. Milliseconds since 1970. */
  blockedUntil: number;
  /** Batches of this node that may be under way at once. */
  lanes: number;
  /** Runs on the workers that all thread and serial nodes share. */
  isShared: boolean;
  /** When tasks were sent out within the last `rateLimit.perMs`, oldest first. */
  sent: { at: number; count: number }[];
  /** Nodes outside its cycle with an edge to it; they wait while its queue is at its limit. */
  feeders: Feeder[];
  /** Nodes whose `queueLimit` bounds what this one may send. */
  bounded: number[];
}

/** A node that fills the queue of another. */
export interface Feeder {
  node: number;
  /** Ports of the edges that lead there, one each. */
  ports: string[];
}

/** A node that a worker goes on with, after the node before it. */
export interface Link {
  node: NodeState;
  edge: PlannedEdge;
  /** Number of its first task. */
  first: number;
}

/** A batch that has been sent out. */
export interface Flight {
  node: number;
  batch: Batch;
  sentAt: number;
  /** Nodes that its worker may go on with. */
  chain: Link[];
}

export interface ComponentState {
  /** Tasks of its nodes that have not ended, and batches of its folds under way. */
  active: number;
  /** Components upstream that have not ended, and one more while the run is kept open. */
  waitingFor: number;
  ended: boolean;
}

/** A task that waits for its next attempt; without its payload where there is no room; without a task, a node. */
export interface Delayed {
  dueAt: number;
  node: number;
  task?: { number: number; payload?: { value: unknown; bytes: number } };
}

export interface SchedulerState {
  run: string;
  plan: Plan;
  nodes: NodeState[];
  /** Memory of the payloads that wait. */
  budget: MemoryBudget;
  components: ComponentState[];
  status: RunStatus;
  reason?: string;
  keepOpen: boolean;
  /**
   * For a run that takes its payloads over from another one, in place of the document's inputs: the entry of that
   * one's journal up to which it has them.
   */
  fed?: number;
  /** The store refuses what the run records: nothing is sent out meanwhile. */
  held: boolean;
  /** Since when the run does not go on: it is paused, or the store refuses. */
  idleSince?: number;
  /** Milliseconds for which it did not go on before that. */
  idleMs: number;
  /** Nodes where tasks may wait for their turn only so long. */
  impatient: number[];
  /** Batches that may be under way at once on the shared workers. */
  sharedLanes: number;
  now: number;
  seq: number;
  nextTask: number;
  nextBatch: number;
  inFlight: Map<number, Flight>;
  /** Tasks that may have taken their host down. */
  suspects: Suspects;
  /** Tasks that may have been at fault for the end of their worker when they were run last. */
  apart: Set<number>;
  /** Batches of thread and serial nodes under way. */
  sharedOut: number;
  /** Soonest first. */
  delayed: Delayed[];
  /** Results that have travelled each edge. */
  edges: number[];
  /** Parent of each task by number, kept only where a collection or a join needs the order of inputs. */
  parents?: number[];
  /** Nodes that may have something to send; those on the shared workers apart from those on workers of their own. */
  ready: { shared: RankedSet; own: RankedSet };
  /** Components whose state may allow them to give out what they gathered, or to end. */
  unsettled: Set<number>;
  openComponents: number;
  random: () => number;
  commands: Commands;
}

export const noCommands = (): Commands => ({
  record: [],
  dispatch: [],
  barrier: false,
  load: [],
  abort: false,
});

/** Makes sure of a `tick` at that moment, for a task or for a node. */
export function delay(state: SchedulerState, delayed: Delayed): void {
  state.delayed.splice(firstAfter(state.delayed, delayed.dueAt), 0, delayed);
}

/** Position of the first that is due after `at`. By halving: a hundred thousand may wait for their next attempt. */
export function firstAfter(delayed: readonly Delayed[], at: number): number {
  let low = 0;
  let high = delayed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((delayed[middle] as Delayed).dueAt <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Time that passes only while the run goes on. */
export const runningTime = ({ now, idleSince, idleMs }: SchedulerState): number =>
  (idleSince ?? now) - idleMs;

/** Says that tasks wait for their turn once more, from `later` milliseconds from now on. */
export function waitAgain(
  state: SchedulerState,
  { wait }: NodeState,
  tasks: readonly number[],
  later = 0,
): void {
  if (!wait) return;
  for (const task of tasks) wait.returned(task, runningTime(state) + later, state.now + later);
}

/** Writes an entry into the journal. */
export function record(state: SchedulerState, draft: Draft): number {
  state.seq++;
  const entry = { ...draft, seq: state.seq, at: state.now } as JournalEntry;
  state.commands.record.push(entry);
  state.suspects.take(entry);
  return state.seq;
}

/** Tasks that have not ended. */
export const unended = (state: SchedulerState): number =>
  state.nodes.reduce(
    (sum, { counters: c }) => sum + c.input - c.succeeded - c.failed - c.duplicate - c.cancelled,
    0,
  );

export function nodeAt(state: SchedulerState, index: number): NodeState {
  return state.nodes[index] as NodeState;
}

export function componentOf(state: SchedulerState, node: number): ComponentState {
  return state.components[state.plan.components.of[node] as number] as ComponentState;
}

/** Says that a node may have something to send. */
export function markReady(state: SchedulerState, index: number): void {
  (nodeAt(state, index).isShared ? state.ready.shared : state.ready.own).add(index);
}

/** Says that tasks of a node's component have ended, or that it has gathered something. */
export function release(state: SchedulerState, node: number, tasks: number): void {
  const component = state.plan.components.of[node] as number;
  (state.components[component] as ComponentState).active -= tasks;
  state.unsettled.add(component);
}
