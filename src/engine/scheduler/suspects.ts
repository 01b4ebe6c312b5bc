/**
 * Which tasks may have taken their host down, and what follows for them. Fed with the journal, entry by entry, in a
 * replay as in life, so that both come to the same conclusions.
 *
 * The journal names each batch as it is sent out (`start`). A host that leaves in good order says so (`leave`), and
 * nobody is suspected; each further life of a run begins with a mark (a `status` that is `resumed`). After a death
 * without a leave, what had been started and has no end is suspected:
 *
 * - Suspects run alone, with nothing else of their run under way, when nothing else can go on; those with fewer
 *   charges first. Where a node takes its tasks in order they keep their place: those behind them wait.
 * - They are sent out when their start has been committed, and nothing follows before their end has been. So what a
 *   death finds started was under way then, and nothing else was.
 * - A death may come faster than the journal is written, and then finds only others started, or nobody. So the next
 *   life begins carefully: no batch is sent out before its start has been committed. What a death finds started then
 *   holds the culprit. That takes longer, so it ends after a while: what the journal lacked has been done again by
 *   then. Where a death has found nobody, it lasts until all tasks have ended for once.
 * - A death is a certain charge when it finds one task, and nothing else can have been under way: it ran alone, or
 *   carefully, or it was the last of its run and at a node with nothing behind it. Two such charges, and the task is
 *   recorded as failed instead of being run again.
 * - Many suspects of one node run in groups first, each group alone; one that takes the host down runs one by one.
 *
 * So most culprits take down five hosts or fewer: one before it is known that anybody does, one that shows which tasks
 * were under way, one with its group, and two alone.
 *
 * A host that is killed from outside makes suspects of innocent tasks. That costs them a wait, and a charge only when
 * it hits them alone.
 */
import { HostDiedError, toBareWireError, type WireError } from '../../errors.ts';
import { attemptEnd, countOf, type JournalEntry, type StartEntry, tasksOfStart } from '../journal/journal.ts';

/** Certain charges after which a task is not run again. */
const chargesAllowed = 2;
/** Suspects of a node beyond which they run in groups, and the size of a group. */
const fewEnough = 64;
const groupSize = 64;
/**
 * For how long a life begins carefully, in milliseconds: many times what a host may have done since its last commit,
 * and short beside a run of which that would be much.
 */
const carefulMs = 3000;

/** Suspects to be sent out together; their payloads are in the journal. */
export interface SuspectGroup {
  node: number;
  tasks: number[];
}

interface Suspicion {
  charges: number;
  /** Its group, run alone, took the host down: it runs by itself now. */
  isNarrowed: boolean;
}

/** What is so when a host dies. */
export interface Death {
  /** How many tasks of the run had not ended. */
  left: number;
  /** Whether nothing comes of what a node gives. */
  isLast: (node: string) => boolean;
  isWaiting: (task: number) => boolean;
}

export class Suspects {
  /** Batch under way that consists of suspects, by its number; kept by the scheduler. */
  alone: number | undefined;
  /** Suspects whose payloads are being read back, and those that have them. */
  loading: SuspectGroup | undefined;
  loaded: (SuspectGroup & { payloads: unknown[] }) | undefined;
  readonly #suspicions = new Map<number, Suspicion>();
  /** Suspects that wait apart from their queues, with their nodes. */
  readonly #waiting = new Map<number, number>();
  readonly #waitingAt = new Map<number, number>();
  /** Those that wait to be recorded as failed. */
  readonly #condemned = new Set<number>();
  /** Tasks that have been recorded as failed, since they took their hosts down. */
  readonly #culprits = new Set<number>();
  /** Batches sent out in this life without an end, by the number of their first task. */
  readonly #underWay = new Map<number, StartEntry>();
  /** The host has left in good order, and nothing has been sent out since. */
  #hasLeft = false;
  /**
   * All is run carefully until then (milliseconds since 1970; known with the next entry), or until all tasks have ended:
   * `left` have not.
   */
  #careful: { until: number | undefined; left: number; hasBegun: boolean } | undefined;
  #needsCommit = false;

  /** Batches must not be sent out before their start has been committed. */
  get isCareful(): boolean {
    return this.#careful !== undefined;
  }

  /** How many wait apart from their queues. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a task is suspected. */
  has(task: number): boolean {
    return this.#suspicions.has(task);
  }

  /** Whether suspects of that node wait, so that one that takes its tasks in order must wait with them. */
  waitAt(node: number): boolean {
    return this.#waitingAt.size > 0 && this.#waitingAt.has(node);
  }

  /** Keeps a suspect until its turn comes. */
  hold(node: number, task: number): void {
    if (this.#waiting.has(task)) return;
    this.#waiting.set(task, node);
    if (this.isCondemned(task)) this.#condemned.add(task);
    this.#waitingAt.set(node, (this.#waitingAt.get(node) ?? 0) + 1);
  }

  /** A suspect waits no more: it is sent out, has failed, or is given up. */
  drop(task: number): void {
    const node = this.#waiting.get(task);
    if (node === undefined) return;
    this.#waiting.delete(task);
    this.#condemned.delete(task);
    const left = (this.#waitingAt.get(node) ?? 1) - 1;
    if (left > 0) this.#waitingAt.set(node, left);
    else this.#waitingAt.delete(node);
  }

  /** Those that wait, by node. */
  groups(): SuspectGroup[] {
    const byNode = new Map<number, number[]>();
    for (const [task, node] of this.#waiting) {
      const tasks = byNode.get(node);
      if (tasks) tasks.push(task);
      else byNode.set(node, [task]);
    }
    return [...byNode].map(([node, tasks]) => ({ node, tasks: tasks.sort((a, b) => a - b) }));
  }

  /** Whether a task is to be recorded as failed instead of being run again. */
  isCondemned(task: number): boolean {
    return this.#chargesOf(task) >= chargesAllowed;
  }

  /** One that is to be recorded as failed. */
  condemned(): SuspectGroup | undefined {
    const [task] = this.#condemned;
    const node = task === undefined ? undefined : this.#waiting.get(task);
    return task === undefined || node === undefined ? undefined : { node, tasks: [task] };
  }

  /**
   * Those whose turn it is: of all that may go, those with the fewest charges.
   * @param roomAt tasks that may be sent to a node together; 0 when none may
   * @param keepsOrder whether a node takes its tasks in order
   */
  next(roomAt: (node: number) => number, keepsOrder: (node: number) => boolean): SuspectGroup | undefined {
    let best: SuspectGroup | undefined;
    for (const { node, tasks } of this.groups()) {
      const room = roomAt(node);
      if (room <= 0) continue;
      if (!keepsOrder(node)) tasks.sort((a, b) => this.#weight(a) - this.#weight(b) || a - b);
      const found = { node, tasks: this.#cut(tasks, room) };
      if (!best || this.#weight(found.tasks[0]) < this.#weight(best.tasks[0])) best = found;
    }
    return best;
  }

  /** Whether what has been recorded must be committed before anything more is sent out. Asking clears it. */
  takeNeedsCommit(): boolean {
    const needs = this.#needsCommit;
    this.#needsCommit = false;
    return needs;
  }

  /** Says so. */
  needCommit(): void {
    this.#needsCommit = true;
  }

  /** Takes in an entry of the journal. */
  take(entry: JournalEntry): void {
    if (this.#careful) {
      this.#careful.until ??= entry.at + carefulMs;
      if (entry.at >= this.#careful.until) this.#endCareful();
    }
    switch (entry.kind) {
      case 'start':
        this.#hasLeft = false;
        if (this.#careful) this.#careful.hasBegun = true;
        this.#underWay.set(entry.range?.[0] ?? entry.tasks[0] ?? 0, entry);
        return;
      case 'attempt':
        this.#isOver(entry.node, entry.tasks);
        if (this.#suspicions.size > 0) {
          entry.tasks.forEach((task, i) => {
            if (entry.ends?.[i] === attemptEnd.failed && this.isCondemned(task)) this.#culprits.add(task);
            this.#suspicions.delete(task);
          });
        }
        this.#count(
          -(entry.tasks.length - (entry.ends?.filter((end) => end === attemptEnd.retry).length ?? 0)),
        );
        return;
      case 'duplicate':
      case 'cancel':
        for (const task of entry.tasks) {
          this.#suspicions.delete(task);
          this.drop(task);
        }
        this.#count(-entry.tasks.length);
        return;
      case 'deliver':
        if (!entry.parents) this.#comesFromOutside();
        this.#count(countOf(entry));
        return;
      case 'redeliver':
        this.#comesFromOutside();
        this.#count(entry.tasks.length);
        for (const task of entry.tasks) {
          if (this.#culprits.delete(task))
            this.#suspicions.set(task, { charges: chargesAllowed - 1, isNarrowed: true });
        }
        return;
      case 'leave':
        this.#hasLeft = true;
        this.#underWay.clear();
    }
  }

  /** The host has died where the journal stands now. */
  die({ left, isLast, isWaiting }: Death): void {
    const starts = [...this.#underWay.values()];
    const started = new Set(starts.flatMap(tasksOfStart).filter(isWaiting));
    const ranAlone = starts.some((start) => start.alone);
    const wasLast = left === 1 && starts.every(({ node }) => isLast(node));
    const isCertain = started.size === 1 && (ranAlone || this.isCareful || wasLast);
    for (const task of started) {
      const charges = this.#chargesOf(task) + (isCertain ? 1 : 0);
      const isNarrowed = ranAlone || this.#suspicions.get(task)?.isNarrowed === true;
      this.#suspicions.set(task, { charges, isNarrowed });
    }
    const until = started.size > 0 ? undefined : Number.POSITIVE_INFINITY;
    this.#careful = this.#hasLeft ? undefined : { until, left, hasBegun: false };
    this.#underWay.clear();
    this.#hasLeft = false;
  }

  #chargesOf(task: number): number {
    return this.#suspicions.get(task)?.charges ?? 0;
  }

  /** By which those that are less likely to be at fault come first. */
  #weight(task = 0): number {
    return this.#chargesOf(task) * 2 + (this.#suspicions.get(task)?.isNarrowed ? 1 : 0);
  }

  /** The first of these, or a group of them where there are many that nothing more is known of. */
  #cut(tasks: number[], room: number): number[] {
    if (tasks.length <= fewEnough) return tasks.slice(0, 1);
    const known = tasks.findIndex((task) => this.#weight(task) > 0);
    const unknown = known === -1 ? tasks.length : known;
    return tasks.slice(0, Math.max(1, Math.min(unknown, room, groupSize)));
  }

  /** A batch has come back; whatever became of its tasks, they are not under way. */
  #isOver(node: string, tasks: readonly number[]): void {
    const [first = 0] = tasks;
    if (this.#underWay.get(first)?.node === node) {
      this.#underWay.delete(first);
      return;
    }
    for (const [key, start] of this.#underWay) {
      if (start.node === node && tasksOfStart(start).includes(first)) this.#underWay.delete(key);
    }
  }

  /** Counts tasks that have come or, below 0, have ended. */
  #count(tasks: number): void {
    if (this.#careful) this.#careful.left += tasks;
  }

  /** What comes does not come of tasks of the run; where these have all ended, what they may have done is over. */
  #comesFromOutside(): void {
    // Inputs come one after the other, and some of them may end before the others come.
    if (this.#careful?.hasBegun && this.#careful.left === 0) this.#endCareful();
  }

  #endCareful(): void {
    this.#careful = undefined;
    this.#needsCommit = true;
  }
}

/** The error of a task that took its host down. */
export const hostDied = (): WireError => toBareWireError(new HostDiedError(chargesAllowed));
