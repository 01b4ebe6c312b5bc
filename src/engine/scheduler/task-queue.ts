/**
 * Tasks waiting at a node, as columns: taking or adding many costs no object per task.
 *
 * A long queue does not stay in memory. Beyond a run's {@link MemoryBudget} only the numbers of further tasks are
 * kept, as ranges: their payloads are in the journal, from where they are read back as the queue shortens. Tasks
 * keep their order: what has been spilled comes after all that is in memory, and while anything is spilled, new
 * tasks are too.
 */
import { roughSizeOfMany } from '../values/rough-size.ts';

export interface TaskColumns {
  tasks: number[];
  payloads: unknown[];
}

/** Bytes that waiting payloads of a run may take in memory, and do take; one for all its queues. */
export interface MemoryBudget {
  readonly limit: number;
  used: number;
}

/** First in, first out; `putBack` returns tasks to the head, for a repeat that must keep its place. */
export class TaskQueue {
  readonly #budget: MemoryBudget;
  #tasks: number[] = [];
  #payloads: unknown[] = [];
  #head = 0;
  /** Share of the budget. */
  #bytes = 0;
  /** Numbers of the tasks whose payloads are in the journal only: first and last of each range. */
  #spilled: number[] = [];
  #spilledHead = 0;
  #spilledCount = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** All tasks that wait. */
  get length(): number {
    return this.loaded + this.#spilledCount;
  }

  /** Those at hand. */
  get loaded(): number {
    return this.#tasks.length - this.#head;
  }

  /** Those to be read back from the journal. */
  get spilled(): number {
    return this.#spilledCount;
  }

  /** Number of the task at this place among those at hand. */
  taskAt(position: number): number {
    return this.#tasks[this.#head + position] as number;
  }

  /** Adds a task at hand, before those that have been spilled. */
  push(task: number, payload: unknown): void {
    this.#tasks.push(task);
    this.#payloads.push(payload);
  }

  /** Adds tasks whose payloads the journal has; they stay at hand where the budget permits. */
  append({ tasks, payloads }: TaskColumns): void {
    const bytes = roughSizeOfMany(payloads);
    if (this.#spilledCount > 0 || this.#budget.used + bytes > this.#budget.limit) {
      for (const task of tasks) this.spill(task, task);
    } else this.#hold(tasks, payloads, bytes);
  }

  /** Adds tasks by number, first to last. Their payloads are in the journal. */
  spill(first: number, last: number): void {
    const end = this.#spilled.length - 1;
    if (end > 0 && this.#spilled[end] === first - 1) this.#spilled[end] = last;
    else this.#spilled.push(first, last);
    this.#spilledCount += last - first + 1;
  }

  /** Numbers of the spilled tasks that come next, at most `count`. */
  nextSpilled(count: number): number[] {
    const numbers: number[] = [];
    for (let at = this.#spilledHead; at < this.#spilled.length && numbers.length < count; at += 2) {
      const last = this.#spilled[at + 1] as number;
      for (let task = this.#spilled[at] as number; task <= last && numbers.length < count; task++)
        numbers.push(task);
    }
    return numbers;
  }

  /** Takes in the payloads of the tasks that {@link nextSpilled} named. */
  load({ tasks, payloads }: TaskColumns): void {
    this.#forgetSpilled(tasks.length);
    this.#hold(tasks, payloads, roughSizeOfMany(payloads));
  }

  /** Removes up to `count` tasks from the head; only those at hand. */
  take(count: number): TaskColumns {
    const end = Math.min(this.#head + count, this.#tasks.length);
    const columns = {
      tasks: this.#tasks.slice(this.#head, end),
      payloads: this.#payloads.slice(this.#head, end),
    };
    this.#release(end - this.#head);
    if (end === this.#tasks.length) {
      this.#tasks = [];
      this.#payloads = [];
      this.#head = 0;
    } else {
      // Taken payloads must not be kept alive; the arrays are cut only now and then, which keeps a take O(count).
      this.#payloads.fill(undefined, this.#head, end);
      this.#head = end;
      if (end > 4096 && end * 2 > this.#tasks.length) this.#cut();
    }
    return columns;
  }

  /** Removes all tasks. @returns their numbers */
  drain(): number[] {
    const numbers = this.take(this.loaded).tasks.concat(this.nextSpilled(this.#spilledCount));
    this.#forgetSpilled(this.#spilledCount);
    return numbers;
  }

  putBack({ tasks, payloads }: TaskColumns): void {
    const at = this.#head - tasks.length;
    if (at >= 0) {
      // The places they were taken from are still there.
      for (let i = 0; i < tasks.length; i++) {
        this.#tasks[at + i] = tasks[i] as number;
        this.#payloads[at + i] = payloads[i];
      }
      this.#head = at;
    } else {
      this.#tasks = tasks.concat(this.#tasks.slice(this.#head));
      this.#payloads = payloads.concat(this.#payloads.slice(this.#head));
      this.#head = 0;
    }
  }

  #hold(tasks: number[], payloads: unknown[], bytes: number): void {
    for (let i = 0; i < tasks.length; i++) {
      this.#tasks.push(tasks[i] as number);
      this.#payloads.push(payloads[i]);
    }
    this.#bytes += bytes;
    this.#budget.used += bytes;
  }

  /** Gives back what `count` tasks take of the budget, on average. */
  #release(count: number): void {
    const { loaded } = this;
    const bytes = count === loaded ? this.#bytes : Math.floor((this.#bytes * count) / loaded);
    this.#bytes -= bytes;
    this.#budget.used -= bytes;
  }

  #forgetSpilled(count: number): void {
    this.#spilledCount -= count;
    let left = count;
    while (left > 0) {
      const first = this.#spilled[this.#spilledHead] as number;
      const size = (this.#spilled[this.#spilledHead + 1] as number) - first + 1;
      if (size > left) {
        this.#spilled[this.#spilledHead] = first + left;
        return;
      }
      left -= size;
      this.#spilledHead += 2;
    }
    if (this.#spilledHead > 4096 || this.#spilledHead === this.#spilled.length) {
      this.#spilled = this.#spilled.slice(this.#spilledHead);
      this.#spilledHead = 0;
    }
  }

  #cut(): void {
    this.#tasks = this.#tasks.slice(this.#head);
    this.#payloads = this.#payloads.slice(this.#head);
    this.#head = 0;
  }
}
