/** Tasks waiting at a node, as columns: taking or adding many costs no object per task. */

export interface TaskColumns {
  tasks: number[];
  payloads: unknown[];
}

/** First in, first out; `putBack` returns tasks to the head, for a repeat that must keep its place. */
export class TaskQueue {
  #tasks: number[] = [];
  #payloads: unknown[] = [];
  #head = 0;

  get length(): number {
    return this.#tasks.length - this.#head;
  }

  push(task: number, payload: unknown): void {
    this.#tasks.push(task);
    this.#payloads.push(payload);
  }

  /** Removes up to `count` tasks from the head. */
  take(count: number): TaskColumns {
    const end = Math.min(this.#head + count, this.#tasks.length);
    const columns = {
      tasks: this.#tasks.slice(this.#head, end),
      payloads: this.#payloads.slice(this.#head, end),
    };
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

  putBack(columns: TaskColumns): void {
    this.#tasks = columns.tasks.concat(this.#tasks.slice(this.#head));
    this.#payloads = columns.payloads.concat(this.#payloads.slice(this.#head));
    this.#head = 0;
  }

  #cut(): void {
    this.#tasks = this.#tasks.slice(this.#head);
    this.#payloads = this.#payloads.slice(this.#head);
    this.#head = 0;
  }
}
