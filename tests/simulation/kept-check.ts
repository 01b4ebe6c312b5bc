/** What is left of a run that has ended: all that its nodes' policies keep, as it was, and nothing else. */

import { droppedOf } from '../../src/engine/journal/dropped-payloads.ts';
import type { DeliverEntry, JournalEntry } from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import type { Chance } from './chance.ts';
import type { GraphFacts } from './graph-facts.ts';
import { hashesIn } from './release-check.ts';
import { must, type RunModel, same } from './run-model.ts';
import type { Simulation } from './simulation.ts';
import { brief } from './trace.ts';
import { unfolded } from './unfolded.ts';

/** Whether a task's payload has gone. */
type IsGone = (task: number) => boolean;

export async function checkKept(simulation: Simulation, model: RunModel, chance: Chance): Promise<void> {
  const { disk, id = '' } = simulation;
  const [isDropping, isGone] = goneOf(simulation, model);
  const left: unknown[] = [];
  const entries = disk.entries.get(id) ?? [];
  let at = 0;
  for (const { first } of await disk.store.runs.summaries(id)) {
    for (const entry of (await disk.store.runs.chunk(id, first))?.entries ?? []) {
      left.push(entry);
      const [is, was] = [disk.whole(told(entry)), disk.whole(entries[at++])] as [JournalEntry, JournalEntry];
      const expected = was.kind === 'deliver' ? withoutPayloads(was, isGone) : was;
      must(
        same(fieldsOf(is), fieldsOf(expected)),
        () => `the store has ${brief(is)}\nnot ${brief(expected)}`,
      );
    }
  }
  must(at === entries.length, () => `the store has ${at} entries of ${entries.length}`);
  const document = (await disk.store.runs.get(id))?.document;
  if (document) checkInputs(simulation, unfolded(document).inputs, isDropping);
  left.push(document);
  await checkArtifacts(simulation, left);
  await checkTold(simulation, model, isGone, chance.int(5, 1000));
}

/** Whether inputs of a node go, and whose payloads do: found from the policies, and how tasks ended. */
function goneOf(simulation: Simulation, model: RunModel): [(node: string) => boolean, IsGone] {
  const { facts, disk, id = '', summary } = simulation;
  const held = heldIn(disk.entries.get(id) ?? [], facts).filter(
    (number) => model.task(number).state === 'succeeded',
  );
  const isWhole = summary?.status === 'succeeded' || summary?.status === 'partial';
  must(!isWhole || held.length === 0, () => `${held.length} tasks were gathered and not given out`);
  const isHeld = new Set(held);
  const isDropping = (node: string) => facts.get(node)?.policy.keepPayloads === 'failed';
  const isGone = (number: number) => {
    const { node, state } = model.task(number);
    if (!isDropping(node)) return false;
    return state === 'duplicate' || (state === 'succeeded' && !isHeld.has(number));
  };
  return [isDropping, isGone];
}

/**
 * Tasks that a collection or a join has tried since it last gave out: what was not given out is needed when the run
 * goes on.
 */
function heldIn(entries: readonly JournalEntry[], facts: GraphFacts): number[] {
  const byNode = new Map<string, number[]>();
  for (const entry of entries) {
    if (entry.kind === 'flush') byNode.delete(entry.node);
    if (entry.kind !== 'attempt') continue;
    const { kind } = facts.get(entry.node) ?? {};
    if (kind !== 'collect' && kind !== 'join') continue;
    byNode.set(entry.node, [...(byNode.get(entry.node) ?? []), ...entry.tasks]);
  }
  return [...byNode.values()].flat();
}

/** In the place of a payload that has gone. */
const gone = 'gone';

function withoutPayloads(entry: DeliverEntry, isGone: IsGone): DeliverEntry {
  const payloads = entry.payloads.map((payload, i) => (isGone(entry.first + i) ? gone : payload));
  return { ...entry, payloads };
}

/** An entry with all it tells, however it says which payloads have gone. */
function told(entry: JournalEntry): JournalEntry {
  if (entry.kind !== 'deliver') return entry;
  const { dropped: _, droppedKeys: __, ...rest } = entry;
  const positions = droppedOf(entry);
  const payloads = entry.payloads.map((payload, i) =>
    positions?.has(i) && payload === null ? gone : payload,
  );
  return { ...rest, payloads };
}

/** What is undefined may be left out. */
const fieldsOf = (entry: JournalEntry): object =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));

function checkInputs(
  { disk, scenario, summary }: Simulation,
  told: Record<string, unknown[]> = {},
  isDropping: (node: string) => boolean,
): void {
  const all = Object.entries(scenario.flat.inputs ?? {});
  // What a node within a subgraph begins with is part of that graph; a run that never began has nothing else.
  const stays = (node: string) => node.includes('/') || !isDropping(node) || summary?.startedAt === undefined;
  const expected = Object.fromEntries(all.filter(([node]) => stays(node)));
  must(same(disk.whole(told), expected), () => `the document's inputs are ${canonicalKey(told)}`);
}

/** All artifacts are there that something refers to, and none of those that nothing does any more. */
async function checkArtifacts({ disk, id = '' }: Simulation, left: unknown[]): Promise<void> {
  if (disk.claims.size === 0) return;
  const needed = withinAll(disk, left);
  for (const hash of needed)
    must(await disk.store.artifacts.has(hash), () => `${hash} is referred to and not there`);
  for (const hash of withinAll(disk, [disk.entries.get(id)])) {
    const isOthers = disk.cached.has(hash) || [...(disk.claims.get(hash) ?? [])].some((run) => run !== id);
    if (needed.has(hash) || isOthers) continue;
    must(!(await disk.store.artifacts.has(hash)), () => `${hash} is there and nothing refers to it`);
  }
}

function withinAll(disk: Simulation['disk'], values: unknown[]): Set<string> {
  const found = new Set(hashesIn(values));
  // A set visits what is added while it is walked.
  for (const hash of found) for (const inner of hashesIn(disk.contentOf(hash))) found.add(inner);
  return found;
}

/** What the API tells of it. */
async function checkTold(simulation: Simulation, model: RunModel, isGone: IsGone, limit: number) {
  const { disk, host, id = '', summary } = simulation;
  const { nodes } = await host.engine.summary(id);
  must(same(nodes, summary?.nodes), () => `counters are ${canonicalKey(nodes)} when payloads have gone`);
  const check = ({ task, payload, payloadDropped = false }: Told) => {
    const [gone, expected] = [isGone(Number(task)), disk.whole(model.task(Number(task)).payload)];
    must(payloadDropped === gone, () => `the payload of task ${task} is told as ${gone ? 'there' : 'gone'}`);
    must(gone ? payload === null : same(payload, expected), () => `task ${task} has another payload`);
  };
  for (let cursor: string | null = '0.0'; cursor !== null; ) {
    const page = await host.engine.tasks(id, { limit, cursor });
    for (const { id: task, ...rest } of page.items) check({ ...rest, task });
    cursor = page.nextCursor;
  }
  for (let cursor: string | null = '0.0'; cursor !== null; ) {
    const page = await host.engine.errors(id, { limit, cursor });
    for (const { task, payload } of page.items) check({ task, payload });
    cursor = page.nextCursor;
  }
}

interface Told {
  task: string;
  payload?: unknown;
  payloadDropped?: boolean;
}
