/** What becomes of a batch that has come back: results travel on, failures are tried again or recorded. */
import { QueueTimeoutError, TimeoutError, toWireError, type WireError, WorkerDiedError } from '../errors.ts';
import { defaultOutput, errorPort } from '../schema/graph.ts';
import { measure } from './batch-size.ts';
import { deliverOnward, emit, emitParts, type GoOn } from './delivery.ts';
import { type Batch, type BatchOutcome, type BatchResult, outcome as taskOutcome } from './executor.ts';
import { holdForJoin } from './join.ts';
import { attemptEnd } from './journal.ts';
import type { Packed } from './packed.ts';
import { mayRetry, retryDelay } from './retry.ts';
import { roughSize } from './rough-size.ts';
import {
  type Delayed,
  delay,
  type Link,
  markReady,
  type NodeState,
  nodeAt,
  record,
  release,
  type SchedulerState,
  waitAgain,
} from './scheduler-state.ts';
import type { MemoryBudget, TaskColumns, TaskQueue } from './task-queue.ts';

/** A worker's death is tried again once, whatever the policy: it may have been another's fault. */
const deathsForgiven = 1;

/** @returns the error that is to stop the run, where the node's policy says so */
export function settleOutcome(
  state: SchedulerState,
  batchId: number,
  outcome: BatchOutcome,
): WireError | undefined {
  const flight = state.inFlight.get(batchId);
  // A run that was stopped has given up its batches; what they bring now is too late.
  if (!flight) return undefined;
  state.inFlight.delete(batchId);
  const node = nodeAt(state, flight.node);
  const { batch, sentAt, chain } = flight;
  node.batchesOut--;
  node.tasksOut -= batch.tasks.length;
  node.counters.running -= batch.tasks.length;
  if (node.isShared) state.sharedOut--;
  markReady(state, flight.node);
  for (const link of chain) {
    link.node.batchesOut--;
    markReady(state, link.edge.target);
  }
  // Less is on its way to the queues it feeds.
  for (const target of node.bounded) {
    for (const feeder of nodeAt(state, target).feeders) markReady(state, feeder);
  }

  if (batch.apart && (outcome.kind === 'done' || outcome.kind === 'timeout'))
    for (const task of batch.tasks) state.apart.delete(task);
  if (batch.tasks.length === 0) return settleInitialState(state, node, outcome);
  switch (outcome.kind) {
    case 'done':
      return settleResult(state, node, batch, outcome.result, sentAt, chain);
    case 'timeout': {
      const error = toWireError(new TimeoutError(node.plan.policy.timeoutMs ?? 0));
      return charge(state, node, batch, outcome.index, error, outcome.worker, sentAt);
    }
    case 'died': {
      // Of a chain it may have been a later node's task: run apart, they show which.
      const culprit = chain.length > 0 ? undefined : batch.tasks.length === 1 ? 0 : outcome.index;
      for (const task of culprit === undefined ? batch.tasks : batch.tasks.slice(culprit, culprit + 1))
        state.apart.add(task);
      if (culprit === undefined) {
        for (let i = 0; i < batch.tasks.length; i++)
          node.suspects.push(batch.tasks[i] as number, batch.payloads[i]);
        waitAgain(state, node, batch.tasks);
        return undefined;
      }
      const error = toWireError(new WorkerDiedError(outcome.reason));
      return charge(state, node, batch, culprit, error, outcome.worker, sentAt);
    }
    default:
      if (batchId === state.suspects.alone)
        for (const task of batch.tasks) state.suspects.hold(flight.node, task);
      else {
        putBack(state, node, batch);
        waitAgain(state, node, batch.tasks);
      }
      return undefined;
  }
}

function settleInitialState(state: SchedulerState, node: NodeState, outcome: BatchOutcome): undefined {
  const initial = outcome.kind === 'done' ? outcome.result.state : undefined;
  if (initial?.value !== undefined) node.fold = initial;
  // It is asked for again when it was lost, and once when its worker died: there was no task to be at fault.
  else if (outcome.kind === 'died' && !node.hasDiedAtStart) node.hasDiedAtStart = true;
  // Otherwise there is no state to begin with, and nothing to give.
  else if (outcome.kind !== 'lost') node.flushed = true;
  release(state, node.plan.index, 1);
}

/** One task of the batch is at fault; the others are run again and have lost nothing but time. */
function charge(
  state: SchedulerState,
  node: NodeState,
  batch: Batch,
  culprit: number,
  error: WireError,
  worker: string,
  sentAt: number,
): WireError | undefined {
  const ends = batch.tasks.map((_, i) => (i === culprit ? taskOutcome.failed : taskOutcome.notRun));
  const busyMs = state.now - sentAt;
  return settleResult(
    state,
    node,
    batch,
    { outcomes: ends, values: [], errors: [error], busyMs, worker },
    sentAt,
  );
}

function settleResult(
  state: SchedulerState,
  node: NodeState,
  batch: Batch,
  result: BatchResult,
  sentAt: number,
  chain: Link[] = [],
): WireError | undefined {
  const { plan } = node;
  for (const log of result.logs ?? []) {
    const task = batch.tasks[log.index] ?? 0;
    record(state, { kind: 'log', node: plan.id, task, message: log.message, data: log.data });
  }
  const done = { node: plan.id, sentAt, busyMs: result.busyMs, worker: result.worker };
  const onward = result.chained && goOnAlong(state, chain, result.chained, sentAt);
  const clean = result.errors.length === 0 && !result.outcomes.includes(taskOutcome.notRun);
  const attempts = batch.attempts.every((attempt) => attempt === 1) ? undefined : batch.attempts;

  if (clean) {
    measure(node.cost, batch.tasks.length, result.busyMs);
    node.counters.succeeded += batch.tasks.length;
    for (const task of attempts ? batch.tasks : []) node.attempts.delete(task);
    record(state, {
      kind: 'attempt',
      ...done,
      tasks: batch.tasks,
      ...cachedTasks(batch, result),
      ...(attempts && { attempts }),
      ...(node.join && { keys: result.values }),
      errors: [],
    });
    keepState(state, node, result);
    // The common case of one plain result each needs no look at single tasks.
    if (node.join) keepKeys(node, batch.tasks, batch.payloads, result.values);
    else if (!result.counts && !result.ports && !result.parts)
      emit(state, plan.index, defaultOutput, result.values, batch.tasks, { goOn: onward?.goOn });
    else emitByPort(state, node, batch, result, onward?.goOn);
    release(state, plan.index, batch.tasks.length);
    return onward?.fatal;
  }
  const notRun = result.outcomes.filter((end) => end === taskOutcome.notRun).length;
  measure(node.cost, batch.tasks.length - notRun, result.busyMs);
  return settleMixed(state, node, batch, result, done, { goOn: onward?.goOn }) ?? onward?.fatal;
}

/** How the results of a batch go on along the chain that their worker has taken them through already. */
function goOnAlong(
  state: SchedulerState,
  [link, ...rest]: Link[],
  [result, ...later]: BatchResult[],
  sentAt: number,
): { goOn: GoOn; fatal?: WireError | undefined } | undefined {
  if (!link || !result) return undefined;
  const onward: { goOn: GoOn; fatal?: WireError | undefined } = {
    goOn(edge, values, parents) {
      if (edge !== link.edge || values.length !== result.outcomes.length) return false;
      const tasks = deliverOnward(state, edge, link.first, values, parents);
      const batch = {
        id: 0,
        run: state.run,
        node: link.node.plan.id,
        tasks,
        attempts: tasks.map(() => 1),
        payloads: values,
        stopOnError: false,
      };
      const next = later.length > 0 ? { ...result, chained: later } : result;
      onward.fatal = settleResult(state, link.node, batch, next, sentAt, rest);
      return true;
    },
  };
  return onward;
}

/**
 * Tasks that have waited too long for their turn have failed, each in an attempt that took no time.
 * @returns the error that is to stop the run, where the node's policy says so
 */
export function settleOverdue(
  state: SchedulerState,
  node: NodeState,
  queue: TaskQueue,
  { tasks, payloads }: TaskColumns,
): WireError | undefined {
  const { id, policy } = node.plan;
  // The same for all, and where the engine noticed is of no interest.
  const { stack: _, ...error } = toWireError(new QueueTimeoutError(policy.queueTimeoutMs ?? 0));
  const result = {
    outcomes: tasks.map(() => taskOutcome.failed),
    values: [],
    errors: tasks.map(() => error),
    busyMs: 0,
    worker: 'engine',
  };
  const attempts = tasks.map((task) => node.attempts.get(task) ?? 1);
  const done = { node: id, sentAt: state.now, busyMs: 0, worker: 'engine' };
  return settleMixed(state, node, { tasks, payloads, attempts }, result, done, { queue });
}

/** Tasks as they were sent out. */
type Attempted = Pick<Batch, 'tasks' | 'payloads' | 'attempts'>;

/**
 * A batch in which tasks failed, or were not run.
 * @param queue the one they waited in all the time, if they were not sent out
 */
function settleMixed(
  state: SchedulerState,
  node: NodeState,
  batch: Attempted,
  result: BatchResult,
  done: { node: string; sentAt: number; busyMs: number; worker: string },
  { goOn, queue }: { goOn?: GoOn | undefined; queue?: TaskQueue } = {},
): WireError | undefined {
  const { plan } = node;
  const attempted = batch.tasks.flatMap((_, i) => (result.outcomes[i] === taskOutcome.notRun ? [] : [i]));
  const ends: number[] = [];
  const succeeded: number[] = [];
  const failed: { task: number; payload: unknown; error: WireError }[] = [];
  /** Positions of tasks that go back to the head of the queue. */
  const again: number[] = [];
  let ended = 0;
  let errors = 0;
  for (const i of attempted) {
    const task = batch.tasks[i] as number;
    if (result.outcomes[i] === taskOutcome.succeeded) {
      ends.push(attemptEnd.succeeded);
      succeeded.push(i);
      node.counters.succeeded++;
      node.attempts.delete(task);
      ended++;
      continue;
    }
    const error = result.errors[errors++] ?? { name: 'Error', message: 'The worker gave no reason.' };
    const attempt = batch.attempts[i] ?? 1;
    if (isTriedAgain(node, attempt, error)) {
      ends.push(attemptEnd.retry);
      if (keepsItsPlace(node)) again.push(i);
      tryAgain(state, node, task, attempt, batch.payloads[i]);
    } else {
      ends.push(attemptEnd.failed);
      node.counters.failed++;
      node.attempts.delete(task);
      failed.push({ task, payload: batch.payloads[i], error });
      ended++;
    }
  }
  if (attempted.length > 0) {
    record(state, {
      kind: 'attempt',
      ...done,
      tasks: attempted.map((i) => batch.tasks[i] as number),
      ...cachedTasks(batch, result),
      attempts: attempted.map((i) => batch.attempts[i] ?? 1),
      ends,
      ...(node.join && { keys: result.values }),
      errors: result.errors,
    });
  }
  // A fold that took nothing in has nothing new to give.
  if (ends.includes(attemptEnd.succeeded)) keepState(state, node, result);
  if (node.join) {
    const columns = [batch.tasks, batch.payloads].map((column) => succeeded.map((i) => column[i]));
    keepKeys(node, columns[0] as number[], columns[1] as unknown[], result.values);
  } else emitByPort(state, node, batch, result, goOn);
  const reports = failed.map(({ payload, error }) => ({ payload, error: publicError(error) }));
  emit(
    state,
    plan.index,
    errorPort,
    reports,
    failed.map(({ task }) => task),
  );

  batch.tasks.forEach((_, i) => {
    if (result.outcomes[i] === taskOutcome.notRun) again.push(i);
  });
  if (again.length > 0) {
    again.sort((a, b) => a - b);
    const tasks = again.map((i) => batch.tasks[i] as number);
    const columns = { tasks, payloads: again.map((i) => batch.payloads[i]) };
    if (queue) queue.putBack(columns);
    else putBack(state, node, columns);
    waitAgain(state, node, tasks, Math.max(0, node.blockedUntil - state.now));
  }
  release(state, plan.index, ended);
  return plan.policy.onError === 'stop' ? failed[0]?.error : undefined;
}

const cachedTasks = ({ tasks }: Attempted, { cached }: BatchResult): { cached?: number[] } =>
  cached ? { cached: tasks.filter((_, i) => cached[i]) } : {};

function isTriedAgain(node: NodeState, attempt: number, error: WireError): boolean {
  if (mayRetry(node.plan.policy.retry, attempt, error.name)) return true;
  return error.code === 'worker_died' && attempt <= deathsForgiven;
}

/** Where tasks are taken in order, a task's successors in the queue wait with it. */
const keepsItsPlace = (node: NodeState): boolean => node.plan.policy.mode === 'serial';

/** Returns tasks to where they are sent out from next; where order counts, a suspect goes before the other suspects. */
function putBack(state: SchedulerState, node: NodeState, columns: TaskColumns): void {
  const { index } = node.plan;
  if (keepsItsPlace(node) && state.suspects.waitAt(index)) {
    for (const task of columns.tasks) state.suspects.hold(index, task);
  } else (keepsItsPlace(node) && node.suspects.length > 0 ? node.suspects : node.queue).putBack(columns);
}

function tryAgain(
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

/** What the tasks of a join give is the key of their payload. */
function keepKeys(node: NodeState, tasks: number[], payloads: unknown[], keys: unknown[]): void {
  if (!node.join || tasks.length === 0) return;
  holdForJoin(node.join, { tasks, payloads, keys });
  node.flushed = false;
}

/** A task with its payload where the budget permits; else the journal has it. */
function hold(budget: MemoryBudget, number: number, payload: unknown): NonNullable<Delayed['task']> {
  const bytes = roughSize(payload);
  if (budget.used + bytes > budget.limit) return { number };
  budget.used += bytes;
  return { number, payload: { value: payload, bytes } };
}

function keepState(state: SchedulerState, node: NodeState, result: BatchResult): void {
  if (!result.state) return;
  node.fold = result.state;
  node.flushed = false;
  record(state, { kind: 'state', node: node.plan.id, value: result.state.value });
}

/** Sorts results by port, in the order they were given, each with the task it came from. */
function emitByPort(
  state: SchedulerState,
  node: NodeState,
  batch: Attempted,
  result: BatchResult,
  goOn?: GoOn,
): void {
  const byPort = new Map<string, { values: unknown[]; parents: number[] }>();
  const emitValues = () => {
    for (const [port, { values, parents }] of byPort)
      emit(state, node.plan.index, port, values, parents, { goOn });
    byPort.clear();
  };
  const inParts = partsByTask(result);
  let at = 0;
  batch.tasks.forEach((task, i) => {
    const count = result.counts?.[i] ?? (result.outcomes[i] === taskOutcome.succeeded ? 1 : 0);
    for (const end = at + count; at < end; at++) {
      const port = result.ports?.[at] ?? defaultOutput;
      let columns = byPort.get(port);
      if (!columns) byPort.set(port, (columns = { values: [], parents: [] }));
      columns.values.push(result.values[at]);
      columns.parents.push(task);
    }
    const own = inParts.get(i);
    if (!own) return;
    emitValues();
    emitParts(state, node.plan.index, own.port, own.parts, task);
  });
  emitValues();
}

/** What tasks gave in parts, by their position in the batch. */
function partsByTask({ parts = [] }: BatchResult): Map<number, { port: string; parts: Packed[] }> {
  const byTask = new Map<number, { port: string; parts: Packed[] }>();
  for (const { index, port, packed } of parts) {
    const known = byTask.get(index);
    if (known) known.parts.push(packed);
    else byTask.set(index, { port, parts: [packed] });
  }
  return byTask;
}

/** What an error port gives: enough to decide by, without a stack. */
function publicError({ name, message, code }: WireError): { name: string; message: string; code?: string } {
  return code === undefined ? { name, message } : { name, message, code };
}
