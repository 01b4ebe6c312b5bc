/** One seed from beginning to end, with everything that must hold afterwards. */
import { canonicalKey } from '../../src/engine/canonical.ts';
import type { JournalEntry } from '../../src/engine/journal.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { asMultiset } from '../engine/as-multiset.ts';
import { Oracle } from '../engine/oracle.ts';
import { audit } from './audit.ts';
import { simulationRegistry } from './node-types.ts';
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
    return await verify(simulation);
  } catch (error) {
    throw new Error(report(scenario, simulation, error), { cause: error });
  }
}

async function verify(simulation: Simulation): Promise<SeedResult> {
  const { scenario, facts, fate, disk, id = '', summary } = simulation;
  const { graph, keepOpen } = scenario;
  disk.calm();
  const entries = disk.entries.get(id) ?? [];
  const model = new RunModel(facts, graph.edges, keepOpen);
  model.take(entries);
  must(
    hasEnded(summary?.status ?? 'pending') && model.status === summary?.status,
    () => `the run is ${summary?.status}, its journal ${model.status}`,
  );
  must(summary?.reason?.startsWith('The run could not be resumed') !== true, () => `${summary?.reason}`);
  for (const [node, { counters, waiting }] of model.nodes) {
    const told = { ...summary?.nodes[node] };
    const expected = { ...counters, running: 0, pending: 0 };
    must(
      canonicalKey(told) === canonicalKey(expected),
      () => `the summary of ${node} tells ${JSON.stringify(told)}, the journal ${JSON.stringify(expected)}`,
    );
    must(waiting.size === 0, () => `${waiting.size} tasks of ${node} have not ended`);
  }
  await audit(graph, facts, fate, model, entries);
  // Reading page by page costs more than the run itself.
  if (scenario.seed % 8 === 0) await checkReads(simulation, model);
  return { entries, isCompared: await compare(simulation, entries) };
}

/** What the API tells, page by page, agrees with the counters. */
async function checkReads(
  { host: { engine }, id = '', scenario }: Simulation,
  model: RunModel,
): Promise<void> {
  const limit = 3 + (scenario.seed % 53);
  const pages = async <T>(
    page: (at: { cursor?: string; limit: number }) => Promise<{ items: T[]; nextCursor: string | null }>,
  ) => {
    const items: T[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const next = await page({ limit, ...(cursor && { cursor }) });
      items.push(...next.items);
      must(
        next.nextCursor === null || next.nextCursor !== cursor,
        () => `the page after ${cursor} ends where it begins`,
      );
      cursor = next.nextCursor;
    }
    return items;
  };
  const tasks = await pages((at) => engine.tasks(id, at));
  must(
    tasks.length === model.tasks.size && new Set(tasks.map((task) => task.id)).size === tasks.length,
    () => `the API lists ${tasks.length} tasks of ${model.tasks.size}`,
  );
  for (const task of tasks) {
    const { node, state } = model.task(Number(task.id));
    must(
      task.node === node && task.status === state,
      () => `task ${task.id} is told as ${task.status} at ${task.node}, and is ${state} at ${node}`,
    );
  }
  const count = (name: 'failed' | 'succeeded' | 'duplicate' | 'cancelled') =>
    [...model.nodes.values()].reduce((sum, { counters }) => sum + counters[name], 0);
  for (const status of ['failed', 'succeeded', 'duplicate', 'cancelled'] as const) {
    const listed = await pages((at) => engine.tasks(id, { ...at, status }));
    must(
      listed.length === count(status),
      () => `the API lists ${listed.length} ${status} tasks of ${count(status)}`,
    );
  }
  const errors = await pages((at) => engine.errors(id, at));
  must(
    new Set(errors.map(({ task }) => task)).size === errors.length && errors.length === count('failed'),
    () => `the API lists ${errors.length} errors of ${count('failed')}`,
  );
  for (const [node, { outputs }] of model.nodes) {
    const listed = await pages((at) => engine.outputs(id, { ...at, node }));
    must(listed.length === outputs, () => `the API lists ${listed.length} outputs of ${node} of ${outputs}`);
  }
}

/** Holds the run against the naive oracle, where nobody cut it short or stepped in at a moment an oracle cannot know. */
async function compare(simulation: Simulation, entries: readonly JournalEntry[]): Promise<boolean> {
  const { scenario, fate, summary } = simulation;
  const { graph, keepOpen } = scenario;
  const wasStopped = (entry: JournalEntry) =>
    entry.kind === 'status' && (entry.status === 'cancelled' || entry.status === 'failed');
  if (entries.some(wasStopped) || entries.some(tellsOfChance)) return false;
  if (scenario.actions.some(({ kind }) => kind === 'retry' || (kind === 'inject' && !keepOpen))) return false;
  const injected = injectedInto(entries, graph);
  if (!injected) return false;
  const oracle = await Oracle.of(graph, { registry: simulationRegistry, fate, limit: 2000 });
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
  for (const [node, expected] of Object.entries(oracle.outputs)) {
    const given = entries.flatMap((entry) =>
      entry.kind === 'output' && entry.node === node ? entry.values : [],
    );
    const [told, wanted] = [asMultiset(given).join(), asMultiset(expected).join()];
    must(told === wanted, () => `${node} gives ${told}; the oracle says ${wanted}`);
  }
  return true;
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

function report(scenario: Scenario, { trace }: Simulation, error: unknown): string {
  const { seed, graph, actions, ...rest } = scenario;
  return [
    `Seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    `Graph: ${brief(graph, 10_000)}`,
    `Plan: ${brief(rest, 10_000)}`,
    `Actions: ${brief(actions, 10_000)}`,
    `Last events:\n${trace}`,
    `Again: HANDLOOM_SEED=${seed} npx vitest run --config tests/vitest.config.ts --project unit tests/simulation/replay.test.ts`,
  ].join('\n');
}
