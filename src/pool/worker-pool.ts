/**
 * A pool of warm workers of one kind. Batches wait in one line, first come, first served; workers are made when a
 * batch finds none idle and the limit permits, and stay for the next.
 *
 * A worker that had to ask for each next batch would stand still meanwhile, the longer the busier the engine's thread
 * is. So one that is at a short batch may be sent another short one, which waits in the worker itself. Should it wait
 * there for long after all, while other workers have nothing to do, it is taken back and counts as lost.
 */
import type { Clock } from '../engine/clock.ts';
import type { Batch, BatchOutcome } from '../engine/executor.ts';
import type { Pack } from '../engine/values/packed.ts';
import { HandloomError } from '../errors.ts';
import { blame, heldUpBy, isHeldForGood, isLoading } from './blame.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { Deadline } from './deadline.ts';
import { settleDeath } from './death.ts';
import { failureOf } from './failures.ts';
import { createFlight, type Flight, firstOf, type Slot } from './flight.ts';
import { failWhole } from './node-runner.ts';
import { PartCollector } from './part-collector.ts';
import { type Answer, isOfRun, type Note, type Program } from './program.ts';

export interface WorkerPoolOptions extends CrewOptions {
  clock: Clock;
  onProgress?: (batch: Batch, index: number, fraction: number) => void;
}

export interface PoolStats {
  alive: number;
  busy: number;
}

/** How long making a program's code may take, the start of the worker included, in milliseconds. */
export const loadMs = 15_000;

/**
 * In batches of at most this many tasks, workers tell the start of each. In larger ones tasks are short, and a message
 * for each would cost more than they do, so starts are told now and then: enough to know in time that some task blocks
 * the worker, not which. Its batch is then lost and run again under a closer look.
 */
const exactUpTo = 32;

/** How long the code of a cancelled run gets to stop by itself, in milliseconds. */
export const abortGraceMs = 300;

/** How long a batch waits in a worker before an idle one takes it over, in milliseconds. */
export const patienceMs = 100;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #crew: Crew;
  #queue: Flight[] = [];
  /** Programs one of whose tasks blocked a worker, without it being known which. */
  readonly #exact = new Set<string>();
  #closed = false;
  #drained: (() => void)[] = [];

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#crew = new Crew(options, {
      noted: (slot, note) => this.#noted(slot, note),
      died: (slot, reason) => this.#died(slot, reason),
    });
  }

  get stats(): PoolStats {
    let busy = 0;
    for (const slot of this.#crew.slots) if (slot.flights.size) busy++;
    return { alive: this.#crew.slots.size, busy };
  }

  /**
   * Runs a batch when its turn comes. Never rejects.
   * @param pack takes in what its tasks give in parts
   * @param chain programs of the nodes in the batch's `chain`
   */
  submit(program: Program, batch: Batch, pack?: Pack, chain: readonly Program[] = []): Promise<BatchOutcome> {
    return new Promise((resolve) => {
      const few = program.interleaved || batch.tasks.length <= exactUpTo;
      const exact = few || this.#exact.has(program.key);
      const parts = pack && new PartCollector(batch.tasks.length, pack);
      const flight = createFlight(program, batch, exact, chain, parts, resolve);
      if (this.#closed) return flight.settle({ kind: 'cancelled' });
      this.#queue.push(flight);
      this.#pump();
    });
  }

  /** Makes workers before there is work for them, `count` or as many as the limit permits. */
  warm(count: number): void {
    try {
      while (this.#crew.slots.size < count && this.#crew.spawn());
    } catch {
      // The first batch tries again, and tells what is wrong.
    }
  }

  /** Changes the most workers at once; idle ones beyond it are ended. */
  setLimit(limit: number): void {
    this.#crew.limit = limit;
    for (const slot of [...this.#crew.slots]) {
      if (this.#crew.slots.size > limit && !slot.flights.size) this.#crew.remove(slot);
    }
    this.#pump();
  }

  /** Settles what a run has under way as cancelled, and ends the workers that do not stop by themselves. */
  cancel(run: string): void {
    for (const flight of this.#takeQueued(run)) flight.settle({ kind: 'cancelled' });
    for (const slot of this.#crew.slots) {
      const doomed = [...slot.flights.values()].filter(({ batch }) => batch.run === run);
      if (!doomed.length) continue;
      for (const flight of doomed) {
        flight.settle({ kind: 'cancelled' });
        slot.handle.abort(flight.batch.id);
        if (this.#isUnderWay(slot, flight)) this.#expectEnd(slot, flight);
      }
    }
    this.#checkDrained();
  }

  /** Drops the code of a run that has ended. */
  forget(run: string): void {
    for (const key of this.#exact) if (isOfRun(key, run)) this.#exact.delete(key);
    this.#crew.forget(run);
  }

  /** Resolves when nothing waits or runs. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#checkDrained();
    });
  }

  /** Ends every worker; what is under way counts as cancelled. */
  close(): void {
    this.#closed = true;
    for (const flight of this.#queue.splice(0)) flight.settle({ kind: 'cancelled' });
    for (const slot of [...this.#crew.slots]) {
      for (const flight of slot.flights.values()) flight.settle({ kind: 'cancelled' });
      this.#crew.remove(slot);
    }
    this.#checkDrained();
  }

  #pump(): void {
    while (this.#queue.length && !this.#closed) {
      const flight = this.#queue[0]!;
      let slot: Slot | undefined;
      try {
        slot = this.#crew.idle(flight) ?? this.#crew.spawn() ?? this.#crew.soonIdle(flight);
      } catch (error) {
        this.#queue.shift();
        const reason = `it could not be started: ${failureOf(error).message}`;
        flight.settle({ kind: 'died', reason, worker: this.#options.kind });
        continue;
      }
      if (!slot) return;
      this.#queue.shift();
      this.#start(flight, slot);
    }
    this.#checkDrained();
  }

  #start(flight: Flight, slot: Slot): void {
    const { program, batch } = flight;
    slot.flights.set(batch.id, flight);
    flight.sentAt = this.#options.clock.now();
    slot.tasks += batch.tasks.length;
    if (slot.tasks >= (program.maxTasksPerWorker ?? Number.POSITIVE_INFINITY)) slot.retiring = true;
    const missing = [program, ...flight.chain].filter(({ key }) => !slot.installed.has(key));
    for (const each of missing) {
      slot.installed.set(each.key, each);
      slot.handle.install(each);
    }
    flight.loads = missing.length > 0;
    if (this.#isUnderWay(slot, flight)) this.#begin(slot, flight);
    else this.#watch(slot, flight);
    if (program.timeoutMs !== undefined) {
      flight.deadline = new Deadline(this.#options.clock, program.timeoutMs, () =>
        this.#blocked(slot, flight),
      );
    }
    slot.handle.run(program.key, batch, { exact: flight.exact, inParts: flight.parts !== undefined }).then(
      (answer) => this.#answered(slot, flight, answer),
      (error: unknown) => {
        const result = { ...failWhole(batch, error), worker: slot.handle.name };
        this.#answered(slot, flight, { result, unsettled: false });
      },
    );
  }

  /** Whether the worker is at it, rather than at one that was sent before. */
  #isUnderWay(slot: Slot, flight: Flight): boolean {
    return this.#crew.isSideBySide || firstOf(slot) === flight;
  }

  /** The worker comes to this flight. */
  #begin(slot: Slot, flight: Flight): void {
    flight.stopWatch?.();
    // It was given up while it waited; its worker knows unless it was quicker.
    if (flight.settled) return this.#expectEnd(slot, flight);
    if (!flight.loads) return;
    flight.loading = new Deadline(this.#options.clock, loadMs, () => this.#unloadable(slot, flight));
    flight.loading.started();
  }

  /** Ends the worker unless it soon answers a flight that has been given up. */
  #expectEnd(slot: Slot, { batch }: Flight): void {
    this.#options.clock.after(abortGraceMs, () => {
      if (slot.flights.has(batch.id)) this.#end(slot, 'another run was cancelled');
    });
  }

  /** Takes a flight back that waits for long, as soon as another worker could have it. */
  #watch(slot: Slot, flight: Flight): void {
    flight.stopWatch = this.#options.clock.after(patienceMs, () => {
      if (!slot.flights.has(flight.batch.id) || this.#isUnderWay(slot, flight)) return;
      if (!this.#crew.hasIdle) return this.#watch(slot, flight);
      slot.handle.abort(flight.batch.id);
      flight.settle({ kind: 'lost', reason: 'the batch before it took long' });
    });
  }

  #answered(slot: Slot, flight: Flight, { result, unsettled }: Answer): void {
    if (!slot.flights.delete(flight.batch.id)) return;
    if (slot.current?.batch === flight.batch.id) slot.current = undefined;
    this.#crew.expected.learn(flight.program.key, flight.batch.tasks.length, result);
    slot.hasAnswered = true;
    if (unsettled) slot.retiring = true;
    const next = firstOf(slot);
    if (!next) {
      if (slot.retiring || this.#crew.slots.size > this.#crew.limit) this.#crew.remove(slot);
    } else if (!this.#crew.isSideBySide) {
      // What waited is not to run beside code that goes on after its time.
      if (unsettled) this.#lose(slot, 'code of the batch before it goes on after its time');
      else this.#begin(slot, next);
    }
    // Make room before the engine hears of it, so that what it sends next finds the worker idle.
    flight.settle({ kind: 'done', result: flight.parts?.end(result) ?? result });
    this.#pump();
  }

  #noted(slot: Slot, note: Note): void {
    const { batch, index } = note;
    const flight = slot.flights.get(batch);
    if (!flight || index < 0 || index >= flight.batch.tasks.length) return;
    if (note.note === 'loading') flight.isLoadBegun = true;
    else if (note.note === 'loaded') {
      flight.loading?.stop();
      delete flight.loading;
    } else if (note.note === 'start') {
      // By the worker's word, which may be false.
      const at = Math.min(this.#options.clock.now(), Math.max(flight.sentAt, note.at));
      flight.lastStarted = { index, at };
      slot.current = { batch, index, at };
      if (!flight.settled) flight.deadline?.started(at);
    } else if (note.note === 'yield') {
      if (slot.current?.batch === batch && slot.current.index === index) slot.current = undefined;
    } else this.#options.onProgress?.(flight.batch, index, note.fraction);
  }

  /** The code of this flight's program could not be made in time: it loops, or waits for what never comes. */
  #unloadable(slot: Slot, flight: Flight): void {
    const since = this.#options.clock.now() - loadMs;
    const holders = heldUpBy(slot, flight, since);
    if (holders.length > 0) {
      // Code that is being made may as well be what holds up the others.
      const anyOf = isLoading(flight) ? [...holders, flight] : holders;
      return isHeldForGood(holders, since) ? this.#runApart(slot, anyOf) : flight.loading?.postpone();
    }
    const message = `The code of this node was not ready to run within ${loadMs / 1000} s.`;
    const result = failWhole(flight.batch, new HandloomError('load_timeout', message));
    flight.settle({ kind: 'done', result: { ...result, worker: slot.handle.name } });
    this.#end(slot, 'the code of another node could not be made ready');
  }

  /** A worker has not answered within the limit of this flight's task. */
  #blocked(slot: Slot, flight: Flight): void {
    const verdict = blame(slot, flight, this.#crew.isSideBySide);
    if (verdict === 'later') return flight.deadline?.postpone();
    if ('anyOf' in verdict) return this.#runApart(slot, verdict.anyOf);
    const { culprit, start } = verdict;
    const task = { index: start.index, begunAt: start.at, worker: slot.handle.name };
    if (culprit !== flight) {
      const reason =
        'it blocked the event loop that it shares with other tasks; mode "thread" is for computing';
      culprit.settle({ kind: 'died', reason, ...task });
      return this.#end(slot, reason);
    }
    if (!flight.exact) {
      this.#exact.add(flight.program.key);
      return this.#end(slot, 'one of its tasks exceeded its time limit; they are run again to see which');
    }
    flight.settle({ kind: 'timeout', ...task });
    this.#end(slot, 'another task exceeded its time limit');
  }

  /** Ends a worker whose event loop some task of these blocks, nobody knows which. */
  #runApart(slot: Slot, begun: readonly Flight[]): void {
    const reason = 'a task blocked the event loop, they are run again one by one to see which';
    for (const each of begun) each.settle({ kind: 'lost', reason, apart: true });
    this.#end(slot, reason);
  }

  #died(slot: Slot, reason: string): void {
    settleDeath(slot, reason, this.#crew.isSideBySide);
    this.#crew.remove(slot);
    this.#pump();
  }

  /** Ends a worker; batches on it that have no outcome yet are lost through no fault of theirs. */
  #end(slot: Slot, reason: string): void {
    this.#lose(slot, reason);
    this.#pump();
  }

  #lose(slot: Slot, reason: string): void {
    for (const flight of slot.flights.values()) flight.settle({ kind: 'lost', reason });
    this.#crew.remove(slot);
  }

  #takeQueued(run: string): Flight[] {
    const taken = this.#queue.filter(({ batch }) => batch.run === run);
    if (taken.length) this.#queue = this.#queue.filter(({ batch }) => batch.run !== run);
    return taken;
  }

  #checkDrained(): void {
    if (!this.#drained.length || this.#queue.length) return;
    for (const slot of this.#crew.slots) if (slot.flights.size) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
