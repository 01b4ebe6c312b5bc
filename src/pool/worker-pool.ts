/**
 * A pool of warm workers of one kind. Batches wait in one line, first come, first served; workers are made when a
 * batch finds none idle and the limit permits, and stay for the next.
 */
import type { Clock } from '../engine/clock.ts';
import type { Batch, BatchOutcome } from '../engine/executor.ts';
import { HandloomError } from '../errors.ts';
import { ComlinkHandle } from './comlink-handle.ts';
import type { ContextBroker } from './context-broker.ts';
import { Deadline } from './deadline.ts';
import { failureOf } from './failures.ts';
import { createFlight, type Flight, type Slot } from './flight.ts';
import { failWhole } from './node-runner.ts';
import { type Answer, isOfRun, type Note, type Program } from './program.ts';
import type { Spawn } from './worker-handle.ts';

export interface WorkerPoolOptions {
  /** Names its workers: `thread 1`, `thread 2`, … */
  kind: string;
  spawn: Spawn;
  broker: ContextBroker;
  clock: Clock;
  /** Most workers at once. */
  limit: number;
  /** Batches a worker may have at once. @default 1 */
  batchesPerWorker?: number;
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

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  #limit: number;
  readonly #slots = new Set<Slot>();
  #queue: Flight[] = [];
  /** Programs one of whose tasks blocked a worker, without it being known which. */
  readonly #exact = new Set<string>();
  #made = 0;
  #closed = false;
  #drained: (() => void)[] = [];

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#limit = options.limit;
  }

  get stats(): PoolStats {
    let busy = 0;
    for (const slot of this.#slots) if (slot.flights.size) busy++;
    return { alive: this.#slots.size, busy };
  }

  /** Runs a batch when its turn comes. Never rejects. @param chain programs of the nodes in the batch's `chain` */
  submit(program: Program, batch: Batch, chain: readonly Program[] = []): Promise<BatchOutcome> {
    return new Promise((resolve) => {
      const few = program.interleaved || batch.tasks.length <= exactUpTo;
      const flight = createFlight(program, batch, few || this.#exact.has(program.key), chain, resolve);
      if (this.#closed) return flight.settle({ kind: 'cancelled' });
      this.#queue.push(flight);
      this.#pump();
    });
  }

  /** Makes workers before there is work for them, `count` or as many as the limit permits. */
  warm(count: number): void {
    try {
      while (this.#slots.size < count && this.#spawn());
    } catch {
      // The first batch tries again, and tells what is wrong.
    }
  }

  /** Changes the most workers at once; idle ones beyond it are ended. */
  setLimit(limit: number): void {
    this.#limit = limit;
    for (const slot of [...this.#slots]) {
      if (this.#slots.size > limit && !slot.flights.size) this.#remove(slot);
    }
    this.#pump();
  }

  /** Settles what a run has under way as cancelled, and ends the workers that do not stop by themselves. */
  cancel(run: string): void {
    for (const flight of this.#takeQueued(run)) flight.settle({ kind: 'cancelled' });
    for (const slot of this.#slots) {
      const doomed = [...slot.flights.values()].filter(({ batch }) => batch.run === run);
      if (!doomed.length) continue;
      for (const flight of doomed) {
        flight.settle({ kind: 'cancelled' });
        slot.handle.abort(flight.batch.id);
      }
      this.#options.clock.after(abortGraceMs, () => {
        if (doomed.some(({ batch }) => slot.flights.has(batch.id)))
          this.#end(slot, 'another run was cancelled');
      });
    }
    this.#checkDrained();
  }

  /** Drops the code of a run that has ended. */
  forget(run: string): void {
    for (const key of this.#exact) if (isOfRun(key, run)) this.#exact.delete(key);
    for (const { installed, handle } of this.#slots) {
      let known = false;
      for (const [key, program] of installed) if (program.run === run) known = installed.delete(key);
      if (known) handle.forget(run);
    }
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
    for (const slot of [...this.#slots]) {
      for (const flight of slot.flights.values()) flight.settle({ kind: 'cancelled' });
      this.#remove(slot);
    }
    this.#checkDrained();
  }

  #pump(): void {
    while (this.#queue.length && !this.#closed) {
      const flight = this.#queue[0]!;
      let slot: Slot | undefined;
      try {
        slot = this.#idle(flight.program.key) ?? this.#spawn();
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

  /** A worker with room for a batch; rather one that has the program already. */
  #idle(key: string): Slot | undefined {
    let any: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.retiring || slot.flights.size >= (this.#options.batchesPerWorker ?? 1)) continue;
      if (slot.installed.has(key)) return slot;
      any ??= slot;
    }
    return any;
  }

  #spawn(): Slot | undefined {
    let staying = 0;
    for (const slot of this.#slots) if (!slot.retiring) staying++;
    if (staying >= this.#limit) return undefined;
    const { kind, spawn, broker } = this.#options;
    const name = `${kind} ${++this.#made}`;
    const flights = new Map<number, Flight>();
    const slot: Slot = {
      flights,
      installed: new Map(),
      tasks: 0,
      retiring: false,
      current: undefined,
      handle: new ComlinkHandle(
        name,
        spawn(name),
        broker.forWorker((batch) => jobOf(flights, batch)),
        { note: (note) => this.#noted(slot, note), ended: (reason) => this.#died(slot, reason) },
      ),
    };
    this.#slots.add(slot);
    return slot;
  }

  #start(flight: Flight, slot: Slot): void {
    const { program, batch } = flight;
    slot.flights.set(batch.id, flight);
    slot.tasks += batch.tasks.length;
    if (slot.tasks >= (program.maxTasksPerWorker ?? Number.POSITIVE_INFINITY)) slot.retiring = true;
    const missing = [program, ...flight.chain].filter(({ key }) => !slot.installed.has(key));
    for (const each of missing) {
      slot.installed.set(each.key, each);
      slot.handle.install(each);
    }
    if (missing.length > 0) {
      flight.loading = new Deadline(this.#options.clock, loadMs, () => this.#unloadable(slot, flight));
      flight.loading.started();
    }
    if (program.timeoutMs !== undefined) {
      flight.deadline = new Deadline(this.#options.clock, program.timeoutMs, () =>
        this.#blocked(slot, flight),
      );
    }
    slot.handle.run(program.key, batch, flight.exact).then(
      (answer) => this.#answered(slot, flight, answer),
      (error: unknown) => {
        const result = { ...failWhole(batch, error), worker: slot.handle.name };
        this.#answered(slot, flight, { result, unsettled: false });
      },
    );
  }

  #answered(slot: Slot, flight: Flight, { result, unsettled }: Answer): void {
    if (!slot.flights.delete(flight.batch.id)) return;
    if (slot.current?.batch === flight.batch.id) slot.current = undefined;
    if (unsettled) slot.retiring = true;
    if (!slot.flights.size && (slot.retiring || this.#slots.size > this.#limit)) this.#remove(slot);
    // Make room before the engine hears of it, so that what it sends next finds the worker idle.
    flight.settle({ kind: 'done', result });
    this.#pump();
  }

  #noted(slot: Slot, { note, batch, index, ...rest }: Note): void {
    const flight = slot.flights.get(batch);
    if (!flight || index < 0 || index >= flight.batch.tasks.length) return;
    if (note === 'loaded') {
      flight.loading?.stop();
      delete flight.loading;
    } else if (note === 'start') {
      flight.lastStarted = index;
      slot.current = { batch, index };
      if (!flight.settled) flight.deadline?.started();
    } else if (note === 'yield') {
      if (slot.current?.batch === batch && slot.current.index === index) slot.current = undefined;
    } else if ('fraction' in rest) {
      this.#options.onProgress?.(flight.batch, index, rest.fraction);
    }
  }

  /** The code of this flight's program could not be made in time: it loops, or waits for what never comes. */
  #unloadable(slot: Slot, flight: Flight): void {
    if (slot.current && slot.current.batch !== flight.batch.id) return flight.loading?.postpone();
    const message = `The code of this node was not ready to run within ${loadMs / 1000} s.`;
    const result = failWhole(flight.batch, new HandloomError('load_timeout', message));
    flight.settle({ kind: 'done', result: { ...result, worker: slot.handle.name } });
    this.#end(slot, 'the code of another node could not be made ready');
  }

  /** A worker has not answered within the limit of this flight's task. */
  #blocked(slot: Slot, flight: Flight): void {
    for (const other of slot.flights.values()) if (other.loading) return flight.deadline?.postpone();
    const worker = slot.handle.name;
    const current = slot.current;
    const culprit = current && slot.flights.get(current.batch);
    if (culprit && culprit !== flight && !culprit.settled) {
      // Another task holds the event loop. While that has time left, this one waits: its time is not its own fault.
      if (culprit.deadline) return flight.deadline?.postpone();
      const reason =
        'it blocked the event loop that it shares with other tasks; mode "thread" is for computing';
      culprit.settle({ kind: 'died', reason, index: current.index, worker });
      return this.#end(slot, reason);
    }
    if (!flight.exact) {
      this.#exact.add(flight.program.key);
      return this.#end(slot, 'one of its tasks exceeded its time limit; they are run again to see which');
    }
    const index = culprit === flight ? current!.index : (flight.lastStarted ?? 0);
    flight.settle({ kind: 'timeout', index, worker });
    this.#end(slot, 'another task exceeded its time limit');
  }

  #died(slot: Slot, reason: string): void {
    const worker = slot.handle.name;
    const known = slot.current && slot.flights.get(slot.current.batch);
    for (const flight of slot.flights.values()) {
      const alone = slot.flights.size === 1;
      if (known && flight !== known) flight.settle({ kind: 'lost', reason });
      else {
        const at = flight === known ? slot.current!.index : alone ? flight.lastStarted : undefined;
        const index = flight.exact ? at : undefined;
        flight.settle({ kind: 'died', reason, worker, ...(index !== undefined && { index }) });
      }
    }
    this.#remove(slot);
    this.#pump();
  }

  /** Ends a worker; batches on it that have no outcome yet are lost through no fault of theirs. */
  #end(slot: Slot, reason: string): void {
    for (const flight of slot.flights.values()) flight.settle({ kind: 'lost', reason });
    this.#remove(slot);
    this.#pump();
  }

  #remove(slot: Slot): void {
    slot.flights.clear();
    if (this.#slots.delete(slot)) slot.handle.kill();
  }

  #takeQueued(run: string): Flight[] {
    const taken = this.#queue.filter(({ batch }) => batch.run === run);
    if (taken.length) this.#queue = this.#queue.filter(({ batch }) => batch.run !== run);
    return taken;
  }

  #checkDrained(): void {
    if (!this.#drained.length || this.#queue.length) return;
    for (const slot of this.#slots) if (slot.flights.size) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

/** What a worker's call is made for: a batch, or one of the nodes it goes on to. */
function jobOf(flights: ReadonlyMap<number, Flight>, id: number): { run: string; node: string } | undefined {
  const flight = flights.get(id);
  if (flight) return flight.batch;
  for (const { batch } of flights.values()) {
    const link = batch.chain?.find((each) => each.id === id);
    if (link) return { run: batch.run, node: link.node };
  }
  return undefined;
}
