/**
 * What had been started when a host died may be what took it down, so it runs with nothing else under way. Found from
 * the journal alone, as the next host finds it.
 */
import type { Batch, BatchOutcome } from '../../src/engine/executor.ts';
import { type JournalEntry, tasksOfStart } from '../../src/engine/journal/journal.ts';
import type { Host } from './host.ts';
import { must } from './run-model.ts';

/** Of the run that a host has gone on with. */
interface Life {
  run: string;
  /** Tasks that were started in the life before, and have no end. */
  suspects: ReadonlySet<number>;
  underWay: Set<Batch>;
}

export class SuspectWatch {
  readonly #committed: (run: string) => readonly JournalEntry[];
  readonly #lives = new Map<Host, Life>();
  /** Tasks that have come back since, whatever became of them: they do not take their host down. */
  readonly #harmless = new Set<string>();

  constructor(committed: (run: string) => readonly JournalEntry[]) {
    this.#committed = committed;
  }

  /** A host has read the journal of a run, and goes on with it. */
  recovered(run: string, host: Host): void {
    this.#lives.set(host, { run, suspects: startedLast(this.#committed(run)), underWay: new Set() });
  }

  /** Told of each batch as a host hands it over. */
  sent(batch: Batch, host: Host): void {
    const life = this.#lives.get(host);
    if (life?.run !== batch.run || batch.tasks.length === 0) return;
    const others = [...life.underWay];
    life.underWay.add(batch);
    // One that was frozen hands over what it had begun before; nobody needs it any more.
    if (others.length === 0 || host.wasFrozen) return;
    const suspect = [batch, ...others].flatMap(({ run, tasks }) =>
      tasks.filter((task) => life.suspects.has(task) && !this.#harmless.has(`${run}/${task}`)),
    )[0];
    must(suspect === undefined, () => `task ${suspect} may have taken a host down, and runs beside others`);
  }

  cameBack(batch: Batch, { kind }: BatchOutcome, host: Host): void {
    this.#lives.get(host)?.underWay.delete(batch);
    if (kind === 'lost' || kind === 'cancelled') return;
    for (const task of batch.tasks) this.#harmless.add(`${batch.run}/${task}`);
  }

  /** The run has been ended; it may be brought back to life before what it had under way comes back. */
  gaveUp(run: string, host: Host): void {
    const life = this.#lives.get(host);
    if (life?.run === run) life.underWay.clear();
  }
}

/** Tasks that were started in the last life, without an end, unless that was left in good order. */
function startedLast(entries: readonly JournalEntry[]): Set<number> {
  let batches: Set<number>[] = [];
  for (const entry of entries) {
    if (entry.kind === 'leave' || (entry.kind === 'status' && entry.resumed)) batches = [];
    else if (entry.kind === 'start') {
      // A batch whose tasks are sent out anew has come back undone.
      const tasks = new Set(tasksOfStart(entry));
      batches = batches.filter((batch) => ![...batch].some((task) => tasks.has(task)));
      batches.push(tasks);
    } else if ('tasks' in entry)
      for (const task of entry.tasks) for (const batch of batches) batch.delete(task);
  }
  return new Set(batches.flatMap((batch) => [...batch]));
}
