/** A run's progress as a feed of events: a slow reader gets fewer, each with all that happened in between. */

import { newsLimit } from '../engine/runs/run-news.ts';
import { toJsonText } from '../schema/json.ts';
import { hasEnded } from '../schema/run.ts';
import { toTypedText } from '../schema/typed-json.ts';
import { eventText, type Feed } from './event-stream.ts';
import type { RunProgress, RunService } from './services.ts';

/** What two reports say together: figures of the later, errors and logs of both. */
export function mergeProgress(before: RunProgress | undefined, after: RunProgress): RunProgress {
  if (!before) return after;
  return {
    ...after,
    errors: [...before.errors, ...after.errors].slice(-newsLimit),
    logs: [...before.logs, ...after.logs].slice(-newsLimit),
  };
}

/** Follows a run until it has ended; `typed` writes events as typed JSON. */
export async function followRun(
  runs: RunService,
  id: string,
  afterSeq: number,
  wake: () => void,
  typed = false,
): Promise<Feed> {
  let waiting: RunProgress | undefined;
  let ended = false;
  const stop = await runs.subscribe(
    id,
    (progress) => {
      waiting = mergeProgress(waiting, progress);
      ended ||= hasEnded(progress.run.status);
      wake();
    },
    afterSeq,
  );
  return {
    take() {
      if (!waiting) return undefined;
      const progress = waiting;
      waiting = undefined;
      return eventText('progress', typed ? toTypedText(progress) : toJsonText(progress), progress.seq);
    },
    ended: () => ended,
    stop,
  };
}
