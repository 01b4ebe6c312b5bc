/**
 * The engine with nothing around it: batches are answered at once, the journal is kept in memory. What is left is
 * the scheduler, the journal's encoding and the loop between them.
 */
import { Engine } from '../../src/engine/engine.ts';
import { type Batch, type BatchOutcome, type Executor, outcome } from '../../src/engine/executor.ts';
import { prepareTools } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';

type Answers = Record<string, (payload: never) => unknown>;

class InstantExecutor implements Executor {
  readonly parallelism: number;
  readonly #answers: Answers;

  constructor(answers: Answers, parallelism: number) {
    this.#answers = answers;
    this.parallelism = parallelism;
  }

  async execute({ node, payloads }: Batch): Promise<BatchOutcome> {
    const answer = this.#answers[node];
    if (!answer) throw new Error(`Nothing answers for ${node}`);
    const began = performance.now();
    const values = payloads.map((payload) => answer(payload as never));
    const busyMs = performance.now() - began;
    const outcomes = values.map(() => outcome.succeeded);
    return { kind: 'done', result: { outcomes, values, errors: [], busyMs, worker: 'none' } };
  }

  open(): void {}
  cancel(): void {}
  close(): void {}
}

/** Runs a graph whose nodes are answered for by id. @returns milliseconds from start to end, and the last node's results */
export async function runEngineAlone(
  graph: Graph,
  answers: Answers,
  parallelism: number,
): Promise<{ ms: number; outputs: unknown[] }> {
  let ids = 0;
  const engine = new Engine({
    store: createMemoryStore(),
    executor: new InstantExecutor(answers, parallelism),
    registry,
    clock: {
      now: () => Date.now(),
      after(ms, fn) {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    },
    newId: () => `run-${++ids}`,
    tools: prepareTools,
  });
  const began = performance.now();
  const { id } = await engine.start(graph);
  await engine.ended(id);
  const ms = performance.now() - began;
  const { outputs } = await engine.report(id, Number.POSITIVE_INFINITY);
  return { ms, outputs: Object.values(outputs).flat() };
}
