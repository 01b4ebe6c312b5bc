/**
 * How much of a process's memory each of its threads holds, as far as that can be told from outside: the system tells
 * what the process holds, and how often each thread has touched memory that was new to it (page faults). What the
 * process has grown by between two looks is put down to its threads in proportion to that; what it has given back is
 * taken off all alike.
 */
export class MemoryAccounts<Thread> {
  #held: number;
  readonly #accounts = new Map<Thread, { faults: number; bytes: number }>();

  /** @param held bytes the process holds without any of the threads */
  constructor(held: number) {
    this.#held = held;
  }

  /** Takes in a look: bytes the process holds, and the page faults of each thread since it began. */
  take(held: number, faults: ReadonlyMap<Thread, number>): void {
    const grown = held - this.#held;
    this.#held = held;
    const fresh = new Map<Thread, number>();
    let touched = 0;
    for (const [thread, count] of faults) {
      const account = this.#accounts.get(thread) ?? { faults: 0, bytes: 0 };
      const since = Math.max(0, count - account.faults);
      touched += since;
      fresh.set(thread, since);
      this.#accounts.set(thread, { ...account, faults: count });
    }
    if (grown < 0) this.#giveBack(-grown);
    else for (const [thread, since] of fresh) this.#add(thread, touched && (grown * since) / touched);
  }

  /** Bytes a thread holds, about. */
  heldBy(thread: Thread): number {
    return this.#accounts.get(thread)?.bytes ?? 0;
  }

  /** The thread has ended. */
  close(thread: Thread): void {
    this.#accounts.delete(thread);
  }

  #add(thread: Thread, bytes: number): void {
    const account = this.#accounts.get(thread);
    if (account) account.bytes += bytes;
  }

  #giveBack(bytes: number): void {
    let all = 0;
    for (const account of this.#accounts.values()) all += account.bytes;
    const kept = all > bytes ? 1 - bytes / all : 0;
    for (const account of this.#accounts.values()) account.bytes *= kept;
  }
}
