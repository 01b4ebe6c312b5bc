/**
 * A whole run in a simulated world, from a seed to the last look at its journal. Hosts are started, die, freeze and
 * are started again until the run has ended; nothing takes real time, and nothing is left to real chance.
 */
import { ConflictError, StoreError } from '../../src/errors.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { SimulatedClock } from '../engine/simulated-clock.ts';
import { Chance } from './chance.ts';
import { CheckedScheduler } from './checked-scheduler.ts';
import { EffectWatch } from './effect-watch.ts';
import { type Deadliness, deadlinessOf, type Fate, fateOf } from './fate.ts';
import { type GraphFacts, graphFacts } from './graph-facts.ts';
import { Host } from './host.ts';
import { ask, tryInVain } from './people.ts';
import { Violation } from './run-model.ts';
import type { Action, Incident, Request, Scenario } from './scenario.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SuspectWatch } from './suspect-watch.ts';
import { Trace } from './trace.ts';

/** Timers that may fire before a run counts as one that never ends; each host that comes anew reads its journal. */
const longestRun = 30_000;
/** Longest time until somebody starts a host in the place of one that is gone. */
const longestAbsence = 500;

export class Simulation {
  readonly scenario: Scenario;
  readonly facts: GraphFacts;
  readonly fate: Fate;
  readonly isDeadly: Deadliness;
  readonly clock = new SimulatedClock();
  readonly disk: SimulatedDisk;
  readonly trace: Trace;
  /** Id of the run, once its host has said that it is under way. */
  id: string | undefined;
  /** First entry of the chunk that was damaged before the run's end. */
  damagedFrom: number | undefined;
  /** Hosts that a task has taken down, and those that have gone, or stood still, for another reason. */
  ends = { byTask: 0, otherwise: 0 };
  readonly #chance: Chance;
  readonly #scheduler: CheckedScheduler;
  readonly #effects: EffectWatch;
  readonly #suspects: SuspectWatch;
  readonly #actions: Action[];
  readonly #aftermath: Incident[];
  /** Newest first. */
  #hosts: Host[] = [];
  /** Runs that were asked for before this one. */
  #earlier = 0;
  /** How often failed tasks are yet to be tried again after the end. */
  #retriesLeft: number;
  #failure: unknown;
  #hostCount = 0;
  /** Hosts that are yet to come in the place of others. */
  #absent = 0;
  #ids = 0;
  #turn = 0;

  constructor(scenario: Scenario, trace = new Trace()) {
    const { seed, flat, faults } = scenario;
    this.scenario = scenario;
    this.trace = trace;
    this.#actions = [...scenario.actions];
    this.#aftermath = [...scenario.aftermath];
    this.#retriesLeft = scenario.finalRetries;
    this.facts = graphFacts(flat);
    this.fate = fateOf(seed, flat, faults);
    this.isDeadly = deadlinessOf(seed, flat, faults);
    this.#chance = new Chance(seed, 'world');
    this.disk = new SimulatedDisk(this.clock, new Chance(seed, 'disk'), faults);
    const committed = (run: string) => this.disk.entries.get(run) ?? [];
    this.#effects = new EffectWatch(this.facts, committed);
    this.#suspects = new SuspectWatch(committed);
    this.#scheduler = new CheckedScheduler({
      facts: this.facts,
      edges: flat.edges,
      keepOpen: scenario.keepOpen,
      parallelism: scenario.parallelism,
      committed,
      whole: (value) => this.disk.whole(value),
      isRepeated: () => this.#chance.happens(faults.repeat),
      trace: (host, event, commands) =>
        this.trace.add(this.clock.now(), host.name, event.type, { event, commands }),
      onViolation: (error) => this.fail(error),
    });
    this.#boot();
  }

  /** The host that people talk to: the one that keeps the run, else the newest. */
  get host(): Host {
    const { id } = this;
    const awake = this.#hosts.filter((host) => host.isAwake);
    const keeper = id === undefined ? undefined : awake.find((host) => host.keeps(id));
    return keeper ?? awake.find((host) => !host.isVisiting) ?? (this.#hosts[0] as Host);
  }

  /** Lets the run come to its end. @throws Violation and whatever else must not happen */
  async run(): Promise<void> {
    for (; this.#turn < longestRun; this.#turn++) {
      await this.#drain();
      while (this.#actions[0] && this.#actions[0].turn <= this.#turn)
        this.#perform(this.#actions.shift() as Action);
      await this.#drain();
      if (this.#isOver()) {
        const incident = this.#aftermath.shift();
        if (incident) await this.#befall(incident);
        else if (this.#retriesLeft-- <= 0) return;
        else this.#perform({ kind: 'retry', turn: this.#turn });
      } else if (!this.clock.next()) {
        this.#unstick();
      }
    }
    throw new Violation(`the run has not ended after ${longestRun} timers`);
  }

  /** Asks for the same once more, and lets that come to its end. */
  async runAgain(): Promise<void> {
    // Whoever comes late would think that it is to start the run.
    for (; this.#absent > 0; await this.#drain()) this.clock.next();
    this.disk.isCalm = false;
    this.#earlier++;
    this.ends = { byTask: 0, otherwise: 0 };
    this.id = undefined;
    const { host } = this;
    host.isBooting = true;
    this.#watch(this.#open(host), host);
    return this.run();
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

  /** Lets a host that comes afterwards have a look. */
  async visit<T>(look: (host: Host) => Promise<T>): Promise<T> {
    const host = this.#add();
    const found = await look(host);
    this.#hosts = this.#hosts.filter((each) => each !== host);
    host.die();
    return found;
  }

  /** Something happens to the host while it does what is to be done after the end. */
  async #befall(incident: Incident): Promise<void> {
    for (let i = 0; i < incident.turn && this.#isOver(); i++) {
      this.clock.next();
      await this.#drain();
    }
    if (this.#isOver()) this.#perform(incident);
  }

  /** What hosts still do after the run's end is done, and what they could not do for their store. */
  async settle(): Promise<void> {
    for (;;) {
      for (let i = 0; i < longestRun && this.clock.next(); i++) await this.#drain();
      if (this.#isSuperseded(this.host)) {
        this.#kill(this.host);
        continue;
      }
      try {
        return await this.clock.until(this.host.engine.tidy());
      } catch (error) {
        if (!(error instanceof StoreError) || this.disk.faults.count === 0) throw error;
        this.clock.after(500, () => {});
      }
    }
  }

  #isOver(): boolean {
    const { id, host } = this;
    const isIdle = host.isAwake && !host.isVisiting && !host.isBooting;
    const isAsked = this.#hosts.some((each) => each.isAwake && each.asked > 0);
    if (id === undefined || !isIdle || isAsked) return false;
    return hasEnded(this.summary?.status ?? 'pending') && !host.keeps(id);
  }

  #add(): Host {
    const name = `host-${++this.#hostCount}`;
    this.trace.add(this.clock.now(), name, 'boots');
    const host: Host = new Host({
      name,
      scenario: this.scenario,
      clock: this.clock,
      disk: this.disk,
      chance: new Chance(this.scenario.seed, name),
      watch: {
        sent: (batch) =>
          this.#guard(() => {
            this.#effects.sent(batch, host);
            this.#suspects.sent(batch, host);
          }),
        cameBack: (batch, outcome) => this.#suspects.cameBack(batch, outcome, host),
        gaveUp: (run) => this.#suspects.gaveUp(run, host),
        killed: () => {
          this.trace.add(this.clock.now(), host.name, 'is killed by a task', {});
          this.ends.byTask++;
          this.#replace(host);
        },
        fate: this.fate,
        isDeadly: this.isDeadly,
        typeOf: (node) => this.facts.get(node)?.node.type ?? '',
      },
      step: (state, event) => {
        if (event.type === 'recover') this.#suspects.recovered(state.run, host);
        return this.#scheduler.step(host, state, event);
      },
      newId: () => `run-${++this.#ids}`,
      // One that is frozen has let go of its lock.
      isAlive: (other) => this.#hosts.some((each) => each.name === other && each.isAwake),
    });
    this.#hosts.unshift(host);
    return host;
  }

  #boot(): void {
    const host = this.#add();
    this.#watch(this.#open(host), host);
  }

  #bootLater(): void {
    this.#absent++;
    this.clock.after(this.#chance.int(0, longestAbsence), () => {
      this.#absent--;
      this.#boot();
    });
  }

  /** What a host does first: goes on with what it finds, or starts what it is asked to. */
  async #open(host: Host): Promise<void> {
    const found = [...this.disk.summaries.keys()][this.#earlier];
    if (found === undefined) {
      const { graph, keepOpen } = this.scenario;
      this.id = (await host.engine.start(graph, { keepOpen })).id;
    } else {
      this.id = found;
      await host.engine.recover();
    }
    host.isBooting = false;
  }

  /** Nothing more happens by itself: the next thing that people do comes now. */
  #unstick(): void {
    const { host, id } = this;
    const next = this.#actions.shift();
    if (next) return this.#perform(next);
    if (!host.isAwake || id === undefined || host.isBooting)
      throw new Violation('the simulation stands still');
    const turn = this.#turn;
    if (!host.keeps(id)) return this.#perform({ kind: 'kill', turn });
    const { status, open } = this.summary ?? {};
    if (status === 'paused') return this.#perform({ kind: 'unpause', turn });
    if (open) return this.#perform({ kind: 'close', turn });
    if (host.executor.hanging > 0 || this.#isSuperseded(host)) return this.#perform({ kind: 'kill', turn });
    throw new Violation('the run stands still');
  }

  /** Whether it keeps a run that others may have gone on with: with nothing to write, it does not find out. */
  #isSuperseded(host: Host): boolean {
    const { id, summary } = this;
    if (id === undefined || !host.isAwake || !host.keeps(id)) return false;
    return host.wasFrozen || summary?.owner !== host.name;
  }

  #perform(action: Action): void {
    const { host, id } = this;
    if (!host.isAwake) return;
    this.trace.add(this.clock.now(), host.name, action.kind, action);
    if (action.kind === 'kill') return this.#kill(host);
    if (id === undefined || host.isBooting) return;
    switch (action.kind) {
      case 'freeze':
        return this.#freeze(host, action.ms);
      case 'rival':
        return this.#compete(host, id);
      case 'damage':
        return this.#watch(this.#damage(host, id), host);
      case 'leave':
        return this.#watch(
          host.engine.leave().then(() => host.isAlive && this.#kill(host)),
          host,
        );
      default:
        return this.#ask(host, id, action);
    }
  }

  #ask(host: Host, id: string, request: Request): void {
    host.asked++;
    const answer = ask(host, id, request, this.disk).finally(() => host.asked--);
    this.#watch(answer, host);
  }

  #kill(host: Host): void {
    this.ends.otherwise++;
    this.#replace(host);
  }

  /** It is no more; another comes after a while. */
  #replace(host: Host): void {
    host.die();
    this.#hosts = this.#hosts.filter((each) => each.isAlive || each === host);
    this.#bootLater();
  }

  async #damage(host: Host, id: string): Promise<void> {
    const chunks = await this.disk.store.runs.summaries(id);
    if (!host.keeps(id) || chunks.length === 0) return;
    this.#kill(host);
    const { first } = this.#chance.pick(chunks);
    this.disk.damage(id, first);
    this.damagedFrom = first;
  }

  /** Nobody hears of the host for a while; others may take its place before it wakes. */
  #freeze(host: Host, ms: number): void {
    this.ends.otherwise++;
    host.freeze();
    this.#bootLater();
    this.clock.after(ms, () => {
      if (!host.isAlive) return;
      this.trace.add(this.clock.now(), host.name, 'wakes');
      host.thaw();
    });
  }

  /** Another host comes, tries to take the run from the one that keeps it, and goes. */
  #compete(keeper: Host, id: string): void {
    if (!keeper.keeps(id) || this.summary?.owner !== keeper.name) return;
    const rival = this.#add();
    rival.isBooting = false;
    rival.isVisiting = true;
    // Until a host's first commit, nobody can know that it has the run.
    const isKept = () =>
      keeper.isAwake && !keeper.wasFrozen && keeper.keeps(id) && this.summary?.owner === keeper.name;
    const trial = tryInVain(rival, id, isKept).catch((error) => this.fail(error));
    void trial.then(() => {
      this.#hosts = this.#hosts.filter((each) => each !== rival);
      rival.die();
    });
  }

  /** What is asked of an engine may be refused for good reason, and never comes to an end when its host dies. */
  #watch(promise: Promise<unknown>, host: Host): void {
    promise.catch((error: unknown) => {
      if (!host.isAlive || error instanceof ConflictError) return;
      if (this.damagedFrom !== undefined && error instanceof StoreError && error.code === 'chunk_damaged')
        return;
      if (error instanceof StoreError && this.disk.faults.count > 0) {
        if (host.isBooting) this.clock.after(500, () => host.isAlive && this.#watch(this.#open(host), host));
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
}
