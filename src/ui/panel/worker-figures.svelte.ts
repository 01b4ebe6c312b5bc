/** How many of the host's workers are at work, asked for while a run goes on. Call while a component is set up. */
import type { Client } from '../../api/client.ts';
import type { Statistics } from '../../api/services.ts';
import { m } from '../paraglide/messages.js';

/** Milliseconds between two questions. */
const every = 1000;

export function workerFigures(client: Client, live: () => boolean): { readonly text: string } {
  let workers = $state.raw<Statistics['workers'] | undefined>();
  async function ask(): Promise<void> {
    // Figures that cannot be had just now are asked for again in a second.
    const answer = await client.statistics().catch(() => undefined);
    if (answer) workers = answer.workers;
  }
  $effect(() => {
    void ask();
    if (!live()) return;
    const timer = setInterval(ask, every);
    return () => clearInterval(timer);
  });
  return {
    get text() {
      if (!workers) return '–';
      const { busy, alive, parallelism } = workers;
      return m.workers_busy_of({ busy, all: Math.max(alive, parallelism) });
    },
  };
}
