/** Carries out batches with the real node runner, in any order and as late as chance will have it, and loses some. */
import type { Clock } from '../../src/engine/clock.ts';
import type { Batch, BatchOutcome, ExecutorRun, PreparedNode } from '../../src/engine/executor.ts';
import type { Pack } from '../../src/engine/values/packed.ts';
import type { MapDefinition } from '../../src/nodes/define-node.ts';
import { SimulatedExecutor } from '../engine/simulated-executor.ts';
import type { Chance } from './chance.ts';
import { type Deadliness, deathReason, type Fate } from './fate.ts';
import { inParts } from './in-parts.ts';
import type { FaultPlan } from './scenario.ts';

export interface ExecutorWatch {
  /** Told of each batch as it is handed over. */
  sent(batch: Batch): void;
  /** Told of what comes of it. */
  cameBack(batch: Batch, outcome: BatchOutcome): void;
  /** What a run has under way is wanted no more. */
  gaveUp(run: string): void;
  /** A task takes the host down. */
  killed(): void;
  fate: Fate;
  isDeadly: Deadliness;
  typeOf(node: string): string;
}

export interface FaultyExecutorParts {
  clock: Clock;
  chance: Chance;
  partChance: Chance;
  plan: FaultPlan;
  parallelism: number;
  watch: ExecutorWatch;
}

export class FaultyExecutor extends SimulatedExecutor {
  override readonly parallelism: number;
  /** Batches that come back only when they are given up. */
  hanging = 0;
  readonly #clock: Clock;
  readonly #chance: Chance;
  /** Of what splitters give in parts. */
  readonly #partChance: Chance;
  readonly #plan: FaultPlan;
  readonly #watch: ExecutorWatch;
  readonly #diedAtStart = new Set<string>();
  readonly #giveUp = new Map<string, Set<() => void>>();

  constructor({ clock, chance, partChance, plan, parallelism, watch }: FaultyExecutorParts) {
    super(clock, chance.next);
    this.#clock = clock;
    this.#chance = chance;
    this.#partChance = partChance;
    this.#plan = plan;
    this.parallelism = parallelism;
    this.#watch = watch;
  }

  override open(run: ExecutorRun): void {
    super.open({ ...run, nodes: run.nodes.map(withoutTimers) });
  }

  override async execute(batch: Batch, pack?: Pack): Promise<BatchOutcome> {
    this.#watch.sent(batch);
    const outcome = await this.#outcomeOf(batch, pack);
    this.#watch.cameBack(batch, outcome);
    return outcome;
  }

  async #outcomeOf(batch: Batch, pack?: Pack): Promise<BatchOutcome> {
    const wasGivenUp = await this.#pass(batch);
    if (wasGivenUp && this.#plan.onCancel === 'prompt') return { kind: 'cancelled' };
    if (this.#isDeadly(batch)) {
      this.#watch.killed();
      return new Promise(() => {});
    }
    const mishap = this.#mishap(batch);
    const mayPart = pack && this.#watch.typeOf(batch.node) === 'flow.split';
    if (mayPart && this.#partChance.happens(this.#plan.parts))
      return this.#executeInParts(batch, pack, mishap);
    return mishap ?? this.carryOut(batch);
  }

  /** What comes of a batch instead of its result. */
  #mishap(batch: Batch): BatchOutcome | undefined {
    const chance = this.#chance;
    if (chance.happens(this.#plan.lost)) return { kind: 'lost', reason: 'simulated' };
    if (batch.tasks.length > 1 && chance.happens(this.#plan.died)) return this.#died();
    if (batch.tasks.length === 0 && chance.happens(this.#plan.died) && this.#isFirst(batch))
      return this.#died();
    return this.#befallen(batch);
  }

  /** A worker that has given parts does not go on along a chain. */
  async #executeInParts(batch: Batch, pack: Pack, mishap?: BatchOutcome): Promise<BatchOutcome> {
    const { chain: _, ...alone } = batch;
    const done = await this.carryOut(alone);
    if (done.kind !== 'done') return done;
    const options = { pack, chance: this.#partChance, isCutShort: mishap !== undefined };
    const result = await inParts(batch, done.result, options);
    return mishap ?? { kind: 'done', result };
  }

  override cancel(runId: string): void {
    this.#watch.gaveUp(runId);
    for (const giveUp of this.#giveUp.get(runId) ?? []) giveUp();
  }

  /** What would take its worker down is not reached along a chain. */
  protected override goOn(stage: Batch): void {
    if (this.#befallen(stage) || this.#isDeadly(stage)) throw new Error('simulated');
  }

  /** Lets time pass. @returns whether the batch was given up meanwhile */
  #pass(batch: Batch): Promise<boolean> {
    const chance = this.#chance;
    const hangs = chance.happens(this.#plan.hang);
    const slow = chance.happens(this.#plan.stall) ? 100 : 1;
    const held = this.#watch.typeOf(batch.node) === 'flow.delay' ? 7 : 0;
    return new Promise((resolve) => {
      const waiting = this.#giveUp.get(batch.run) ?? new Set();
      this.#giveUp.set(batch.run, waiting);
      const end = (wasGivenUp: boolean) => {
        if (waiting.delete(giveUp) && hangs) this.hanging--;
        resolve(wasGivenUp);
      };
      let comesBack = !hangs;
      const giveUp = () => {
        if (this.#plan.onCancel === 'prompt') end(true);
        if (this.#plan.onCancel === 'never') comesBack = false;
      };
      waiting.add(giveUp);
      if (hangs) this.hanging++;
      else this.#clock.after(held + chance.next() * 20 * slow, () => comesBack && end(false));
    });
  }

  #isDeadly({ node, payloads }: Batch): boolean {
    return payloads.some((payload) => this.#watch.isDeadly(node, payload));
  }

  /** The first task of the batch that takes too long, or its worker with it. */
  #befallen(batch: Batch): BatchOutcome | undefined {
    for (let index = 0; index < batch.tasks.length; index++) {
      const fate = this.#watch.fate(batch.node, batch.payloads[index], batch.attempts[index] ?? 1);
      if (!fate) continue;
      if (fate.code === 'task_timeout') return { kind: 'timeout', index, worker: 'w' };
      return this.#chance.happens(0.5) ? this.#died() : { ...this.#died(), index };
    }
    return undefined;
  }

  /** An initial state is asked for again once only when a worker dies. */
  #isFirst({ run, node }: Batch): boolean {
    const key = `${run}/${node}`;
    const isFirst = !this.#diedAtStart.has(key);
    this.#diedAtStart.add(key);
    return isFirst;
  }

  #died() {
    return { kind: 'died' as const, reason: deathReason, worker: 'w' };
  }
}

/** A delay's own timers are real ones; here the executor holds its tasks back. */
function withoutTimers(node: PreparedNode): PreparedNode {
  if (node.type !== 'flow.delay') return node;
  const definition = { ...(node.definition as MapDefinition), create: () => (payload: unknown) => payload };
  return { ...node, definition };
}
