/** A task that takes its host down is found, before it has taken down many, and nobody else is blamed for it. */
import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import { must, type RunModel } from './run-model.ts';
import type { Simulation } from './simulation.ts';

/**
 * Hosts that one such task may take down until it is found, each time that it is tried. A death that came faster than
 * its commit proves little, and one whose delivery did not get through leaves no task behind.
 */
const enoughDeaths = 5;

export function checkDeaths(
  { isDeadly, ends }: Simulation,
  model: RunModel,
  entries: readonly JournalEntry[],
): void {
  let tries = 0;
  for (const { number, node, payload, state } of model.tasks.values()) {
    if (!isDeadly(node, payload)) continue;
    tries++;
    must(state !== 'succeeded', () => `task ${number} takes its host down, and has succeeded`);
  }
  for (const entry of entries) {
    if (entry.kind === 'redeliver') tries += entry.tasks.length;
    if (entry.kind !== 'attempt' || !entry.errors.some(({ code }) => code === 'host_died')) continue;
    for (const number of entry.tasks) {
      const { node, payload } = model.task(number);
      // Who is shut down while a task runs alone cannot tell that from its doing.
      const isGuilty = isDeadly(node, payload) || ends.otherwise > 0;
      must(isGuilty, () => `task ${number} is blamed for the end of hosts that others took down`);
    }
  }
  must(ends.byTask <= (tries + 1) * enoughDeaths, () => `${tries} tasks took down ${ends.byTask} hosts`);
}
