/**
 * Which tasks a task came from, and which came from it, found in one walk over the journal: backwards for ancestors,
 * forwards for descendants. What a collection gave came from every task it had gathered since it last gave something,
 * what a fold gave from every task it had ever taken, since its state goes on; what a join gave came from two tasks, its
 * parent and its partner.
 */
import { type AttemptEntry, attemptEnd, type ChunkSummary, type JournalEntry } from './journal.ts';

export type Direction = 'ancestors' | 'descendants';

export interface Journal {
  summaries(): Promise<ChunkSummary[]>;
  entries(first: number): Promise<JournalEntry[]>;
}

/** @returns numbers of the tasks, ascending, without the task itself */
export async function lineage(journal: Journal, task: number, direction: Direction): Promise<number[]> {
  const found = direction === 'ancestors' ? await ancestors(journal, task) : await descendants(journal, task);
  found.delete(task);
  return [...found].sort((a, b) => a - b);
}

async function ancestors(journal: Journal, task: number): Promise<Set<number>> {
  const found = new Set([task]);
  /** Sequence numbers of flushes that gave something to a task found. */
  const flushes = new Set<number>();
  /** Nodes whose gathered tasks are being collected, on the way back from such a flush to the one before, if any. */
  const gathering = new Set<string>();
  const folds = new Set<string>();
  const visit = (entry: JournalEntry) => {
    if (entry.kind === 'deliver') {
      const { first, parents, partners, payloads } = entry;
      for (let i = 0; i < payloads.length; i++) {
        if (!found.has(first + i)) continue;
        const parent = parents?.[i] ?? 0;
        if (parent > 0) found.add(parent);
        else if (parent < 0) flushes.add(-parent);
        const partner = partners?.[i] ?? 0;
        if (partner > 0) found.add(partner);
      }
    } else if (entry.kind === 'flush') {
      if (flushes.has(entry.seq)) gathering.add(entry.node);
      else if (!folds.has(entry.node)) gathering.delete(entry.node);
    } else if (entry.kind === 'state') {
      folds.add(entry.node);
    } else if (entry.kind === 'attempt' && gathering.has(entry.node)) {
      for (const gathered of succeeded(entry)) found.add(gathered);
    }
  };
  for (const { first, last, nodes } of (await journal.summaries()).reverse()) {
    const isOfUse =
      gathering.size > 0 ||
      [...flushes].some((seq) => seq >= first && seq <= last) ||
      Object.values(nodes).some(({ created }) => created && holdsAny(found, created));
    if (isOfUse) for (const entry of (await journal.entries(first)).toReversed()) visit(entry);
  }
  return found;
}

async function descendants(journal: Journal, task: number): Promise<Set<number>> {
  const found = new Set([task]);
  /** Nodes that have gathered a task found, and are to give it out. */
  const holding = new Set<string>();
  const folds = new Set<string>();
  const flushes = new Set<number>();
  const visit = (entry: JournalEntry, gathers: ReadonlySet<string>) => {
    if (entry.kind === 'deliver' && entry.parents) {
      entry.parents.forEach((parent, i) => {
        const isFound = found.has(parent) || flushes.has(-parent) || found.has(entry.partners?.[i] ?? 0);
        if (isFound) found.add(entry.first + i);
      });
    } else if (entry.kind === 'attempt' && gathers.has(entry.node)) {
      if (succeeded(entry).some((gathered) => found.has(gathered))) holding.add(entry.node);
    } else if (entry.kind === 'flush' && holding.has(entry.node)) {
      flushes.add(entry.seq);
      if (!folds.has(entry.node)) holding.delete(entry.node);
    }
  };
  // Which nodes gather shows only when they give out, so these are looked for first.
  const summaries = (await journal.summaries()).filter(({ nodes }) =>
    Object.values(nodes).some(
      ({ created, touched }) => Math.max(created?.[1] ?? 0, touched?.[1] ?? 0) >= task,
    ),
  );
  const gathers = new Set<string>();
  for (const { first } of summaries) {
    for (const entry of await journal.entries(first)) {
      if (entry.kind === 'flush') gathers.add(entry.node);
      else if (entry.kind === 'state') folds.add(entry.node);
    }
  }
  for (const { first } of summaries) for (const entry of await journal.entries(first)) visit(entry, gathers);
  return found;
}

const succeeded = ({ tasks, ends }: AttemptEntry): number[] =>
  ends ? tasks.filter((_, i) => ends[i] === attemptEnd.succeeded) : tasks;

function holdsAny(tasks: ReadonlySet<number>, [low, high]: [number, number]): boolean {
  for (const task of tasks) if (task >= low && task <= high) return true;
  return false;
}
