/** Runs a graph in simulated time, against a store in memory. */
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type Faults, SimulatedExecutor } from './simulated-executor.ts';

/** @param options what the engine gets beside; without `queueMemory`, some runs keep all in memory and others hardly anything */
export function simulatedEngine(
  seed: number,
  faults?: Faults,
  store: Store = createMemoryStore(),
  options: Partial<EngineOptions> = {},
) {
  const clock = new SimulatedClock();
  const random = seededRandom('simulation', String(seed));
  const executor = new SimulatedExecutor(clock, random, faults);
  let ids = 0;
  const engine = new Engine({
    store,
    executor,
    registry,
    clock,
    newId: () => `run-${++ids}`,
    tools: { compile },
    random,
    queueMemory: Math.floor(random() * 4) * 100,
    ...options,
  });
  return { engine, clock, executor, store };
}

/** Runs to the end. @returns the whole report, and the parts it was made with */
export async function runGraph(graph: Graph, seed = 1, faults?: Faults, queueMemory?: number) {
  const options = queueMemory === undefined ? {} : { queueMemory };
  const parts = simulatedEngine(seed, faults, createMemoryStore(), options);
  const { id } = await parts.engine.start(graph);
  await parts.clock.until(parts.engine.ended(id));
  return { ...parts, id, report: await parts.engine.report(id, Infinity) };
}
