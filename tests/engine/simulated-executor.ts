/** Carries out batches with the real node runner, but in simulated time, in any order, and with faults by seed. */
import type { Clock } from '../../src/engine/clock.ts';
import type { Batch, BatchOutcome, BatchResult, Executor, ExecutorRun } from '../../src/engine/executor.ts';
import type { Pack } from '../../src/engine/values/packed.ts';
import { BatchFrame } from '../../src/pool/batch-frame.ts';
import { runChain } from '../../src/pool/chain.ts';
import { type LoadedProgram, loadProgram, runBatch } from '../../src/pool/node-runner.ts';
import { PartCollector } from '../../src/pool/part-collector.ts';
import type { Access } from '../../src/pool/task-context.ts';

export interface Faults {
  /** Chance that a batch of several tasks dies with its worker, or is lost, 0 to 1. */
  loss: number;
  /** Milliseconds a batch may take. @default 20 */
  longestMs?: number;
}

export class SimulatedExecutor implements Executor {
  readonly parallelism: number = 3;
  /** Most batches of one node that were under way at once, and the order in which tasks began. */
  readonly peak = new Map<string, number>();
  readonly begun: { node: string; task: number; at: number }[] = [];
  /** Most tasks in one batch, by node. */
  readonly largest = new Map<string, number>();
  /** Batches that went on to a further node. */
  chained = 0;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #programs = new Map<string, Promise<LoadedProgram>>();
  readonly #out = new Map<string, number>();
  /** Runs that were given up. */
  readonly cancelled: string[] = [];
  #cancelled = new Set<string>();

  constructor(clock: Clock, random: () => number, faults: Faults = { loss: 0 }) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
  }

  open(run: ExecutorRun): void {
    this.#cancelled.delete(run.id);
    for (const node of run.nodes) {
      if (node.definition.kind === 'collect' || node.definition.kind === 'relay') continue;
      const { id, type, prepared, outputs } = node;
      const key = `${run.id}/${id}`;
      const interleaved = node.policy.mode === 'async';
      const program = { key, run: run.id, node: id, type, prepared, outputs, interleaved };
      this.#programs.set(key, loadProgram(program, node.definition));
    }
  }

  async execute(batch: Batch, pack?: Pack): Promise<BatchOutcome> {
    const out = (this.#out.get(batch.node) ?? 0) + 1;
    this.#out.set(batch.node, out);
    this.peak.set(batch.node, Math.max(out, this.peak.get(batch.node) ?? 0));
    for (const task of batch.tasks) this.begun.push({ node: batch.node, task, at: this.#clock.now() });
    this.largest.set(batch.node, Math.max(batch.tasks.length, this.largest.get(batch.node) ?? 0));
    await new Promise<void>((resolve) =>
      this.#clock.after(this.#random() * (this.#faults.longestMs ?? 20), resolve),
    );
    this.#out.set(batch.node, (this.#out.get(batch.node) ?? 1) - 1);
    if (this.#cancelled.has(batch.run)) return { kind: 'cancelled' };
    if (this.#random() < this.#faults.loss) {
      if (batch.tasks.length > 1) return { kind: 'died', reason: 'simulated', worker: 'w' };
      return { kind: 'lost', reason: 'simulated' };
    }
    return this.carryOut(batch, pack);
  }

  /** Lets the node's own handlers take the batch. */
  protected async carryOut(batch: Batch, pack?: Pack): Promise<BatchOutcome> {
    const program = (await this.#programs.get(`${batch.run}/${batch.node}`)) as LoadedProgram;
    const result = await this.#run(program, batch, pack);
    // A worker may go on along the chain, or leave it to the engine.
    const goesOn = batch.chain && !result.parts && this.#random() < 0.8;
    const chained = goesOn ? await this.#runChain(batch, result) : [];
    return { kind: 'done', result: { ...result, ...(chained.length > 0 && { chained }) } };
  }

  async #run(program: LoadedProgram, batch: Batch, pack?: Pack): Promise<BatchResult> {
    const parts = pack && new PartCollector(batch.tasks.length, pack);
    const frame = new BatchFrame(structuredClone(batch), undefined, {
      access: () => ({}) as Access,
      ...(parts && { part: (index, port, values) => parts.take(index, port, structuredClone(values)) }),
    });
    const begunAt = this.#clock.now();
    const given = await runBatch(program, frame);
    const result = parts?.end(given) ?? given;
    return { ...result, worker: 'simulated', begunAt, busyMs: this.#random() * batch.tasks.length };
  }

  #runChain(batch: Batch, result: BatchResult): Promise<BatchResult[]> {
    this.chained++;
    return runChain(batch, result, async (stage) => {
      this.goOn(stage);
      for (const task of stage.tasks) this.begun.push({ node: stage.node, task, at: this.#clock.now() });
      return this.#run((await this.#programs.get(`${stage.run}/${stage.node}`)) as LoadedProgram, stage);
    });
  }

  /** Told of each node along a chain; what it throws ends the way there. */
  protected goOn(_stage: Batch): void {}

  /** Batches under way. */
  get out(): number {
    return [...this.#out.values()].reduce((sum, out) => sum + out, 0);
  }

  cancel(runId: string): void {
    this.cancelled.push(runId);
    this.#cancelled.add(runId);
  }

  close(): void {}
}
