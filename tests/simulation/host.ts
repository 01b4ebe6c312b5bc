/** A host in a simulated world: an engine with a clock, a store and workers that all end with it. */
import type { Clock } from '../../src/engine/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { step } from '../../src/engine/scheduler.ts';
import { compile } from '../../src/nodes/compile.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';
import type { Chance } from './chance.ts';
import { type ExecutorWatch, FaultyExecutor } from './faulty-executor.ts';
import { simulationRegistry } from './node-types.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

/** Parts of a millisecond that time goes by in: sums of them are exact, and timers never fire too soon. */
const grain = 64;

/** Time as one host sees it: it stands still when the host is no more. */
class HostClock implements Clock {
  readonly #clock: SimulatedClock;
  readonly #pending = new Set<() => void>();
  #isStopped = false;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, fn: () => void): () => void {
    if (this.#isStopped) return () => {};
    const takeBack = this.#clock.after(Math.ceil(ms * grain) / grain, () => {
      this.#pending.delete(takeBack);
      fn();
    });
    this.#pending.add(takeBack);
    return () => {
      this.#pending.delete(takeBack);
      takeBack();
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const takeBack of this.#pending) takeBack();
    this.#pending.clear();
  }
}

export interface HostParts {
  name: string;
  scenario: Scenario;
  clock: SimulatedClock;
  disk: SimulatedDisk;
  chance: Chance;
  watch: ExecutorWatch;
  step: typeof step;
  newId: () => string;
  isAlive: (host: string) => boolean;
}

export class Host {
  readonly name: string;
  readonly engine: Engine;
  readonly executor: FaultyExecutor;
  isAlive = true;
  readonly #clock: HostClock;
  readonly #disk: SimulatedDisk;

  constructor({ name, scenario, clock, disk, chance, watch, step, newId, isAlive }: HostParts) {
    this.name = name;
    this.#clock = new HostClock(clock);
    this.#disk = disk;
    this.executor = new FaultyExecutor(this.#clock, chance, scenario.faults, scenario.parallelism, watch);
    this.engine = new Engine({
      store: disk.openedBy(name),
      executor: this.executor,
      registry: simulationRegistry,
      clock: this.#clock,
      newId,
      tools: { compile },
      random: chance.next,
      queueMemory: scenario.faults.queueMemory,
      owner: name,
      isAlive,
      step,
    });
  }

  /** Ends it here and now: commits under way may or may not have got through. */
  die(): void {
    this.isAlive = false;
    this.#clock.stop();
    this.#disk.losePower(this.name);
  }
}
