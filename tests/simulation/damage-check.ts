/** A run opens up to the first chunk of its journal that is damaged, and says so. */
import type { Chance } from './chance.ts';
import { checkReads, lists } from './read-check.ts';
import { must, RunModel } from './run-model.ts';
import type { Simulation } from './simulation.ts';

/** Damages a chunk of a run that has ended, and reads what there is to read. */
export async function checkDamage(simulation: Simulation, model: RunModel, chance: Chance): Promise<void> {
  const { disk, id = '' } = simulation;
  const damaged = chance.pick(await disk.store.runs.summaries(id));
  disk.damage(id, damaged.first);
  const isCut = await readUpTo(simulation, model, damaged.first);
  const speaksOfTasks = Object.values(damaged.nodes).some(({ created, touched }) => created || touched);
  must(isCut || !speaksOfTasks, () => `nobody says that the chunk from entry ${damaged.first} on is damaged`);
}

/** A run whose journal was found damaged before its end has failed, and can be read. */
export async function checkFailed(simulation: Simulation, model: RunModel, first: number): Promise<void> {
  const { status, reasonCode } = simulation.summary ?? {};
  // The last word of the host that died may have been the run's end.
  must(
    model.hasEnded || (status === 'failed' && reasonCode === 'chunk_damaged'),
    () => `a run with a damaged journal is ${status}, for ${reasonCode}`,
  );
  await readUpTo(simulation, model, first);
}

async function readUpTo(simulation: Simulation, model: RunModel, first: number): Promise<boolean> {
  const { scenario, facts, disk, id = '' } = simulation;
  const readable = new RunModel(facts, scenario.flat.edges, scenario.keepOpen);
  readable.take((disk.entries.get(id) ?? []).filter(({ seq }) => seq < first));
  let isCut = false;
  // Each by a reader of its own: one that knows of the damage already does not show how it is found.
  for (const first of lists) {
    const reading = { run: id, limit: 1000, model, readable, first };
    isCut = (await simulation.visit(({ engine }) => checkReads({ ...reading, engine }))) || isCut;
  }
  return isCut;
}
