/** Where tasks came from, found naively from the whole journal, and what the API tells of it. */
import type { Engine } from '../../src/engine/engine.ts';
import { attemptEnd, type JournalEntry } from '../../src/engine/journal/journal.ts';
import type { Chance } from './chance.ts';
import { must } from './run-model.ts';

/** Tasks looked up in each run. */
const samples = 8;

/** The tasks each task came from at once, by number. */
export function parentsIn(entries: readonly JournalEntry[]): Map<number, number[]> {
  const parents = new Map<number, number[]>();
  /** What a fold has taken in stays in its state. */
  const folds = new Set(entries.flatMap((entry) => (entry.kind === 'state' ? [entry.node] : [])));
  /** What nodes have taken in since they last gave it out, and what they gave out, by sequence number. */
  const gathered = new Map<string, number[]>();
  const flushed = new Map<number, number[]>();
  for (const entry of entries) {
    if (entry.kind === 'deliver') {
      entry.payloads.forEach((_, i) => {
        const [parent = 0, partner = 0] = [entry.parents?.[i], entry.partners?.[i]];
        const origins = parent < 0 ? (flushed.get(-parent) ?? []) : [parent, partner];
        parents.set(
          entry.first + i,
          origins.filter((origin) => origin > 0),
        );
      });
    } else if (entry.kind === 'attempt') {
      const succeeded = entry.tasks.filter((_, i) => (entry.ends?.[i] ?? 0) === attemptEnd.succeeded);
      gathered.set(entry.node, [...(gathered.get(entry.node) ?? []), ...succeeded]);
    } else if (entry.kind === 'flush') {
      flushed.set(entry.seq, gathered.get(entry.node) ?? []);
      if (!folds.has(entry.node)) gathered.delete(entry.node);
    }
  }
  return parents;
}

/** All that can be reached from a task, without the task itself. */
export function reachable(from: number, next: ReadonlyMap<number, number[]>): Set<number> {
  const found = new Set<number>();
  const open = [...(next.get(from) ?? [])];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (found.has(task)) continue;
    found.add(task);
    open.push(...(next.get(task) ?? []));
  }
  return found;
}

export async function checkLineage(
  engine: Engine,
  run: string,
  entries: readonly JournalEntry[],
  chance: Chance,
): Promise<void> {
  const parents = parentsIn(entries);
  const children = new Map<number, number[]>();
  for (const [task, origins] of parents)
    for (const origin of origins) children.set(origin, [...(children.get(origin) ?? []), task]);
  // Those that came from nothing and gave nothing tell nothing.
  const tasks = [
    ...new Set([...parents].flatMap(([task, origins]) => (origins.length > 0 ? [task, ...origins] : []))),
  ];
  for (let i = 0; i < samples && tasks.length > 0; i++) {
    const task = chance.pick(tasks);
    for (const [direction, next] of [
      ['ancestors', parents],
      ['descendants', children],
    ] as const) {
      const { items } = await engine.lineage(run, String(task), { direction, limit: 1000 });
      const told = items.map(({ id }) => Number(id)).join();
      const expected = [...reachable(task, next)].sort((a, b) => a - b).join();
      must(told === expected, () => `${direction} of task ${task} are ${expected}, not ${told}`);
    }
  }
}
