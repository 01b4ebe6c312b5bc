/** Carries out batches with the real node runner, in simulated time, on workers that take the time a test says. */
import type { Batch, BatchOutcome, Executor, ExecutorRun } from '../../src/engine/executor.ts';
import { BatchFrame } from '../../src/pool/batch-frame.ts';
import { type LoadedProgram, loadProgram, runBatch } from '../../src/pool/node-runner.ts';
import type { Access } from '../../src/pool/task-context.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export class TimedExecutor implements Executor {
  readonly parallelism: number;
  readonly #clock: SimulatedClock;
  readonly #costs: Record<string, number>;
  readonly #programs = new Map<string, { program: Promise<LoadedProgram>; mode: string }>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param costs milliseconds that a task of each node takes */
  constructor(clock: SimulatedClock, parallelism: number, costs: Record<string, number>) {
    this.#clock = clock;
    this.parallelism = parallelism;
    this.#free = parallelism;
    this.#costs = costs;
  }

  open(run: ExecutorRun): void {
    for (const node of run.nodes) {
      if (node.definition.kind === 'collect' || node.definition.kind === 'relay') continue;
      const { id, type, prepared, outputs } = node;
      const mode = node.policy.mode;
      const program = {
        key: id,
        run: run.id,
        node: id,
        type,
        prepared,
        outputs,
        interleaved: mode === 'async',
      };
      this.#programs.set(id, { program: loadProgram(program, node.definition), mode });
    }
  }

  async execute(batch: Batch): Promise<BatchOutcome> {
    const { program, mode } = this.#programs.get(batch.node) as {
      program: Promise<LoadedProgram>;
      mode: string;
    };
    const isShared = mode === 'thread' || mode === 'serial';
    if (isShared) await this.#takeWorker();
    // Tasks of an async batch wait side by side, the others one after the other.
    const busyMs = (this.#costs[batch.node] ?? 0) * (mode === 'async' ? 1 : batch.tasks.length);
    await new Promise<void>((resolve) => this.#clock.after(busyMs, resolve));
    if (isShared) this.#leaveWorker();
    const frame = new BatchFrame(structuredClone(batch), undefined, { access: () => ({}) as Access });
    const result = await runBatch(await program, frame);
    return { kind: 'done', result: { ...result, worker: 'simulated', busyMs } };
  }

  cancel(): void {}

  close(): void {}

  async #takeWorker(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leaveWorker(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
