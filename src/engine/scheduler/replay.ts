/**
 * Brings a scheduler to where its run's journal ends, so that the run can go on there. What was under way when the
 * host died has no end in the journal and is simply waiting again.
 *
 * Payloads are not kept on the way: of a million tasks only the numbers of those that have not ended remain, and
 * their payloads are read back from the journal when their turn comes.
 */

import { hasEnded } from '../../schema/run.ts';
import { BitSet } from '../bit-set.ts';
import { droppedOf } from '../journal/dropped-payloads.ts';
import { type AttemptEntry, attemptEnd, type DeliverEntry, type JournalEntry } from '../journal/journal.ts';
import { seenKey } from './delivery.ts';
import { keepsOrder } from './dispatch.ts';
import { clearJoin, holdForJoin } from './join.ts';
import {
  componentOf,
  markReady,
  type NodeState,
  nodeAt,
  type SchedulerState,
  unended,
} from './scheduler-state.ts';

export class Replay {
  readonly #state: SchedulerState;
  /** Numbers of the tasks delivered to each node, by its index: first and last of each delivery. */
  readonly #delivered: number[][];
  /** Tasks that have ended, by number. */
  readonly #ended = new BitSet();
  /** Payloads of tasks that a collection or a join is about to take, by number. */
  readonly #held = new Map<number, unknown>();

  /** @param state as `createState` gave it, before any event */
  constructor(state: SchedulerState) {
    this.#state = state;
    this.#delivered = state.nodes.map(() => []);
  }

  /** Takes in the next entries of the journal, in order. */
  take(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#state.seq = entry.seq;
      if (entry.kind === 'status' && entry.resumed) this.#die();
      this.#takeEntry(entry);
      this.#state.suspects.take(entry);
    }
  }

  /** After the last entry: puts what has not ended back into the queues, in the order it came into being. */
  finish(): void {
    const state = this.#state;
    if (!hasEnded(state.status)) this.#die();
    for (const node of state.nodes) {
      let suspects = 0;
      const delivered = this.#delivered[node.plan.index] as number[];
      // Where order counts, what came before a suspect waits with it, and goes first.
      const inOrderTo = keepsOrder(node) ? this.#lastSuspect(delivered) : 0;
      for (let at = 0; at < delivered.length; at += 2) {
        const last = delivered[at + 1] as number;
        for (let task = delivered[at] as number; task <= last; task++) {
          if (this.#ended.has(task)) continue;
          if (state.suspects.has(task) || task < inOrderTo) {
            state.suspects.hold(node.plan.index, task);
            suspects++;
          } else node.queue.spill(task, task);
        }
      }
      if (node.queue.length + suspects === 0) continue;
      componentOf(state, node.plan.index).active += node.queue.length + suspects;
      markReady(state, node.plan.index);
    }
    for (let component = 0; component < state.components.length; component++) state.unsettled.add(component);
  }

  /** Highest number of a suspect among the tasks delivered to a node. */
  #lastSuspect(delivered: readonly number[]): number {
    let found = 0;
    for (let at = 0; at < delivered.length; at += 2) {
      for (let task = delivered[at] as number; task <= (delivered[at + 1] as number); task++)
        if (!this.#ended.has(task) && this.#state.suspects.has(task)) found = Math.max(found, task);
    }
    return found;
  }

  /** The host died at this point of the journal. */
  #die(): void {
    const state = this.#state;
    state.suspects.die({
      left: unended(state),
      isLast: (node) => this.#node(node).plan.edges.size === 0,
      isWaiting: (task) => !this.#ended.has(task),
    });
  }

  #takeEntry(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'deliver':
        return this.#deliver(entry);
      case 'attempt':
        return this.#endAttempts(entry);
      case 'duplicate':
      case 'cancel': {
        const { counters } = this.#node(entry.node);
        counters[entry.kind === 'cancel' ? 'cancelled' : 'duplicate'] += entry.tasks.length;
        for (const task of entry.tasks) {
          this.#ended.add(task);
          this.#held.delete(task);
        }
        return;
      }
      case 'redeliver': {
        const node = this.#node(entry.node);
        node.counters.failed -= entry.tasks.length;
        node.counters.retried += entry.tasks.length;
        entry.tasks.forEach((task, i) => {
          node.attempts.set(task, entry.attempts[i] ?? 1);
          this.#ended.delete(task);
        });
        return;
      }
      case 'state': {
        const node = this.#node(entry.node);
        node.fold = { value: entry.value };
        node.flushed = false;
        return;
      }
      case 'flush': {
        const node = this.#node(entry.node);
        node.flushed = true;
        node.gathered = { tasks: [], payloads: [] };
        if (node.join) clearJoin(node.join);
        return;
      }
      case 'status':
        this.#state.status = entry.status;
        return;
      case 'close':
        this.#state.keepOpen = false;
        for (const component of this.#state.components) component.waitingFor--;
    }
  }

  #deliver(entry: DeliverEntry): void {
    const { node: id, port, first, payloads, parents, edge, fed } = entry;
    const state = this.#state;
    if (fed !== undefined) state.fed = fed;
    const node = this.#node(id);
    node.counters.input += payloads.length;
    state.nextTask = Math.max(state.nextTask, first + payloads.length);
    if (edge !== undefined) state.edges[edge] = (state.edges[edge] ?? 0) + payloads.length;
    (this.#delivered[node.plan.index] as number[]).push(first, first + payloads.length - 1);
    if (node.seen) for (const key of seenKeys(entry, node.join !== undefined)) node.seen.add(key);
    if (node.join || node.plan.definition.kind === 'collect') {
      for (let i = 0; i < payloads.length; i++) this.#held.set(first + i, payloads[i]);
    }
    if (node.join && port === 'right')
      for (let i = 0; i < payloads.length; i++) node.join.fromRight.add(first + i);
    if (state.parents) for (let i = 0; i < payloads.length; i++) state.parents[first + i] = parents?.[i] ?? 0;
  }

  #endAttempts({ node: id, tasks, attempts, ends, keys, busyMs }: AttemptEntry): void {
    const node = this.#node(id);
    node.cost.busyMs += busyMs;
    const { counters } = node;
    if (node.join) this.#holdForJoin(node, tasks, ends, keys);
    else if (node.plan.definition.kind === 'collect') {
      for (const task of tasks) {
        node.gathered.tasks.push(task);
        node.gathered.payloads.push(this.#held.get(task));
        this.#held.delete(task);
      }
      node.flushed = false;
    }
    tasks.forEach((task, i) => {
      const end = ends?.[i] ?? attemptEnd.succeeded;
      if (end === attemptEnd.retry) {
        counters.retried++;
        node.attempts.set(task, (attempts?.[i] ?? 1) + 1);
        return;
      }
      counters[end === attemptEnd.failed ? 'failed' : 'succeeded']++;
      if (node.attempts.size > 0) node.attempts.delete(task);
      this.#ended.add(task);
    });
  }

  #holdForJoin(node: NodeState, all: number[], ends: number[] | undefined, keys: unknown[] = []): void {
    const tasks = ends ? all.filter((_, i) => ends[i] === attemptEnd.succeeded) : all;
    if (!node.join || tasks.length === 0) return;
    const payloads = tasks.map((task) => this.#held.get(task));
    for (const task of tasks) this.#held.delete(task);
    holdForJoin(node.join, { tasks, keys, payloads });
    node.flushed = false;
  }

  #node(id: string): NodeState {
    return nodeAt(this.#state, this.#state.plan.indexOf.get(id) as number);
  }
}

/** By what the payloads of a delivery are known, those that are no longer kept included. */
function seenKeys(entry: DeliverEntry, isJoin: boolean): string[] {
  const { port, payloads, droppedKeys = [] } = entry;
  const dropped = droppedOf(entry);
  if (!dropped) return payloads.map((payload) => seenKey(isJoin, port, payload));
  const there = payloads.filter((_, i) => !dropped.has(i));
  return [...droppedKeys, ...there.map((payload) => seenKey(isJoin, port, payload))];
}
