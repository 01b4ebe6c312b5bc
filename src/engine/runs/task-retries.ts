/** Failed tasks that somebody wants tried again, in runs that live or have ended. */
import type { ErrorRecord } from '../../schema/run.ts';
import type { FailedTasks } from './failed-tasks.ts';
import type { LiveRuns } from './live-runs.ts';
import type { LiveRun } from './run.ts';
import type { RunReviver } from './run-reviver.ts';

export interface TaskRetriesOptions {
  live: LiveRuns;
  reviver: RunReviver;
  /** Failed tasks of a run, by node. */
  failed: (run: string, which: FailedTasks) => Promise<Map<string, ErrorRecord[]>>;
}

export class TaskRetries {
  readonly #options: TaskRetriesOptions;

  constructor(options: TaskRetriesOptions) {
    this.#options = options;
  }

  /**
   * Puts them back, for which a run is brought back to life where it must be.
   * @returns how many there were, and the run where there were some
   */
  async retry(id: string, which: FailedTasks): Promise<{ run?: LiveRun; count: number }> {
    const { live, failed } = this.#options;
    const known = live.get(id);
    await known?.flush();
    // What its journal lacks would be put back a second time.
    if (known?.held) throw known.held;
    const found = await failed(id, which);
    if (found.size === 0) return { count: 0 };
    const run = live.goingOn(id);
    return run ? { run, count: putBack(run, found) } : this.#retryInRevived(id, which);
  }

  async #retryInRevived(id: string, which: FailedTasks): Promise<{ run: LiveRun; count: number }> {
    const { live, reviver, failed } = this.#options;
    const run = await reviver.livingAgain(id);
    let count = 0;
    try {
      // Another host may have put some back meanwhile, which would be done twice.
      count = putBack(run, await failed(id, which));
    } finally {
      if (count === 0 && run.isEnding) live.letGo(run);
    }
    return { run, count };
  }
}

/** @returns how many tasks that is */
function putBack(run: LiveRun, failed: Map<string, ErrorRecord[]>): number {
  let count = 0;
  for (const [node, errors] of failed) {
    count += errors.length;
    run.send({
      type: 'retry',
      node: run.indexOf(node) as number,
      tasks: errors.map((error) => Number(error.task)),
      attempts: errors.map((error) => error.attempts + 1),
    });
  }
  return count;
}
