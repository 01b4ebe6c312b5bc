/**
 * A run as its journal tells it, entry by entry, and whether that can be so: what is counted, what waits, which attempt
 * comes next. Knows nothing of the scheduler; built from scratch, it says what a resumed run must know.
 */

import {
  type AttemptEntry,
  attemptEnd,
  type DeliverEntry,
  type JournalEntry,
  tasksOfStart,
} from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import { isTriedAgain } from '../engine/oracle.ts';
import type { GraphFacts, NodeFacts } from './graph-facts.ts';
import { type FlatEdge, outputOf } from './unfolded.ts';

/** Something that must never happen has happened. */
export class Violation extends Error {
  override name = 'Violation';
}

export function must(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(message());
}

export interface ModelTask {
  number: number;
  node: string;
  port: string;
  payload: unknown;
  /** Of the attempt that is due or under way. */
  attempt: number;
  state: 'waiting' | 'succeeded' | 'failed' | 'duplicate' | 'cancelled';
  isRepeat: boolean;
  /** It failed, and was put back on somebody's word. */
  isPutBack: boolean;
  /** Hosts that died while it was under way. */
  deaths: number;
  /** Earliest moment of its next attempt, in milliseconds. */
  notBefore: number;
}

export interface ModelNode {
  facts: NodeFacts;
  counters: Record<'input' | 'succeeded' | 'failed' | 'duplicate' | 'cancelled' | 'retried', number>;
  /** Tasks that have not ended, in order of arrival. */
  waiting: Set<number>;
  seen: Set<string>;
  /** It has gathered something and not given it out. */
  holds: boolean;
  outputs: number;
}

const noCounts = () => ({ input: 0, succeeded: 0, failed: 0, duplicate: 0, cancelled: 0, retried: 0 });
const ended = new Set(['succeeded', 'partial', 'failed', 'cancelled']);

export class RunModel {
  readonly tasks = new Map<number, ModelTask>();
  readonly nodes: Map<string, ModelNode>;
  readonly edges: number[];
  status = 'pending';
  isOpen: boolean;
  seq = 0;
  at = 0;
  /** Nodes that gave out, by sequence number of the flush. */
  readonly flushes = new Map<number, string>();
  /** Tasks that have been sent out in the present life. */
  readonly #started = new Map<number, ModelTask>();
  /** Which node may give which on, along which edge of the document. */
  readonly #ways: ReadonlySet<string>;

  constructor(facts: GraphFacts, edges: readonly FlatEdge[], keepOpen: boolean) {
    this.isOpen = keepOpen;
    this.#ways = new Set(edges.map(({ index, source, target }) => wayOf(index, source, target)));
    this.edges = new Array<number>(Math.max(0, ...edges.map(({ index = -1 }) => index + 1))).fill(0);
    this.nodes = new Map(
      [...facts].map(([id, each]) => [
        id,
        { facts: each, counters: noCounts(), waiting: new Set(), seen: new Set(), holds: false, outputs: 0 },
      ]),
    );
  }

  get hasEnded(): boolean {
    return ended.has(this.status);
  }

  node(id: string): ModelNode {
    const node = this.nodes.get(id);
    must(node !== undefined, () => `the journal names a node that is not there: ${id}`);
    return node;
  }

  task(number: number): ModelTask {
    const task = this.tasks.get(number);
    must(task !== undefined, () => `the journal names a task that was never delivered: ${number}`);
    return task;
  }

  take(entries: readonly JournalEntry[]): void {
    for (const entry of entries) this.#takeEntry(entry);
    for (const { facts, waiting } of this.nodes.values()) {
      if (!facts.policy.dedupe) continue;
      for (const number of waiting)
        must(!this.task(number).isRepeat, () => `task ${number} is a duplicate and was let through`);
    }
  }

  #takeEntry(entry: JournalEntry): void {
    must(entry.seq === this.seq + 1, () => `entry ${entry.seq} follows entry ${this.seq}`);
    must(entry.at >= this.at, () => `entry ${entry.seq} lies before entry ${this.seq} in time`);
    this.seq = entry.seq;
    this.at = entry.at;
    must(!this.hasEnded || entry.kind === 'status', () => `a ${entry.kind} entry after the end`);
    switch (entry.kind) {
      case 'deliver':
        return this.#deliver(entry);
      case 'attempt':
        return this.#attempts(entry);
      case 'duplicate':
      case 'cancel':
        for (const number of entry.tasks) {
          const task = this.#end(entry.node, number, entry.kind === 'cancel' ? 'cancelled' : 'duplicate');
          must(entry.kind === 'cancel' || task.isRepeat, () => `task ${number} is no duplicate`);
        }
        return;
      case 'redeliver':
        entry.tasks.forEach((number, i) => {
          const task = this.task(number);
          must(task.state === 'failed' && task.node === entry.node, () => `task ${number} was not failed`);
          must(
            entry.attempts[i] === task.attempt + 1,
            () => `task ${number} is put back with attempt ${entry.attempts[i]}`,
          );
          task.state = 'waiting';
          task.isPutBack = true;
          this.#started.delete(number);
          task.attempt++;
          const { counters, waiting } = this.node(entry.node);
          counters.failed--;
          counters.retried++;
          waiting.add(number);
        });
        return;
      case 'start':
        for (const number of tasksOfStart(entry)) {
          const task = this.task(number);
          must(task.state === 'waiting', () => `task ${number} starts after its end`);
          this.#started.set(number, task);
        }
        return;
      case 'leave':
        this.#started.clear();
        return;
      case 'output': {
        this.node(entry.node).outputs += entry.values.length;
        for (const parent of entry.parents) {
          const { facts } = this.node(this.#origin(parent));
          const isSo = facts.isEnd && outputOf(facts.id) === entry.node;
          must(isSo, () => `a result of ${facts.id} is told as an output of ${entry.node}`);
        }
        return;
      }
      case 'state':
        this.node(entry.node).holds = true;
        return;
      case 'flush':
        this.node(entry.node).holds = false;
        this.flushes.set(entry.seq, entry.node);
        return;
      case 'close':
        must(this.isOpen, () => 'the run is closed twice');
        this.isOpen = false;
        return;
      case 'status':
        this.status = entry.status;
        if (entry.resumed) this.#die();
    }
  }

  /** The host has died: what had been started and has no end may be why. */
  #die(): void {
    for (const task of this.#started.values()) if (task.state === 'waiting') task.deaths++;
    this.#started.clear();
  }

  #deliver({ node: id, port, first, payloads, parents, partners, edge }: DeliverEntry): void {
    const node = this.node(id);
    if (edge !== undefined) this.edges[edge] = (this.edges[edge] ?? 0) + payloads.length;
    payloads.forEach((payload, i) => {
      for (const origin of [parents?.[i], partners?.[i] || undefined]) {
        const way = wayOf(edge, origin === undefined ? '' : this.#origin(origin), id);
        must(origin === undefined || this.#ways.has(way), () => `what comes from ${origin} goes ${way}`);
      }
      const number = first + i;
      must(!this.tasks.has(number), () => `task ${number} is delivered twice`);
      const key = node.facts.policy.dedupe ? canonicalKey([port, payload]) : undefined;
      const isRepeat = key !== undefined && node.seen.has(key);
      if (key !== undefined) node.seen.add(key);
      this.tasks.set(number, {
        number,
        node: id,
        port,
        payload,
        attempt: 1,
        state: 'waiting',
        isRepeat,
        isPutBack: false,
        deaths: 0,
        notBefore: 0,
      });
      node.counters.input++;
      node.waiting.add(number);
    });
  }

  #attempts(entry: AttemptEntry): void {
    const node = this.node(entry.node);
    const { facts } = node;
    const { sentAt, begunAt = sentAt, at } = entry;
    must(sentAt <= begunAt, () => `an attempt at ${entry.node} begins before it is sent`);
    must(begunAt <= at, () => `an attempt at ${entry.node} ends before it begins`);
    let errors = 0;
    entry.tasks.forEach((number, i) => {
      const task = this.task(number);
      const attempt = entry.attempts?.[i] ?? 1;
      must(attempt === task.attempt, () => `task ${number} is at attempt ${task.attempt}, not ${attempt}`);
      const end = entry.ends?.[i] ?? attemptEnd.succeeded;
      if (end === attemptEnd.succeeded) {
        this.#end(entry.node, number, 'succeeded');
        if (facts.kind !== 'map' && facts.kind !== 'relay') node.holds = true;
        return;
      }
      const error = entry.errors[errors++];
      must(error !== undefined, () => `task ${number} failed without an error`);
      if (error.code === 'host_died')
        must(task.deaths > 1, () => `task ${number} failed after ${task.deaths} deaths`);
      const again = error.code !== 'host_died' && isTriedAgain(facts.policy, attempt, error);
      must(
        again === (end === attemptEnd.retry),
        () => `task ${number}, attempt ${attempt}, ${error.name}: ${again ? 'not ' : ''}tried again`,
      );
      if (!again) {
        this.#end(entry.node, number, 'failed');
        return;
      }
      must(task.state === 'waiting', () => `task ${number} has ended as ${task.state} and is tried again`);
      task.attempt++;
      node.counters.retried++;
      task.notBefore = entry.at + shortestWait(facts, attempt);
    });
    must(errors === entry.errors.length, () => `errors of entry ${entry.seq} without a task`);
  }

  #end(node: string, number: number, state: 'succeeded' | 'failed' | 'duplicate' | 'cancelled'): ModelTask {
    const task = this.task(number);
    must(task.node === node, () => `task ${number} belongs to ${task.node}, not to ${node}`);
    must(
      task.state === 'waiting',
      () => `task ${number} has ended as ${task.state} and ends again as ${state}`,
    );
    task.state = state;
    const { counters, waiting } = this.node(node);
    counters[state]++;
    waiting.delete(number);
    return task;
  }

  /** The node that a result comes from, whose task has ended. */
  #origin(parent: number): string {
    if (parent < 0) return this.flushes.get(-parent) ?? '';
    const { node, state } = this.task(parent);
    must(
      state === 'succeeded' || state === 'failed',
      () => `task ${parent} is ${state} and has given something`,
    );
    return node;
  }
}

const wayOf = (edge: number | undefined, source: string, target: string): string =>
  `from ${source} to ${target}${edge === undefined ? '' : ` by edge ${edge}`}`;

/** Least time between the end of attempt number `attempt` and the next one. */
export const shortestWait = (facts: NodeFacts, attempt: number): number =>
  fullWait(facts, attempt) * (1 - Number(facts.policy.retry.jitter ?? 0));

/** The same, where chance takes nothing away. */
export const fullWait = ({ policy: { retry } }: NodeFacts, attempt: number): number =>
  Math.min(retry.delayMs * retry.factor ** (attempt - 1), retry.maxDelayMs ?? Number.POSITIVE_INFINITY);

export const same = (a: unknown, b: unknown): boolean => a === b || canonicalKey(a) === canonicalKey(b);
