/** What becomes of a batch that has come back: results travel on, failures are tried again or recorded. */
import { TimeoutError, toBareWireError, type WireError, WorkerDiedError } from '../../errors.ts';
import { defaultOutput } from '../../schema/graph.ts';
import { type Batch, type BatchOutcome, type BatchResult, outcome as taskOutcome } from '../executor.ts';
import { measure } from './batch-size.ts';
import { deliverOnward, emit, type GoOn } from './delivery.ts';
import { countResults } from './fan-out.ts';
import { settleMixed } from './mixed-batch.ts';
import { putBack } from './requeue.ts';
import {
  type Flight,
  type Link,
  markReady,
  type NodeState,
  nodeAt,
  record,
  release,
  type SchedulerState,
  waitAgain,
} from './scheduler-state.ts';
import { cachedTasks, emitByPort, keepKeys, keepState } from './task-results.ts';

/** @returns the error that is to stop the run, where the node's policy says so */
export function settleOutcome(
  state: SchedulerState,
  batchId: number,
  outcome: BatchOutcome,
): WireError | undefined {
  const flight = state.inFlight.get(batchId);
  // A run that was stopped has given up its batches; what they bring now is too late.
  if (!flight) return undefined;
  const node = nodeAt(state, flight.node);
  const { batch, sentAt, chain } = flight;
  comeBack(state, node, flight);
  if (batch.apart && (outcome.kind === 'done' || outcome.kind === 'timeout'))
    for (const task of batch.tasks) state.apart.delete(task);
  if (batch.tasks.length === 0) return settleInitialState(state, node, outcome);
  switch (outcome.kind) {
    case 'done':
      return settleResult(state, node, batch, outcome.result, sentAt, chain);
    case 'timeout': {
      const error = toBareWireError(new TimeoutError(node.plan.policy.timeoutMs ?? 0));
      return charge(state, node, batch, outcome.index, error, outcome, sentAt);
    }
    case 'died': {
      // Of a chain it may have been a later node's task: run apart, they show which.
      const culprit = chain.length > 0 ? undefined : batch.tasks.length === 1 ? 0 : outcome.index;
      if (culprit === undefined) return runApart(state, node, batch);
      state.apart.add(batch.tasks[culprit] as number);
      const error = toBareWireError(new WorkerDiedError(outcome.reason));
      return charge(state, node, batch, culprit, error, outcome, sentAt);
    }
    default:
      if (batchId === state.suspects.alone)
        for (const task of batch.tasks) state.suspects.hold(flight.node, task);
      else if (outcome.kind === 'lost' && outcome.apart) runApart(state, node, batch);
      else {
        putBack(state, node, batch);
        waitAgain(state, node, batch.tasks);
      }
      return undefined;
  }
}

/** One of these tasks is at fault, nobody knows which: run one by one, where each takes nobody else with it, they show. */
function runApart(state: SchedulerState, node: NodeState, { tasks, payloads }: Batch): undefined {
  tasks.forEach((task, i) => {
    state.apart.add(task);
    node.suspects.push(task, payloads[i]);
  });
  waitAgain(state, node, tasks);
}

/** A batch is no longer under way, so that others may be sent out in its place. */
function comeBack(state: SchedulerState, node: NodeState, { batch, chain }: Flight): void {
  state.inFlight.delete(batch.id);
  node.batchesOut--;
  node.tasksOut -= batch.tasks.length;
  node.counters.running -= batch.tasks.length;
  if (node.isShared) state.sharedOut--;
  markReady(state, node.plan.index);
  for (const link of chain) {
    link.node.batchesOut--;
    markReady(state, link.edge.target);
  }
  // Less is on its way to the queues it feeds.
  for (const target of node.bounded) {
    for (const feeder of nodeAt(state, target).feeders) markReady(state, feeder.node);
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
  { worker, begunAt }: { worker: string; begunAt?: number },
  sentAt: number,
): WireError | undefined {
  const ends = batch.tasks.map((_, i) => (i === culprit ? taskOutcome.failed : taskOutcome.notRun));
  const begin = beginOf(state, sentAt, begunAt);
  const busyMs = state.now - (begin.begunAt ?? sentAt);
  return settleResult(
    state,
    node,
    batch,
    { outcomes: ends, values: [], errors: [error], ...begin, busyMs, worker },
    sentAt,
  );
}

/** When a worker came to a batch, by its word, as far as that can be true. */
function beginOf({ now }: SchedulerState, sentAt: number, begunAt?: number): { begunAt?: number } {
  return begunAt === undefined ? {} : { begunAt: Math.min(now, Math.max(sentAt, begunAt)) };
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
  const { busyMs, worker } = result;
  const done = { node: plan.id, sentAt, ...beginOf(state, sentAt, result.begunAt), busyMs, worker };
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
    else if (!result.counts && !result.ports && !result.parts) {
      node.fanOut.tasks += batch.tasks.length;
      countResults(node.fanOut, defaultOutput, batch.tasks.length);
      emit(state, plan.index, defaultOutput, result.values, batch.tasks, { goOn: onward?.goOn });
    } else emitByPort(state, node, batch, result, onward?.goOn);
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
