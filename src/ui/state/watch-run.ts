/** Opens a run for show and follows it until it has ended or the page looks elsewhere. */
import type { Client } from '../../api/client.ts';
import { RunView } from './run-view.svelte.ts';

export interface WatchedRun {
  view: RunView;
  stop: () => void;
}

/** @throws HandloomError `run_not_found` */
export async function watchRun(
  client: Client,
  id: string,
  onEnd?: (view: RunView) => void,
): Promise<WatchedRun> {
  const [report, graph] = await Promise.all([client.getRun(id), client.getRunGraph(id)]);
  const { outputs: _, errors, outputCursors: __, errorCursor: ___, problem, ...summary } = report;
  const view = new RunView(summary, graph);
  view.errors = errors;
  view.problem = problem;
  const wasLive = view.live;
  const abort = new AbortController();
  // An ended run gives its last progress at once: that is where the counts on the threads come from.
  void client
    .followRun(
      id,
      (progress) => {
        view.take(wasLive ? progress : { ...progress, errors: [] });
        if (!view.live && wasLive) onEnd?.(view);
      },
      { signal: abort.signal },
    )
    .catch(() => {
      if (!abort.signal.aborted) view.stale = true;
    });
  return {
    view,
    stop: () => {
      abort.abort();
      view.dispose();
    },
  };
}
