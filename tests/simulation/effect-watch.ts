/** A task with effects is handed over only when its start is in the store, and a key stands for one payload. */
import type { Batch } from '../../src/engine/executor.ts';
import { type JournalEntry, tasksOfStart } from '../../src/engine/journal/journal.ts';
import type { GraphFacts } from './graph-facts.ts';
import type { Host } from './host.ts';
import { must } from './run-model.ts';

export class EffectWatch {
  readonly #facts: GraphFacts;
  readonly #committed: (run: string) => readonly JournalEntry[];
  readonly #payloads = new Map<string, unknown>();

  constructor(facts: GraphFacts, committed: (run: string) => readonly JournalEntry[]) {
    this.#facts = facts;
    this.#committed = committed;
  }

  /** Told of each batch as a host hands it over. */
  sent({ run, node, tasks, payloads }: Batch, { wasFrozen }: Host): void {
    if (!this.#facts.get(node)?.hasEffects) return;
    const entries = this.#committed(run);
    // One that was frozen may hand over what it had begun before the run went on elsewhere.
    const life = wasFrozen
      ? entries
      : entries.slice(entries.findLastIndex((entry) => entry.kind === 'status' && entry.resumed) + 1);
    const started = new Set(life.flatMap((entry) => (entry.kind === 'start' ? tasksOfStart(entry) : [])));
    tasks.forEach((task, i) => {
      const isCommitted = started.has(task);
      must(isCommitted, () => `task ${task} with effects is handed over before its start is committed`);
      const key = `${run}:${node}:${task}`;
      const [known, payload] = [this.#payloads.get(key), payloads[i]];
      must(
        !this.#payloads.has(key) || Object.is(known, payload) || typeof payload === 'object',
        () => `the key ${key} stands for two payloads`,
      );
      this.#payloads.set(key, payload);
    });
  }
}
