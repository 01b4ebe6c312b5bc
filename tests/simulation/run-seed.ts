/** One seed from beginning to end, with everything that must hold afterwards. */

import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { audit } from './audit.ts';
import { checkCached, successesOf } from './cache-check.ts';
import { Chance } from './chance.ts';
import { checkDamage, checkFailed } from './damage-check.ts';
import { checkDeaths } from './death-check.ts';
import { checkKept } from './kept-check.ts';
import { checkLineage } from './lineage-check.ts';
import { compare } from './oracle-check.ts';
import { checkReads } from './read-check.ts';
import { checkRelease } from './release-check.ts';
import { must, RunModel } from './run-model.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import { Simulation } from './simulation.ts';
import { brief, Trace } from './trace.ts';

export interface SeedResult {
  /** All that was recorded. */
  entries: readonly JournalEntry[];
  /** Whether the run was held against the oracle, too. */
  isCompared: boolean;
}

/** Simulates a seed. @throws an error that tells the seed, the scenario and the last events */
export async function runSeed(seed: number, trace = new Trace()): Promise<SeedResult> {
  const scenario = await scenarioOf(seed);
  const simulation = new Simulation(scenario, trace);
  try {
    await simulation.run();
    const result = await verify(simulation);
    if (scenario.runsTwice && simulation.damagedFrom === undefined) {
      const first = successesOf(simulation);
      await simulation.runAgain();
      await verify(simulation);
      checkCached(simulation, first);
    }
    await checkRelease(simulation);
    return result;
  } catch (error) {
    throw new Error(report(scenario, simulation, error), { cause: error });
  }
}

async function verify(simulation: Simulation): Promise<SeedResult> {
  const { scenario, facts, fate, disk, id = '' } = simulation;
  const { flat, keepOpen } = scenario;
  const letsGo = flat.nodes.some(({ policy }) => policy?.keepPayloads === 'failed');
  if (letsGo && simulation.damagedFrom === undefined) await simulation.settle();
  const { summary } = simulation;
  disk.isCalm = true;
  const entries = (disk.entries.get(id) ?? []).map((entry) => disk.whole(entry) as JournalEntry);
  const model = new RunModel(facts, flat.edges, keepOpen);
  model.take(entries);
  if (simulation.damagedFrom !== undefined) {
    await checkFailed(simulation, model, simulation.damagedFrom);
    return { entries, isCompared: false };
  }
  must(
    hasEnded(summary?.status ?? 'pending') && model.status === summary?.status,
    () => `the run is ${summary?.status}, its journal ${model.status}`,
  );
  const ownFault = /^The (run could not be resumed|store failed|engine failed)/;
  must(!ownFault.test(summary?.reason ?? ''), () => `${summary?.reason}`);
  for (const [node, { counters, waiting }] of model.nodes) {
    const told = { ...summary?.nodes[node] };
    const expected = { ...counters, running: 0, pending: 0 };
    must(
      canonicalKey(told) === canonicalKey(expected),
      () => `the summary of ${node} tells ${JSON.stringify(told)}, the journal ${JSON.stringify(expected)}`,
    );
    must(waiting.size === 0, () => `${waiting.size} tasks of ${node} have not ended`);
  }
  await audit(flat, facts, fate, model, entries);
  checkDeaths(simulation, model, entries);
  const isCompared = await compare(simulation, model, entries);
  const { engine } = simulation.host;
  const chance = new Chance(scenario.seed, 'reader');
  if (scenario.readsLineage) await checkLineage(engine, id, entries, chance);
  if (letsGo || scenario.readsAll || scenario.faults.parts > 0)
    await checkKept(simulation, model, new Chance(scenario.seed, 'kept'));
  if (scenario.readsAll) {
    await checkReads({ engine, run: id, limit: chance.int(5, 100), model });
    await checkDamage(simulation, model, chance);
  }
  return { entries, isCompared };
}

function report(scenario: Scenario, { trace }: Simulation, error: unknown): string {
  const { seed, graph, flat: _, actions, ...rest } = scenario;
  return [
    `Seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    `Graph: ${brief(graph, 10_000)}`,
    `Plan: ${brief(rest, 10_000)}`,
    `Actions: ${brief(actions, 10_000)}`,
    `Last events:\n${trace}`,
    `Again: HANDLOOM_SEED=${seed} npx vitest run --config tests/vitest.config.ts --project unit tests/simulation/replay.test.ts`,
  ].join('\n');
}
