/** With a run goes what only that run has stored, and in the end nothing is left. */
import { StoredValue } from '../../src/schema/stored-value.ts';
import { must } from './run-model.ts';
import type { Simulation } from './simulation.ts';

export async function checkRelease(simulation: Simulation): Promise<void> {
  const { disk } = simulation;
  if (disk.claims.size === 0) return;
  const left = async () => {
    const hashes: string[] = [];
    for (const hash of disk.claims.keys()) if (await disk.store.artifacts.has(hash)) hashes.push(hash);
    return hashes;
  };
  for (const [run, entries] of disk.entries)
    for (const hash of hashesIn(entries))
      must(!!disk.claims.get(hash)?.has(run), () => `${run} holds ${hash} and has no claim on it`);
  await simulation.visit(async ({ engine }) => {
    const runs = [...disk.summaries.keys()];
    for (const run of runs) await engine.remove(run);
    for (const hash of await left()) {
      // What was claimed for a run that could not be created goes with the next tidying.
      const isOfRuns = [...(disk.claims.get(hash) ?? [])].every((run) => runs.includes(run));
      must(!isOfRuns || disk.cached.has(hash), () => `the artifact ${hash} outlives its runs`);
    }
    await engine.emptyCache();
    await engine.tidy();
    const forgotten = await left();
    must(forgotten.length === 0, () => `${forgotten.length} artifacts are left of nothing`);
  });
}

/** Artifacts that it refers to at once. */
export function hashesIn(value: unknown): string[] {
  if (value instanceof StoredValue) return [value.hash];
  const isPlain = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  return isPlain ? Object.values(value).flatMap(hashesIn) : [];
}
