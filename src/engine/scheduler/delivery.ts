/** How payloads reach nodes, how duplicates are told, and what becomes of results. */
import { defaultOutput, errorPort } from '../../schema/graph.ts';
import type { PlannedEdge } from '../graph/plan.ts';
import { canonicalKey } from '../values/canonical.ts';
import type { Packed } from '../values/packed.ts';
import {
  componentOf,
  markReady,
  type NodeState,
  nodeAt,
  record,
  release,
  runningTime,
  type SchedulerState,
} from './scheduler-state.ts';

/** Where payloads come from. */
export interface Origin {
  /** The task each came from. */
  parents?: number[];
  /** The other task each came from, where two were joined. */
  partners?: number[];
  edge?: number;
  /** Entry of another run's journal they are taken over from. */
  fed?: number;
}

/** Takes results along an edge if a worker has gone on with them already. @returns whether it has */
export type GoOn = (edge: PlannedEdge, values: unknown[], parents: number[]) => boolean;

/** Most payloads in one entry of the journal, so that none of its chunks grows out of hand. */
const largestEntry = 4096;

/** Makes a task of each payload at a node. */
export function deliver(
  state: SchedulerState,
  index: number,
  port: string,
  payloads: unknown[],
  origin: Origin = {},
): void {
  if (payloads.length <= largestEntry) return deliverEntry(state, index, port, payloads, origin);
  const { parents, partners, ...edge } = origin;
  for (let at = 0; at < payloads.length; at += largestEntry) {
    const end = at + largestEntry;
    deliverEntry(state, index, port, payloads.slice(at, end), {
      ...edge,
      ...(parents && { parents: parents.slice(at, end) }),
      ...(partners && { partners: partners.slice(at, end) }),
    });
  }
}

/** @param given the payloads, which may be packed */
function recordDelivery(
  state: SchedulerState,
  { plan, counters }: NodeState,
  port: string,
  first: number,
  given: unknown[] | Packed,
  origin: Origin,
): void {
  const isPacked = !Array.isArray(given);
  const count = isPacked ? given.count : given.length;
  const columns = isPacked ? { payloads: [], packed: given } : { payloads: given };
  counters.input += count;
  record(state, { kind: 'deliver', node: plan.id, port, first, ...columns, ...origin });
  if (state.parents) for (let i = 0; i < count; i++) state.parents[first + i] = origin.parents?.[i] ?? 0;
  if (origin.edge !== undefined) state.edges[origin.edge] = (state.edges[origin.edge] ?? 0) + count;
}

function deliverEntry(
  state: SchedulerState,
  index: number,
  port: string,
  payloads: unknown[],
  origin: Origin,
): void {
  if (payloads.length === 0) return;
  const node = nodeAt(state, index);
  const first = state.nextTask;
  state.nextTask += payloads.length;
  recordDelivery(state, node, port, first, payloads, origin);

  const fresh = node.seen
    ? withoutDuplicates(state, node, node.seen, port, first, payloads)
    : { tasks: range(first, payloads.length), payloads };
  if (fresh.tasks.length === 0) return;
  if (port === 'right') for (const task of fresh.tasks) node.join?.fromRight.add(task);
  if (node.plan.definition.kind === 'collect') return gather(state, node, fresh);
  if (node.plan.definition.kind === 'relay') return relay(state, node, fresh);
  node.queue.append(fresh);
  node.wait?.came(first + payloads.length - 1, runningTime(state));
  componentOf(state, index).active += fresh.tasks.length;
  markReady(state, index);
}

/**
 * Makes tasks of payloads that a worker has gone on with by itself: they are under way, not waiting.
 * @param first the number set aside for the first of them
 */
export function deliverOnward(
  state: SchedulerState,
  { target, port, index }: PlannedEdge,
  first: number,
  payloads: unknown[],
  parents: number[],
): number[] {
  const node = nodeAt(state, target);
  componentOf(state, target).active += payloads.length;
  recordDelivery(state, node, port, first, payloads, { parents, edge: index });
  return range(first, payloads.length);
}

/** Sends results to every edge of their port; at an end node they are outputs of the run. */
export function emit(
  state: SchedulerState,
  index: number,
  port: string,
  values: unknown[],
  parents: number[],
  { partners, goOn }: { partners?: number[] | undefined; goOn?: GoOn | undefined } = {},
): void {
  if (values.length === 0) return;
  const { plan } = nodeAt(state, index);
  if (plan.isEnd && port !== errorPort) {
    for (let at = 0; at < values.length; at += largestEntry) {
      const part = <T>(column: T[]) => column.slice(at, at + largestEntry);
      const origin = { parents: part(parents), ...(partners && { partners: part(partners) }) };
      record(state, { kind: 'output', node: plan.outputOf, port, values: part(values), ...origin });
    }
  }
  for (const edge of plan.edges.get(port) ?? []) {
    if (goOn?.(edge, values, parents)) continue;
    deliver(state, edge.target, edge.port, values, {
      parents,
      ...(partners && { partners }),
      ...(edge.index !== undefined && { edge: edge.index }),
    });
  }
}

/** Sends what one task gave in parts, as {@link emit} does with values. */
export function emitParts(
  state: SchedulerState,
  index: number,
  port: string,
  parts: readonly Packed[],
  task: number,
): void {
  const { plan } = nodeAt(state, index);
  const origins = parts.map(({ count }) => ({ parents: new Array<number>(count).fill(task) }));
  if (plan.isEnd && port !== errorPort) {
    parts.forEach((packed, i) => {
      const output = {
        node: plan.outputOf,
        port,
        values: [],
        packed,
        ...(origins[i] as { parents: number[] }),
      };
      record(state, { kind: 'output', ...output });
    });
  }
  // Edge by edge, so that a chunk of the journal holds what one queue reads back.
  for (const { target, port: into, index: edge } of plan.edges.get(port) ?? []) {
    parts.forEach((packed, i) => {
      deliverPart(state, target, into, packed, { ...origins[i], ...(edge !== undefined && { edge }) });
    });
  }
}

/** Makes tasks of a part. They wait in the journal, to be read back from there. */
function deliverPart(
  state: SchedulerState,
  index: number,
  port: string,
  packed: Packed,
  origin: Origin,
): void {
  const node = nodeAt(state, index);
  const { kind } = node.plan.definition;
  if (node.seen || kind === 'collect' || kind === 'relay')
    return deliver(state, index, port, packed.unpack(), origin);
  const first = state.nextTask;
  const last = first + packed.count - 1;
  state.nextTask += packed.count;
  recordDelivery(state, node, port, first, packed, origin);
  if (port === 'right') for (let task = first; task <= last; task++) node.join?.fromRight.add(task);
  node.queue.spill(first, last);
  node.wait?.came(last, runningTime(state));
  componentOf(state, index).active += packed.count;
  markReady(state, index);
}

/** Positions of tasks in the order of the inputs they descend from, whatever order they came in. */
export function inOrderOfInputs(state: SchedulerState, tasks: number[]): number[] {
  const { parents = [] } = state;
  // Numbers grow from a task to those that come from it, and among tasks of one origin in the order of its results,
  // so tasks compare as their lines of descent do.
  const line = (task: number): number[] => {
    const ancestors: number[] = [];
    for (let at = task; at > 0; at = parents[at] ?? 0) ancestors.push(at);
    return ancestors.reverse();
  };
  return tasks
    .map((task, position) => ({ position, line: line(task) }))
    .sort((a, b) => compareLines(a.line, b.line))
    .map(({ position }) => position);
}

function compareLines(a: number[], b: number[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** By what duplicates are told: the value, and at a join its side. */
export function seenKey(isJoin: boolean, port: string, payload: unknown): string {
  const key = canonicalKey(payload);
  return isJoin && port === 'right' ? `right ${key}` : key;
}

function withoutDuplicates(
  state: SchedulerState,
  node: NodeState,
  seen: Set<string>,
  port: string,
  first: number,
  payloads: unknown[],
) {
  const fresh: NodeState['gathered'] = { tasks: [], payloads: [] };
  const duplicates: number[] = [];
  payloads.forEach((payload, i) => {
    const key = seenKey(node.join !== undefined, port, payload);
    if (seen.has(key)) {
      duplicates.push(first + i);
      return;
    }
    seen.add(key);
    fresh.tasks.push(first + i);
    fresh.payloads.push(payload);
  });
  if (duplicates.length > 0) {
    node.counters.duplicate += duplicates.length;
    record(state, { kind: 'duplicate', node: node.plan.id, tasks: duplicates });
  }
  return fresh;
}

/** A collection needs no worker: a task has succeeded as soon as its payload is kept. */
function gather(state: SchedulerState, node: NodeState, columns: NodeState['gathered']): void {
  for (let i = 0; i < columns.tasks.length; i++) {
    node.gathered.tasks.push(columns.tasks[i] as number);
    node.gathered.payloads.push(columns.payloads[i]);
  }
  node.flushed = false;
  succeedAtOnce(state, node, columns.tasks);
  release(state, node.plan.index, 0);
}

/** What comes to a subgraph goes on to its entries. */
function relay(state: SchedulerState, node: NodeState, { tasks, payloads }: NodeState['gathered']): void {
  succeedAtOnce(state, node, tasks);
  emit(state, node.plan.index, defaultOutput, payloads, tasks);
}

function succeedAtOnce(state: SchedulerState, node: NodeState, tasks: number[]): void {
  node.counters.succeeded += tasks.length;
  record(state, {
    kind: 'attempt',
    node: node.plan.id,
    tasks,
    errors: [],
    sentAt: state.now,
    busyMs: 0,
    worker: 'engine',
  });
}

function range(first: number, count: number): number[] {
  const numbers = new Array<number>(count);
  for (let i = 0; i < count; i++) numbers[i] = first + i;
  return numbers;
}
