/** Goes on with runs whose hosts are no more, and asks a store again that refuses for now. */
import { ConflictError, NotFoundError } from '../errors.ts';
import type { RunStore } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { everyItem } from './every-item.ts';
import type { LiveRuns } from './live-runs.ts';
import type { Ownership } from './ownership.ts';
import { isWorthAnotherTry, patience, refusalOf } from './store-patience.ts';

export interface RecoveryOptions {
  runs: Pick<RunStore, 'list'>;
  clock: Clock;
  ownership: Pick<Ownership, 'isElsewhere'>;
  live: Pick<LiveRuns, 'has'>;
  /** @throws ConflictError when somebody else was quicker */
  resume: (run: string) => Promise<void>;
  /** Ends a run that cannot be resumed, with the error as its reason. */
  giveUp: (run: string, error: unknown) => Promise<void>;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  #isStopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Tries no run again by itself from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resumes all of them, those that the store refuses later. @returns ids of the runs that go on at once */
  async recover(attempt = 1): Promise<string[]> {
    const { live, resume, giveUp } = this.#options;
    const resumed: string[] = [];
    let isAgain = false;
    for (const id of await this.#interrupted()) {
      if (live.has(id)) continue;
      try {
        await resume(id);
        resumed.push(id);
      } catch (error) {
        // Somebody else was quicker.
        if (error instanceof ConflictError || error instanceof NotFoundError) continue;
        if (isWorthAnotherTry(error, attempt)) isAgain = true;
        else if (refusalOf(error) === 'doubtful') await giveUp(id, error);
      }
    }
    if (isAgain) this.#recoverLater(attempt);
    return resumed;
  }

  #recoverLater(attempt: number): void {
    this.#options.clock.after(patience(attempt), () => {
      if (this.#isStopped) return;
      this.recover(attempt + 1).catch((error) => {
        if (isWorthAnotherTry(error, attempt + 1)) this.#recoverLater(attempt + 1);
      });
    });
  }

  async #interrupted(): Promise<string[]> {
    const { runs, ownership } = this.#options;
    const interrupted: string[] = [];
    for (const status of ['pending', 'running', 'paused'] as const) {
      for await (const { id, owner } of everyItem((page) => runs.list({ status, ...page })))
        if (!ownership.isElsewhere(owner)) interrupted.push(id);
    }
    return interrupted;
  }
}
