/**
 * Ends workers that hold more memory than they may.
 *
 * V8's own limit is not enough. It does not count binary data, which a task can take until the system ends the host,
 * or some other program. And where a single allocation goes far beyond it (a list or map that doubles its table), V8
 * ends the whole process, not the thread. So the limit is kept from here, by what the system tells, and V8's stands
 * behind it. Where the system tells nothing (no `/proc`), V8's is all there is.
 */
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { MemoryAccounts } from './memory-accounts.ts';

const megabyte = 2 ** 20;
/** Milliseconds between two looks. */
const lookEveryMs = 100;
/** The process must have changed by this much before its threads are looked at. */
const worthALook = 16 * megabyte;

/** Whether the system tells what threads and processes hold. */
export const canGuard = existsSync('/proc/thread-self/stat');

/** Memory of this machine, or what of it this process may have, in MB. */
export function machineMemoryMb(): number {
  const permitted = process.constrainedMemory?.() ?? 0;
  const all = totalmem();
  return Math.floor((permitted > 0 && permitted < all ? permitted : all) / megabyte);
}

/** A worker to be watched. */
export interface Watched {
  /** The system's number of the thread or process; undefined while that is not known. */
  id(): number | undefined;
  limitMb: number;
  end(): void;
}

abstract class Guard {
  protected readonly watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @returns a function that ends the watch */
  watch(worker: Watched): () => void {
    this.watched.add(worker);
    if (canGuard) this.#timer ??= setInterval(() => this.look(), lookEveryMs).unref();
    return () => {
      this.watched.delete(worker);
      this.forget(worker);
      if (this.watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  protected abstract look(): void;
  protected forget(_worker: Watched): void {}
}

/** Watches threads of this process. */
export class ThreadGuard extends Guard {
  readonly #self = Symbol('the thread of this code, which is not watched');
  #seen = process.memoryUsage.rss();
  readonly #accounts = new MemoryAccounts<Watched | symbol>(this.#seen);

  protected look(): void {
    const held = process.memoryUsage.rss();
    if (Math.abs(held - this.#seen) < worthALook) return;
    this.#seen = held;
    const faults = new Map<Watched | symbol, number>([[this.#self, faultsOf(process.pid) ?? 0]]);
    for (const worker of this.watched) {
      const count = faultsOf(worker.id());
      if (count !== undefined) faults.set(worker, count);
    }
    const before = new Map([...this.watched].map((worker) => [worker, this.#accounts.heldBy(worker)]));
    this.#accounts.take(held, faults);
    for (const [worker, was] of before) {
      // Only one that takes more: what an idle one is said to hold may be wrong, and does no harm.
      const is = this.#accounts.heldBy(worker);
      if (is > was && is > worker.limitMb * megabyte) worker.end();
    }
  }

  protected override forget(worker: Watched): void {
    this.#accounts.close(worker);
  }
}

/** Watches child processes. */
export class ProcessGuard extends Guard {
  protected look(): void {
    for (const worker of [...this.watched])
      if ((heldBy(worker.id()) ?? 0) > worker.limitMb * megabyte) worker.end();
  }
}

/** How often a thread of this process has touched memory that was new to it. */
function faultsOf(thread: number | undefined): number | undefined {
  const stat = thread === undefined ? undefined : read(`/proc/self/task/${thread}/stat`);
  // The second field is a name in parentheses, which may hold anything; the tenth counts small faults.
  const count = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[7];
  return count === undefined ? undefined : Number(count);
}

/** Bytes a process holds. */
function heldBy(pid: number | undefined): number | undefined {
  const kilobytes =
    pid === undefined ? undefined : /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '');
  return kilobytes ? Number(kilobytes[1]) * 1024 : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended.
    return undefined;
  }
}
