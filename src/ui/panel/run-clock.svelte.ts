/** How long a run has taken so far, ticking while it goes. Call while a component is being set up. */
import type { RunView } from '../state/run-view.svelte.ts';

export function runClock(run: () => RunView): {
  readonly elapsed: number | undefined;
  left(at: number): number;
} {
  let now = $state(Date.now());
  $effect(() => {
    if (!run().live) return;
    const timer = setInterval(() => (now = Date.now()), 250);
    return () => clearInterval(timer);
  });
  return {
    /** Milliseconds; undefined before it has started. */
    get elapsed() {
      const { startedAt, finishedAt } = run().summary;
      if (!startedAt) return undefined;
      return Math.max(0, (finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt));
    },
    /** Milliseconds until a moment. */
    left: (at) => at - now,
  };
}
