/**
 * How long tasks of a node have waited for their turn, where its policy bounds that. Kept by delivery, not by task:
 * those of one delivery have waited equally long, and numbers grow from one to the next.
 */
export class QueueWait {
  readonly limit: number;
  /** Deliveries, oldest first: the last task of each, and when it came. */
  #last: number[] = [];
  #at: number[] = [];
  #head = 0;
  /** When a task that has been sent out or put off before began to wait again, or is to begin. */
  readonly #returned = new Map<number, { from: number; dueAt: number }>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Tasks up to this number have come. */
  came(last: number, now: number): void {
    const end = this.#at.length - 1;
    if (end >= this.#head && this.#at[end] === now) this.#last[end] = last;
    else {
      this.#last.push(last);
      this.#at.push(now);
    }
  }

  /** A task waits again, from `from` on, which is not reached before it is `dueAt` by the clock. */
  returned(task: number, from: number, dueAt: number): void {
    this.#returned.set(task, { from, dueAt });
  }

  /** What was to wait again by now does so, though `from` seemed further off before the run stood still. */
  begun(from: number, now: number): void {
    for (const each of this.#returned.values()) if (each.dueAt <= now) each.from = Math.min(each.from, from);
  }

  /** Whether a task waits for another time, so that its place in the queue says nothing of its age. */
  hasReturned(task: number): boolean {
    return this.#returned.has(task);
  }

  /** A task waits no more. */
  left(task: number): void {
    this.#returned.delete(task);
  }

  /** When the wait of a task ends at the latest. */
  deadline(task: number): number {
    return (this.#returned.get(task)?.from ?? this.#since(task)) + this.limit;
  }

  /** By halving. */
  #since(task: number): number {
    let low = this.#head;
    let high = this.#last.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#last[middle] as number) < task) low = middle + 1;
      else high = middle;
    }
    return this.#at[low] ?? 0;
  }

  /** Tasks below this one have all had their turn, or wait for another time. */
  forgetBefore(task: number): void {
    while (this.#head < this.#last.length && (this.#last[this.#head] as number) < task) this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#last.length) {
      this.#last = this.#last.slice(this.#head);
      this.#at = this.#at.slice(this.#head);
      this.#head = 0;
    }
  }
}
