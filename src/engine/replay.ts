/**
 * Brings a scheduler to where its run's journal ends, so that the run can go on there. What was under way when the
 * host died has no end in the journal and is simply waiting again.
 */
import { canonicalKey } from './canonical.ts';
import { type AttemptEntry, attemptEnd, type DeliverEntry, type JournalEntry } from './journal.ts';
import { componentOf, markReady, type NodeState, nodeAt, type SchedulerState } from './scheduler-state.ts';

interface Waiting {
  node: NodeState;
  payload: unknown;
}

export class Replay {
  readonly #state: SchedulerState;
  /** Tasks that have been delivered and have not ended, by number. */
  readonly #waiting = new Map<number, Waiting>();

  /** @param state as `createState` gave it, before any event */
  constructor(state: SchedulerState) {
    this.#state = state;
  }

  /** Takes in the next entries of the journal, in order. */
  take(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#state.seq = entry.seq;
      this.#takeEntry(entry);
    }
  }

  /** After the last entry: puts what has not ended back into the queues, in the order it came into being. */
  finish(): void {
    const state = this.#state;
    for (const [task, { node, payload }] of this.#waiting) {
      node.queue.push(task, payload);
      componentOf(state, node.plan.index).active++;
      markReady(state, node.plan.index);
    }
    for (let component = 0; component < state.components.length; component++) state.unsettled.add(component);
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
        for (const task of entry.tasks) this.#waiting.delete(task);
        return;
      }
      case 'redeliver': {
        const node = this.#node(entry.node);
        node.counters.failed -= entry.tasks.length;
        node.counters.retried += entry.tasks.length;
        entry.tasks.forEach((task, i) => {
          node.attempts.set(task, entry.attempts[i] ?? 1);
          this.#waiting.set(task, { node, payload: entry.payloads[i] });
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

  #deliver({ node: id, first, payloads, parents, edge }: DeliverEntry): void {
    const state = this.#state;
    const node = this.#node(id);
    node.counters.input += payloads.length;
    state.nextTask = first + payloads.length;
    if (edge !== undefined) state.edges[edge] = (state.edges[edge] ?? 0) + payloads.length;
    payloads.forEach((payload, i) => {
      this.#waiting.set(first + i, { node, payload });
      node.seen?.add(canonicalKey(payload));
      if (state.parents) state.parents[first + i] = parents?.[i] ?? 0;
    });
  }

  #endAttempts({ node: id, tasks, attempts, ends }: AttemptEntry): void {
    const node = this.#node(id);
    const collects = node.plan.definition.kind === 'collect';
    tasks.forEach((task, i) => {
      const end = ends?.[i] ?? attemptEnd.succeeded;
      if (end === attemptEnd.retry) {
        node.counters.retried++;
        node.attempts.set(task, (attempts?.[i] ?? 1) + 1);
        return;
      }
      if (collects) {
        node.gathered.tasks.push(task);
        node.gathered.payloads.push(this.#waiting.get(task)?.payload);
        node.flushed = false;
      }
      node.counters[end === attemptEnd.failed ? 'failed' : 'succeeded']++;
      node.attempts.delete(task);
      this.#waiting.delete(task);
    });
  }

  #node(id: string): NodeState {
    return nodeAt(this.#state, this.#state.plan.indexOf.get(id) as number);
  }
}
