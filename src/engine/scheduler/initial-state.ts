/** The state of a run's scheduler before its first event. */
import { emptyCounters } from '../../schema/run.ts';
import { type Plan, type PlannedNode, successorsOf } from '../graph/plan.ts';
import { unknownCost } from './batch-size.ts';
import { emptyJoin } from './join.ts';
import { QueueWait } from './queue-wait.ts';
import { RankedSet } from './ranked-set.ts';
import { type NodeState, noCommands, type SchedulerState } from './scheduler-state.ts';
import { Suspects } from './suspects.ts';
import { type MemoryBudget, TaskQueue } from './task-queue.ts';

export interface SchedulerOptions {
  run: string;
  parallelism: number;
  keepOpen?: boolean;
  /** Takes its payloads over from another run, and gives out no inputs by itself. */
  isFed?: boolean;
  /** Uniform in [0, 1), for jitter. */
  random: () => number;
  /** Bytes that waiting payloads may take in memory; those beyond wait in the journal. @default 64 MiB */
  queueMemory?: number;
}

const defaultQueueMemory = 64 * 2 ** 20;

export function createState(plan: Plan, options: SchedulerOptions): SchedulerState {
  const rank: number[] = [];
  serviceOrder(plan).forEach((node, position) => {
    rank[node] = position;
  });
  const budget = { limit: options.queueMemory ?? defaultQueueMemory, used: 0 };
  const nodes = plan.nodes.map((node) => createNodeState(node, options.parallelism, budget));
  linkBoundedQueues(plan, nodes);
  const ordersInputs = plan.nodes.some(({ definition }) => ['collect', 'join'].includes(definition.kind));
  const keepOpen = options.keepOpen ?? false;
  return {
    run: options.run,
    plan,
    nodes,
    budget,
    components: plan.components.members.map((_, index) => ({
      active: 0,
      waitingFor: (plan.components.predecessorCount[index] ?? 0) + (keepOpen ? 1 : 0),
      ended: false,
    })),
    status: 'pending',
    keepOpen,
    ...(options.isFed && { fed: 0 }),
    held: false,
    idleMs: 0,
    impatient: nodes.filter(({ wait }) => wait).map(({ plan }) => plan.index),
    // Two for each worker, so that the next one lies ready when one comes back.
    sharedLanes: Math.max(options.parallelism * 2, ...nodes.filter((n) => n.isShared).map((n) => n.lanes)),
    now: 0,
    seq: 0,
    nextTask: 1,
    nextBatch: 1,
    inFlight: new Map(),
    suspects: new Suspects(),
    apart: new Set(),
    sharedOut: 0,
    delayed: [],
    edges: new Array<number>(plan.edgeCount).fill(0),
    ...(ordersInputs && { parents: [0] }),
    ready: { shared: new RankedSet(rank), own: new RankedSet(rank) },
    unsettled: new Set(),
    openComponents: plan.components.members.length,
    random: options.random,
    commands: noCommands(),
  };
}

/** Nodes in the order in which they are served when several have something to send. */
export function serviceOrder(plan: Plan): number[] {
  const { layer, of } = plan.components;
  // Far nodes first: what is nearly done is finished before more is begun, which keeps queues short.
  return plan.nodes
    .map((node) => ({
      index: node.index,
      priority: node.policy.priority ?? 0,
      layer: layer[of[node.index] ?? 0] ?? 0,
    }))
    .sort((a, b) => b.priority - a.priority || b.layer - a.layer || a.index - b.index)
    .map(({ index }) => index);
}

function createNodeState(plan: PlannedNode, parallelism: number, budget: MemoryBudget): NodeState {
  const { mode, workers } = plan.policy;
  const inPool = plan.definition.place === 'worker' && plan.definition.kind !== 'collect';
  const isShared = inPool && (mode === 'thread' || mode === 'serial');
  const oneByOne = mode === 'serial' || plan.definition.kind === 'fold';
  return {
    plan,
    counters: emptyCounters(),
    queue: new TaskQueue(budget),
    suspects: new TaskQueue(budget),
    isLoading: false,
    batchesOut: 0,
    tasksOut: 0,
    cost: unknownCost(),
    fanOut: { mayBeWide: plan.definition.fansOut === true, tasks: 0, results: new Map() },
    attempts: new Map(),
    ...(plan.policy.dedupe && { seen: new Set<string>() }),
    ...(plan.policy.queueTimeoutMs !== undefined && { wait: new QueueWait(plan.policy.queueTimeoutMs) }),
    gathered: { tasks: [], payloads: [] },
    ...(plan.definition.kind === 'join' && { join: emptyJoin() }),
    flushed: false,
    blockedUntil: 0,
    lanes: oneByOne ? 1 : (workers ?? (isShared ? parallelism * 2 : parallelism)),
    isShared,
    sent: [],
    feeders: [],
    bounded: [],
  };
}

/**
 * Says which nodes wait for which queues. A limit does not bind within a cycle, where a node would wait for itself,
 * nor before a staged node, which takes nothing until its feeders have ended.
 */
function linkBoundedQueues(plan: Plan, nodes: NodeState[]): void {
  for (const feeder of plan.nodes) {
    if (feeder.definition.kind === 'relay') continue;
    for (const [target, ports] of queuesFedBy(plan, feeder)) {
      const node = nodes[target] as NodeState;
      if (node.plan.policy.queueLimit === undefined || node.plan.staged) continue;
      if (plan.components.of[target] === plan.components.of[feeder.index]) continue;
      node.feeders.push({ node: feeder.index, ports });
      (nodes[feeder.index] as NodeState).bounded.push(target);
    }
  }
}

/** Nodes whose queues grow by what a node gives, and by which ports; what a subgraph relays goes on to its entries. */
function queuesFedBy(plan: Plan, feeder: PlannedNode): Map<number, string[]> {
  const fed = new Map<number, string[]>();
  const follow = (target: number, port: string, relays: ReadonlySet<number>): void => {
    fed.set(target, [...(fed.get(target) ?? []), port]);
    const node = plan.nodes[target] as PlannedNode;
    if (node.definition.kind !== 'relay' || relays.has(target)) return;
    for (const entry of successorsOf(node)) follow(entry, port, new Set([...relays, target]));
  };
  for (const [port, edges] of feeder.edges) for (const { target } of edges) follow(target, port, new Set());
  return fed;
}
