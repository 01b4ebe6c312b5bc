/**
 * A whole run in a simulated world, from a seed to the last look at its journal. Hosts are started, die, and are
 * started again until the run has ended; nothing takes real time, and nothing is left to real chance.
 */
import { tasksOfStart } from '../../src/engine/journal.ts';
import type { SchedulerEvent } from '../../src/engine/scheduler.ts';
import type { Commands } from '../../src/engine/scheduler-state.ts';
import { ConflictError, StoreError } from '../../src/errors.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { SimulatedClock } from '../engine/simulated-clock.ts';
import { Chance } from './chance.ts';
import { CheckedScheduler } from './checked-scheduler.ts';
import { type Fate, fateOf } from './fate.ts';
import { type GraphFacts, graphFacts } from './graph-facts.ts';
import { Host } from './host.ts';
import { must, Violation } from './run-model.ts';
import type { Action, Scenario } from './scenario.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { Trace } from './trace.ts';

/** Timers that may fire before a run counts as one that never ends. */
const longestRun = 10_000;

export class Simulation {
  readonly scenario: Scenario;
  readonly facts: GraphFacts;
  readonly fate: Fate;
  readonly clock = new SimulatedClock();
  readonly disk: SimulatedDisk;
  readonly trace: Trace;
  host: Host;
  /** Id of the run, once its host has said that it is under way. */
  id: string | undefined;
  /** Rounds in which failed tasks were tried again after the end. */
  rounds = 0;
  readonly #chance: Chance;
  readonly #scheduler: CheckedScheduler;
  readonly #actions: Action[];
  readonly #effects = new Map<string, unknown>();
  #failure: unknown;
  #hosts = 0;
  #ids = 0;
  #turn = 0;
  #isBooting = false;
  #injected = new Map<string, number>();

  constructor(scenario: Scenario, trace = new Trace()) {
    const { seed, graph, faults } = scenario;
    this.scenario = scenario;
    this.trace = trace;
    this.#actions = [...scenario.actions];
    this.facts = graphFacts(graph);
    this.fate = fateOf(seed, graph, faults);
    this.#chance = new Chance(seed, 'world');
    this.disk = new SimulatedDisk(this.clock, new Chance(seed, 'disk'), faults);
    this.#scheduler = new CheckedScheduler({
      facts: this.facts,
      edges: graph.edges,
      keepOpen: scenario.keepOpen,
      parallelism: scenario.parallelism,
      committed: (run) => this.disk.entries.get(run) ?? [],
      isRepeated: () => this.#chance.happens(faults.repeat),
      trace: (event, commands) => this.#traceStep(event, commands),
      onViolation: (error) => this.fail(error),
    });
    this.host = this.#boot();
  }

  /** Lets the run come to its end. @throws Violation and whatever else must not happen */
  async run(): Promise<void> {
    for (; this.#turn < longestRun; this.#turn++) {
      await this.#drain();
      this.#act();
      await this.#drain();
      if (this.#isOver()) {
        if (this.rounds === this.scenario.finalRetries) return;
        this.rounds++;
        this.#perform({ kind: 'retry', turn: this.#turn });
      } else if (!this.clock.next()) {
        this.#unstick();
      }
    }
    throw new Violation(`the run has not ended after ${longestRun} timers`);
  }

  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** The summary that was committed last. */
  get summary() {
    return this.disk.summaries.get(this.id ?? '');
  }

  /** Lets everything happen that needs no time. */
  async #drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #isOver(): boolean {
    const { id, host } = this;
    if (id === undefined || this.#isBooting || !host.isAlive) return false;
    return hasEnded(this.summary?.status ?? 'pending') && !host.engine.liveRuns().includes(id);
  }

  #boot(): Host {
    const name = `host-${++this.#hosts}`;
    this.trace.add(this.clock.now(), name, 'boots');
    const host = new Host({
      name,
      scenario: this.scenario,
      clock: this.clock,
      disk: this.disk,
      chance: new Chance(this.scenario.seed, name),
      watch: {
        sent: (batch) => this.#guard(() => this.#checkEffects(batch)),
        fate: this.fate,
        typeOf: (node) => this.facts.get(node)?.node.type ?? '',
      },
      step: this.#scheduler.step,
      newId: () => `run-${++this.#ids}`,
      isAlive: (other) => other === this.host?.name && this.host.isAlive,
    });
    this.#isBooting = true;
    this.#watch(this.#open(host), host);
    return host;
  }

  /** What a host does first: goes on with what it finds, or starts what it is asked to. */
  async #open(host: Host): Promise<void> {
    const [found] = this.disk.summaries.keys();
    if (found === undefined) {
      const { graph, keepOpen } = this.scenario;
      this.id = (await host.engine.start(graph, { keepOpen })).id;
    } else {
      this.id = found;
      await host.engine.recover();
    }
    this.#isBooting = false;
  }

  #act(): void {
    while (this.#actions[0] && this.#actions[0].turn <= this.#turn)
      this.#perform(this.#actions.shift() as Action);
  }

  /** Nothing more happens by itself: the next thing that people do comes now. */
  #unstick(): void {
    const { host } = this;
    const next = this.#actions.shift();
    if (next) return this.#perform(next);
    if (!host.isAlive || this.id === undefined || this.#isBooting)
      throw new Violation('the simulation stands still');
    const live = host.engine.liveRuns().includes(this.id);
    if (!live) return this.#perform({ kind: 'kill', turn: this.#turn });
    const { status, isOpen } = this.#stateOfRun();
    if (status === 'paused') return this.#perform({ kind: 'unpause', turn: this.#turn });
    if (isOpen) return this.#perform({ kind: 'close', turn: this.#turn });
    if (host.executor.hanging > 0) return this.#perform({ kind: 'kill', turn: this.#turn });
    throw new Violation('the run stands still');
  }

  #stateOfRun() {
    return { status: this.summary?.status, isOpen: this.summary?.open === true };
  }

  #perform(action: Action): void {
    const { host, id } = this;
    if (!host.isAlive) return;
    this.trace.add(this.clock.now(), host.name, action.kind, action);
    if (action.kind === 'kill') return this.#kill(host);
    if (id === undefined || this.#isBooting) return;
    const { engine } = host;
    switch (action.kind) {
      case 'leave':
        return this.#watch(
          engine.leave().then(() => host.isAlive && this.#kill(host)),
          host,
        );
      case 'pause':
        return this.#watch(engine.pause(id), host);
      case 'unpause':
        return this.#watch(engine.unpause(id), host);
      case 'close':
        return this.#watch(engine.close(id), host);
      case 'cancel':
        return this.#watch(engine.cancel(id), host);
      case 'retry':
        return this.#watch(engine.retry(id), host);
      case 'read':
        return this.#watch(engine.report(id), host);
      case 'inject':
        return this.#watch(this.#inject(host, id, action), host);
    }
  }

  async #inject(host: Host, id: string, { node, payloads }: Action & { kind: 'inject' }): Promise<void> {
    await host.engine.inject(id, { [node]: payloads });
    this.#injected.set(node, (this.#injected.get(node) ?? 0) + payloads.length);
  }

  #kill(host: Host): void {
    host.die();
    const pause = this.#chance.int(0, 500);
    this.clock.after(pause, () => {
      this.host = this.#boot();
    });
  }

  /** What is asked of an engine may be refused for good reason, and never comes to an end when its host dies. */
  #watch(promise: Promise<unknown>, host: Host): void {
    promise.catch((error: unknown) => {
      if (!host.isAlive || error instanceof ConflictError) return;
      if (error instanceof StoreError && this.disk.refused > 0) {
        if (this.#isBooting) this.clock.after(500, () => host.isAlive && this.#watch(this.#open(host), host));
        return;
      }
      this.fail(error);
    });
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fail(error);
    }
  }

  /** A task with effects is handed over only when its start is in the store, and a key stands for one payload. */
  #checkEffects({
    run,
    node,
    tasks,
    payloads,
  }: {
    run: string;
    node: string;
    tasks: number[];
    payloads: unknown[];
  }): void {
    if (!this.facts.get(node)?.hasEffects) return;
    const entries = this.disk.entries.get(run) ?? [];
    const life = entries.slice(
      entries.findLastIndex((entry) => entry.kind === 'status' && entry.resumed) + 1,
    );
    const started = new Set(life.flatMap((entry) => (entry.kind === 'start' ? tasksOfStart(entry) : [])));
    tasks.forEach((task, i) => {
      const isCommitted = started.has(task);
      must(isCommitted, () => `task ${task} with effects is handed over before its start is committed`);
      const key = `${node}:${task}`;
      must(
        !this.#effects.has(key) ||
          Object.is(this.#effects.get(key), payloads[i]) ||
          typeof payloads[i] === 'object',
        () => `the key ${key} stands for two payloads`,
      );
      this.#effects.set(key, payloads[i]);
    });
  }

  #traceStep(event: SchedulerEvent, commands: Commands): void {
    this.trace.add(this.clock.now(), this.host.name, event.type, { event, commands });
  }
}
