/** What an earlier run has found is not worked out again, where the policy says so. */

import { attemptEnd, type JournalEntry } from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import type { NodeFacts } from './graph-facts.ts';
import { must } from './run-model.ts';
import type { Simulation } from './simulation.ts';

/** Tasks that succeeded at nodes which remember, by type, params and payload; undefined where the store may not have taken them. */
export function successesOf(simulation: Simulation): Set<string> | undefined {
  if (simulation.disk.faults.count > 0) return undefined;
  return new Set(remembered(simulation).map(({ key }) => key));
}

/** @param known what the run before has found */
export function checkCached(simulation: Simulation, known: Set<string> | undefined): void {
  if (!known || simulation.disk.faults.count > 0) return;
  for (const { task, key, isCached } of remembered(simulation))
    must(isCached || !known.has(key), () => `task ${task} was worked out though the run before had found it`);
}

function remembered({ facts, disk, id = '' }: Simulation) {
  const payloads = new Map<number, unknown>();
  const found: { task: number; key: string; isCached: boolean }[] = [];
  for (const entry of disk.entries.get(id) ?? []) {
    if (entry.kind === 'deliver')
      entry.payloads.forEach((payload, i) => void payloads.set(entry.first + i, disk.whole(payload)));
    const node = 'node' in entry ? facts.get(entry.node) : undefined;
    if (entry.kind !== 'attempt' || !node?.policy.cache || node.hasEffects || node.kind !== 'map') continue;
    for (const task of succeeded(entry))
      found.push({ task, key: keyOf(node, payloads.get(task)), isCached: !!entry.cached?.includes(task) });
  }
  return found;
}

const succeeded = ({ tasks, ends }: JournalEntry & { kind: 'attempt' }): number[] =>
  tasks.filter((_, i) => (ends?.[i] ?? attemptEnd.succeeded) === attemptEnd.succeeded);

const keyOf = ({ node }: NodeFacts, payload: unknown): string =>
  `${node.type} ${canonicalKey(node.params)} ${canonicalKey(payload)}`;
