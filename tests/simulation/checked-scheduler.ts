/**
 * The scheduler under watch: after every event its commands are held against a model built from what it records, and
 * against every promise that DESIGN makes about what may be sent out when.
 */
import type { Batch } from '../../src/engine/executor.ts';
import { attemptEnd, type JournalEntry } from '../../src/engine/journal/journal.ts';
import { type SchedulerEvent, step } from '../../src/engine/scheduler/scheduler.ts';
import {
  type Commands,
  noCommands,
  type SchedulerState,
} from '../../src/engine/scheduler/scheduler-state.ts';
import type { GraphFacts } from './graph-facts.ts';
import type { Host } from './host.ts';
import { unpacked } from './in-parts.ts';
import { fullWait, type ModelNode, must, RunModel, same, shortestWait } from './run-model.ts';
import { TurnWait } from './turn-wait.ts';
import type { FlatEdge } from './unfolded.ts';

export interface CheckedSchedulerOptions {
  facts: GraphFacts;
  edges: readonly FlatEdge[];
  keepOpen: boolean;
  parallelism: number;
  /** What of a run is in the store. */
  committed: (run: string) => readonly JournalEntry[];
  /** A value with the content of what is stored apart. */
  whole: (value: unknown) => unknown;
  /** Whether this outcome is to reach the scheduler twice. */
  isRepeated: () => boolean;
  /** Told of every event and what followed. */
  trace: (host: Host, event: SchedulerEvent, commands: Commands) => void;
  /** Told of what must not happen. */
  onViolation: (error: unknown) => void;
}

/** A run in one of its lives. */
interface Life {
  host: Host;
  model: RunModel;
  wait: TurnWait;
  isSuperseded: boolean;
  flights: Map<number, Batch>;
  /** The store refuses. */
  isHeld: boolean;
  /** Number of the batch of suspects that was sent out last. */
  alone?: number;
}

export class CheckedScheduler {
  readonly #options: CheckedSchedulerOptions;
  readonly #lives = new WeakMap<SchedulerState, Life>();
  /** When tasks were sent out, by run and node. */
  readonly #sent = new Map<string, { at: number; count: number }[]>();
  #now = 0;

  constructor(options: CheckedSchedulerOptions) {
    this.#options = options;
  }

  step(host: Host, state: SchedulerState, event: SchedulerEvent): Commands {
    try {
      return this.#step(host, state, event);
    } catch (error) {
      this.#options.onViolation(error);
      return noCommands();
    }
  }

  #step(host: Host, state: SchedulerState, event: SchedulerEvent): Commands {
    must(event.at >= this.#now, () => 'time goes back');
    this.#now = event.at;
    const life = this.#lifeOf(host, state, event.at);
    const commands = step(state, event);
    // What it does is refused by the store, since another host has gone on with the run.
    const written = this.#options.committed(state.run).at(-1)?.seq ?? 0;
    life.isSuperseded ||= written > life.model.seq;
    if (life.isSuperseded) return commands;
    if (event.type === 'outcome' && this.#options.isRepeated()) {
      const again = step(state, event);
      must(
        again.record.every(({ kind }) => kind === 'start'),
        () => 'an outcome counts a second time',
      );
      commands.record.push(...again.record);
      commands.dispatch.push(...again.dispatch);
      commands.load.push(...again.load);
      commands.barrier ||= again.barrier;
      if (again.wakeAt !== undefined) commands.wakeAt = again.wakeAt;
    }
    this.#options.trace(host, event, commands);
    const back = event.type === 'outcome' ? life.flights.get(event.batch) : undefined;
    if (back) life.flights.delete(back.id);
    const entries = commands.record.map(unpacked);
    life.model.take(entries);
    if (life.model.hasEnded) life.flights.clear();
    if (event.type === 'hold' || event.type === 'release') life.isHeld = event.type === 'hold';
    keepWait(life, back, entries, event.at);
    if (commands.record.some((entry) => entry.kind === 'start' && entry.alone))
      life.alone = commands.dispatch.at(-1)?.batch.id;
    for (const { batch } of commands.dispatch) {
      this.#checkDispatch(state, life, batch, event.at);
      // Suspects wait apart, for as long as anything else goes on.
      // One that was frozen notices late whose wait between two attempts is over.
      if (batch.id !== life.alone && !host.wasFrozen)
        for (const task of batch.tasks) life.wait.checkTurn(task, event.at);
    }
    checkAlone(life);
    this.#checkLimits(state, life);
    this.#checkCounters(state, life);
    return commands;
  }

  #lifeOf(host: Host, state: SchedulerState, now: number): Life {
    let life = this.#lives.get(state);
    if (!life) {
      const { facts, edges, keepOpen } = this.#options;
      const model = new RunModel(facts, edges, keepOpen);
      life = {
        host,
        model,
        wait: new TurnWait(model),
        isSuperseded: false,
        flights: new Map(),
        isHeld: false,
      };
      this.#lives.set(state, life);
      // Another host may have written on since this one has read it; then its first word is refused.
      life.model.take(this.#options.committed(state.run).filter(({ seq }) => seq <= state.seq));
      // What a task waits for is forgotten with its host.
      for (const task of life.model.tasks.values()) {
        task.notBefore = 0;
        life.wait.begin(task.number, now);
      }
      this.#checkCounters(state, life);
    }
    return life;
  }

  #checkDispatch(state: SchedulerState, life: Life, batch: Batch, now: number): void {
    const { model, flights, isHeld } = life;
    const node = model.node(batch.node);
    const { facts } = node;
    must(
      model.status === 'running' || batch.tasks.length === 0,
      () => `${batch.node} is sent tasks in a ${model.status} run`,
    );
    must(!isHeld || batch.tasks.length === 0, () => `${batch.node} is sent tasks while the store refuses`);
    must(!flights.has(batch.id), () => `batch ${batch.id} is sent twice`);
    const flying = new Set([...flights.values()].flatMap(({ tasks }) => tasks));
    batch.tasks.forEach((number, i) => {
      const task = model.task(number);
      must(
        task.node === batch.node && task.state === 'waiting',
        () => `task ${number}, ${task.state} at ${task.node}, is sent to ${batch.node}`,
      );
      must(!flying.has(number), () => `task ${number} is sent out twice at once`);
      flying.add(number);
      must(
        batch.attempts[i] === task.attempt,
        () => `task ${number} is sent as attempt ${batch.attempts[i]}, not ${task.attempt}`,
      );
      must(
        now >= task.notBefore - 1e-6,
        () => `task ${number} is tried again ${task.notBefore - now} ms too soon`,
      );
      must(
        this.#isSame(batch.payloads[i], task.payload),
        () => `task ${number} is sent out with another payload`,
      );
    });
    if (facts.policy.mode === 'serial') checkOrder(model, node, batch);
    if (facts.isStaged && batch.tasks.length > 0) this.#checkTurn(model, flights, node);
    const most = facts.policy.maxTasksPerWorker ?? Number.POSITIVE_INFINITY;
    must(batch.tasks.length <= most, () => `${batch.tasks.length} tasks for a worker of ${batch.node}`);
    flights.set(batch.id, batch);
    this.#checkRate(life, node, batch, now);
    this.#checkQueues(state, model, flights, batch);
  }

  #isSame(a: unknown, b: unknown): boolean {
    const { whole } = this.#options;
    return a === b || same(whole(a), whole(b));
  }

  /** Everything upstream of a staged node has ended, when it is sent tasks. */
  #checkTurn(model: RunModel, flights: Map<number, Batch>, { facts }: ModelNode): void {
    must(!model.isOpen, () => `${facts.id} is staged and runs while the run is open`);
    for (const id of facts.upstream) {
      const { waiting, holds } = model.node(id);
      const isFlying = [...flights.values()].some(({ node }) => node === id);
      must(
        waiting.size === 0 && !holds && !isFlying,
        () => `${facts.id} is staged and runs before ${id} has ended`,
      );
    }
  }

  #checkRate({ host }: Life, { facts }: ModelNode, batch: Batch, now: number): void {
    const { rateLimit } = facts.policy;
    // One that was frozen does not know what another sends in its place.
    if (!rateLimit || batch.tasks.length === 0 || host.wasFrozen) return;
    const key = `${batch.run}/${facts.id}`;
    const sent = this.#sent.get(key) ?? [];
    this.#sent.set(key, sent);
    sent.push({ at: now, count: batch.tasks.length });
    const within = sent.reduce((sum, { at, count }) => (at > now - rateLimit.perMs ? sum + count : sum), 0);
    must(within <= rateLimit.count, () => `${facts.id} is sent ${within} tasks within ${rateLimit.perMs} ms`);
  }

  /** What waits at a node with a queue limit, and what its feeders are at, stay within the limit. */
  #checkQueues(state: SchedulerState, model: RunModel, flights: Map<number, Batch>, batch: Batch): void {
    for (const { facts } of model.nodes.values()) {
      const { queueLimit } = facts.policy;
      if (
        queueLimit === undefined ||
        facts.isStaged ||
        !facts.feeders.has(batch.node) ||
        batch.tasks.length === 0
      )
        continue;
      let coming = 0;
      for (const { node, tasks } of flights.values()) if (facts.feeders.has(node)) coming += tasks.length;
      const queued = state.nodes[facts.index]?.queue.length ?? 0;
      must(
        queued + coming <= queueLimit,
        () => `${queued} tasks wait at ${facts.id}, and ${coming} come, beyond ${queueLimit}`,
      );
    }
  }

  #checkLimits({ sharedLanes }: SchedulerState, { model, flights }: Life): void {
    const batches = new Map<string, number>();
    const tasks = new Map<string, number>();
    let shared = 0;
    for (const batch of flights.values()) {
      batches.set(batch.node, (batches.get(batch.node) ?? 0) + 1);
      tasks.set(batch.node, (tasks.get(batch.node) ?? 0) + batch.tasks.length);
      if (model.node(batch.node).facts.isShared && batch.tasks.length > 0) shared++;
    }
    must(shared <= sharedLanes, () => `${shared} batches on the shared workers`);
    for (const [id, count] of batches) {
      const { policy, kind } = model.node(id).facts;
      const most =
        policy.mode === 'serial' || kind === 'fold' ? 1 : (policy.workers ?? this.#options.parallelism * 2);
      must(count <= most, () => `${count} batches of ${id} at once`);
      const held = tasks.get(id) ?? 0;
      must(policy.mode !== 'async' || held <= most, () => `${held} tasks of ${id} at once`);
    }
  }

  #checkCounters(state: SchedulerState, { model, flights }: Life): void {
    const flying = new Map<string, number>();
    for (const { node, tasks } of flights.values()) flying.set(node, (flying.get(node) ?? 0) + tasks.length);
    for (const { plan, counters } of state.nodes) {
      const node = model.node(plan.id);
      const running = flying.get(plan.id) ?? 0;
      const expected: Record<string, number> = { ...node.counters, running };
      for (const [name, count] of Object.entries(expected)) {
        const told = counters[name as keyof typeof counters];
        must(told === count, () => `${plan.id} counts ${told} ${name} where the journal has ${count}`);
      }
      const pending = node.waiting.size - running;
      const { input, succeeded, failed, duplicate, cancelled } = node.counters;
      const sum = succeeded + failed + duplicate + cancelled + running + pending;
      must(
        pending >= 0 && input === sum,
        () => `${plan.id} has ${input} tasks, of which ${sum} are accounted for`,
      );
    }
    must(
      state.status === model.status,
      () => `the run is ${state.status} where the journal says ${model.status}`,
    );
    must(
      state.edges.every((count, i) => count === (model.edges[i] ?? 0)),
      () => `edges count ${state.edges} where the journal has ${model.edges}`,
    );
  }
}

/** A serial node is sent what came first; tasks that were put back by hand come when they may. */
function checkOrder(model: RunModel, { waiting, facts }: ModelNode, batch: Batch): void {
  const keepsPlace = (number: number) => !model.task(number).isPutBack;
  const due = [...waiting].filter(keepsPlace);
  batch.tasks.filter(keepsPlace).forEach((number, i) => {
    must(number === due[i], () => `${facts.id} is serial and is sent task ${number} before task ${due[i]}`);
  });
}

/** Suspects are under way with no other task beside them; a fold may be asked for its initial state. */
function checkAlone(life: Life): void {
  if (life.alone === undefined || !life.flights.has(life.alone)) return;
  const others = [...life.flights.values()].filter(({ id, tasks }) => id !== life.alone && tasks.length > 0);
  must(others.length === 0, () => `${others.length} batches are under way beside suspects`);
}

/** Takes in who waits for a turn from now on, and who has waited too long. */
function keepWait(
  { model, wait, isHeld }: Life,
  back: Batch | undefined,
  entries: readonly JournalEntry[],
  now: number,
): void {
  wait.goOn(model.status === 'running' && !isHeld, now);
  const triedAgain = new Set<number>();
  for (const entry of entries) {
    if (entry.kind === 'deliver') entry.payloads.forEach((_, i) => void wait.begin(entry.first + i, now));
    if (entry.kind === 'redeliver') for (const task of entry.tasks) wait.begin(task, now);
    if (entry.kind !== 'attempt' || entry.errors.length === 0) continue;
    let errors = 0;
    entry.tasks.forEach((task, i) => {
      const end = entry.ends?.[i] ?? attemptEnd.succeeded;
      if (end === attemptEnd.succeeded) return;
      if (entry.errors[errors++]?.code === 'queue_timeout') wait.checkOverdue(task, now);
      if (end !== attemptEnd.retry) return;
      const { facts } = model.node(entry.node);
      const attempt = entry.attempts?.[i] ?? 1;
      wait.begin(task, now, shortestWait(facts, attempt), fullWait(facts, attempt));
      triedAgain.add(task);
    });
  }
  for (const task of back?.tasks ?? []) if (!triedAgain.has(task)) wait.begin(task, now);
}
