/** A host in a simulated world: an engine with a clock, a store and workers that all end with it. */
import { Engine } from '../../src/engine/engine.ts';
import type { step } from '../../src/engine/scheduler/scheduler.ts';
import { compile } from '../../src/nodes/compile.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';
import { Chance } from './chance.ts';
import { type ExecutorWatch, FaultyExecutor } from './faulty-executor.ts';
import { HostClock } from './host-clock.ts';
import { simulationRegistry } from './node-types.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

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
  isFrozen = false;
  /** Others may have taken it for dead. */
  wasFrozen = false;
  /** It stays only for a while, and nobody talks to it. */
  isVisiting = false;
  /** How much of what people have asked of it has not been answered. */
  asked = 0;
  /** It has not found out yet what there is to do. */
  isBooting = true;
  readonly #clock: HostClock;
  readonly #disk: SimulatedDisk;

  constructor({ name, scenario, clock, disk, chance, watch, step, newId, isAlive }: HostParts) {
    this.name = name;
    this.#clock = new HostClock(clock);
    this.#disk = disk;
    this.executor = new FaultyExecutor({
      clock: this.#clock,
      chance,
      partChance: new Chance(scenario.seed, `${name}'s parts`),
      plan: scenario.faults,
      parallelism: scenario.parallelism,
      watch,
    });
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

  get isAwake(): boolean {
    return this.isAlive && !this.isFrozen;
  }

  keeps(run: string): boolean {
    return this.engine.liveRuns().includes(run);
  }

  /** Ends it here and now: commits under way may or may not have got through. */
  die(): void {
    this.isAlive = false;
    this.#clock.stop();
    this.#disk.losePower(this.name);
  }

  /** Lets nothing of it go on: as a laptop's lid that is closed, or a process that is stopped. */
  freeze(): void {
    this.isFrozen = true;
    this.wasFrozen = true;
    this.#clock.freeze();
    this.#disk.freeze(this.name);
  }

  /** It goes on as if nothing had happened. */
  thaw(): void {
    this.isFrozen = false;
    this.#disk.thaw(this.name);
    this.#clock.thaw();
  }
}
