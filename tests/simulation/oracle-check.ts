/** A run against the naive oracle, where nobody cut it short or stepped in at a moment an oracle cannot know. */

import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { asMultiset } from '../engine/as-multiset.ts';
import { Oracle } from '../engine/oracle.ts';
import { parentsIn, reachable } from './lineage-check.ts';
import { simulationRegistry } from './node-types.ts';
import { must, type RunModel } from './run-model.ts';
import type { Simulation } from './simulation.ts';
import { outputOf } from './unfolded.ts';

/** @returns whether there was anything to compare */
export async function compare(
  simulation: Simulation,
  model: RunModel,
  entries: readonly JournalEntry[],
): Promise<boolean> {
  const { scenario, fate, summary } = simulation;
  const { flat, keepOpen } = scenario;
  const wasStopped = (entry: JournalEntry) =>
    entry.kind === 'status' && (entry.status === 'cancelled' || entry.status === 'failed');
  if (entries.some(wasStopped) || entries.some(tellsOfChance)) return false;
  if (scenario.actions.some(({ kind }) => kind === 'retry' || (kind === 'inject' && !keepOpen))) return false;
  const injected = injectedInto(entries, flat);
  if (!injected) return false;
  const oracle = await Oracle.of(flat, { registry: simulationRegistry, fate, limit: 2000 });
  if (!oracle.run(injected)) return false;
  for (let round = roundsIn(entries); round > 0; round--) if (!oracle.retry()) return false;
  must(
    oracle.status === summary?.status,
    () => `the run is ${summary?.status}; the oracle says ${oracle.status}`,
  );
  for (const [node, expected] of Object.entries(oracle.counters)) {
    const { running: _, pending: __, cancelled, ...told } = { ...summary?.nodes[node] };
    must(
      cancelled === 0 && canonicalKey(told) === canonicalKey(expected),
      () => `${node} counts ${JSON.stringify(told)}; the oracle says ${JSON.stringify(expected)}`,
    );
  }
  for (const [node, expected] of Object.entries(outputsOf(oracle))) {
    const given = entries.flatMap((entry) =>
      entry.kind === 'output' && entry.node === node ? entry.values : [],
    );
    const [told, wanted] = [asMultiset(given).join(), asMultiset(expected).join()];
    must(told === wanted, () => `${node} gives ${told}; the oracle says ${wanted}`);
  }
  if (scenario.readsLineage) compareLines(oracle, flat, model, entries);
  return true;
}

/** Outputs by the node of the document they are told under. */
function outputsOf({ outputs }: Oracle): Record<string, unknown[]> {
  const merged: Record<string, unknown[]> = {};
  for (const [id, values] of Object.entries(outputs)) (merged[outputOf(id)] ??= []).push(...values);
  return merged;
}

/** Every task has as many ancestors as its like has for the oracle. */
function compareLines(
  { tasks }: Oracle,
  { nodes }: Graph,
  model: RunModel,
  entries: readonly JournalEntry[],
): void {
  // Of equal payloads, whichever came first is no duplicate.
  if (nodes.some(({ policy }) => policy?.dedupe)) return;
  const describe = (task: { node: string; payload: unknown }, ancestors: Set<number>) =>
    `${task.node} ${asMultiset([task.payload])[0]} ${ancestors.size}`;
  const parents = parentsIn(entries);
  const told = [...parents.keys()].map((task) => describe(model.task(task), reachable(task, parents)));
  const origins = new Map(tasks.map((task, i) => [i + 1, task.origins]));
  const wanted = tasks.map((task, i) => describe(task, reachable(i + 1, origins)));
  must(
    told.sort().join('\n') === wanted.sort().join('\n'),
    () => `tasks and their ancestors are\n${told.join('\n')}\ninstead of\n${wanted.join('\n')}`,
  );
}

/** Whether tasks failed since their host had died at them, or for want of time, which an oracle cannot foretell. */
const tellsOfChance = (entry: JournalEntry): boolean =>
  entry.kind === 'attempt' &&
  entry.errors.some(({ code }) => code === 'host_died' || code === 'queue_timeout');

/** How often failed tasks were tried again after the end. */
function roundsIn(entries: readonly JournalEntry[]): number {
  let hasRunEnded = false;
  let rounds = 0;
  for (const entry of entries) {
    if (entry.kind !== 'status') continue;
    if (hasRunEnded) rounds++;
    hasRunEnded = hasEnded(entry.status);
  }
  return rounds;
}

/** Payloads that came from outside after the start; undefined where some came when the run was open no more. */
function injectedInto(entries: readonly JournalEntry[], { nodes, inputs = {} }: Graph) {
  const isSource = new Set(nodes.filter(({ type }) => type === 'flow.source').map(({ id }) => id));
  const started = new Set<string>();
  const injected: { node: string; payload: unknown }[] = [];
  let isOpen = true;
  for (const entry of entries) {
    if (entry.kind === 'close') isOpen = false;
    if (entry.kind !== 'deliver' || entry.parents) continue;
    const { node, payloads } = entry;
    const isOfStart = (inputs[node] ?? []).length > 0 || (isSource.has(node) && payloads[0] === null);
    if (!started.has(node) && isOfStart) started.add(node);
    else if (!isOpen) return undefined;
    else for (const payload of payloads) injected.push({ node, payload });
  }
  return injected;
}
