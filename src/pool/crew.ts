/** The workers of a pool: makes them, knows which could take a batch, and ends them. */
import { ComlinkHandle } from './comlink-handle.ts';
import type { ContextBroker, Job } from './context-broker.ts';
import { ExpectedTime } from './expected-time.ts';
import { type Flight, firstOf, type Slot } from './flight.ts';
import type { Note } from './program.ts';
import type { Spawn } from './worker-handle.ts';

export interface CrewOptions {
  /** Names its workers: `thread 1`, `thread 2`, … */
  kind: string;
  spawn: Spawn;
  broker: ContextBroker;
  /** Most workers at once. */
  limit: number;
  /**
   * What a worker takes: one batch at a time; one, and a second that waits in it; or any number, side by side.
   * @default 'one'
   */
  intake?: 'one' | 'two' | 'sideBySide';
}

export interface CrewListener {
  noted(slot: Slot, note: Note): void;
  /** A worker has ended by itself. */
  died(slot: Slot, reason: string): void;
}

/** A batch is sent to a busy worker only if both are expected to take no longer than this each, in milliseconds. */
const shortMs = 50;

export class Crew {
  readonly slots = new Set<Slot>();
  /** What batches are expected to take. */
  readonly expected = new ExpectedTime();
  limit: number;
  readonly #options: CrewOptions;
  readonly #listener: CrewListener;
  #made = 0;

  constructor(options: CrewOptions, listener: CrewListener) {
    this.#options = options;
    this.#listener = listener;
    this.limit = options.limit;
  }

  /** Whether workers go through several batches at the same time, rather than one after the other. */
  get isSideBySide(): boolean {
    return this.#options.intake === 'sideBySide';
  }

  /** A worker that can begin a batch at once; rather one that has the program already. */
  idle(flight: Flight): Slot | undefined {
    let any: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.retiring || (slot.flights.size > 0 && !this.isSideBySide)) continue;
      if (!mayTake(slot, flight)) {
        if (slot.flights.size > 0) slot.retiring = true;
        else this.remove(slot);
        continue;
      }
      if (slot.installed.has(flight.program.key)) return slot;
      any ??= slot;
    }
    return any;
  }

  /** Whether some worker could begin a batch at once, one that is still to be made included. */
  get hasIdle(): boolean {
    for (const { retiring, flights } of this.slots) if (!retiring && flights.size === 0) return true;
    return this.#hasRoom;
  }

  /** The worker whose batch was sent first, of those in which this one may wait. */
  soonIdle(flight: Flight): Slot | undefined {
    const { program, batch } = flight;
    if (this.#options.intake !== 'two' || !program.mayWait || this.slots.size > this.limit) return undefined;
    if (this.expected.of(program.key, batch) > shortMs) return undefined;
    let soonest: { slot: Slot; batch: number } | undefined;
    for (const slot of this.slots) {
      const first = firstOf(slot);
      if (
        !first ||
        first.settled ||
        first.program.interleaved ||
        slot.flights.size > 1 ||
        slot.retiring ||
        !slot.hasAnswered ||
        !mayTake(slot, flight)
      )
        continue;
      if (this.expected.of(first.program.key, first.batch) > shortMs) continue;
      if (!soonest || first.batch.id < soonest.batch) soonest = { slot, batch: first.batch.id };
    }
    return soonest?.slot;
  }

  /** One worker more, if the limit permits. @throws whatever keeps it from being made */
  spawn(): Slot | undefined {
    if (!this.#hasRoom) return undefined;
    const { kind, spawn, broker } = this.#options;
    const name = `${kind} ${++this.#made}`;
    const flights = new Map<number, Flight>();
    const slot: Slot = {
      flights,
      installed: new Map(),
      tasks: 0,
      hasAnswered: false,
      retiring: false,
      current: undefined,
      handle: new ComlinkHandle(
        name,
        spawn(name),
        broker.forWorker((batch) => jobOf(flights, batch)),
        {
          note: (note) => this.#listener.noted(slot, note),
          ended: (reason) => this.#listener.died(slot, reason),
        },
      ),
    };
    this.slots.add(slot);
    return slot;
  }

  remove(slot: Slot): void {
    slot.flights.clear();
    if (this.slots.delete(slot)) slot.handle.kill();
  }

  /** Drops the code of a run that has ended. */
  forget(run: string): void {
    this.expected.forget(run);
    for (const { installed, handle } of this.slots) {
      let known = false;
      for (const [key, program] of installed) if (program.run === run) known = installed.delete(key);
      if (known) handle.forget(run);
    }
  }

  /** One at its last batch takes up as much of the machine as any other. */
  get #hasRoom(): boolean {
    return this.slots.size < this.limit;
  }
}

/** Whether a worker has not been given so many tasks that with these it would have had too many. */
const mayTake = ({ tasks }: Slot, { program: { maxTasksPerWorker }, batch }: Flight): boolean =>
  maxTasksPerWorker === undefined || tasks === 0 || tasks + batch.tasks.length <= maxTasksPerWorker;

/** What a worker's call is made for: a batch, or one of the nodes it goes on to. */
function jobOf(flights: ReadonlyMap<number, Flight>, id: number): Job | undefined {
  const flight = flights.get(id);
  if (flight) return { ...flight.batch, parts: flight.parts };
  for (const { batch } of flights.values()) {
    const link = batch.chain?.find((each) => each.id === id);
    if (link) return { run: batch.run, node: link.node };
  }
  return undefined;
}
