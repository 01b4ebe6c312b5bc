/** Goes on with runs whose hosts are no more, and asks a store again that refuses for now. */
import { ConflictError, NotFoundError } from '../../errors.ts';
import type { RunStore } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { everyItem } from '../journal/every-item.ts';
import { Patience, refusalOf } from '../journal/store-patience.ts';
import type { LiveRuns } from './live-runs.ts';
import type { Ownership } from './ownership.ts';

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
  /** By run; the list of them has no name. Those of one do not speak against another. */
  readonly #refusals = new Map<string, Patience>();
  #isStopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Tries no run again by itself from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Resumes all of them, those that the store refuses later.
   * @returns ids of the runs that go on at once
   * @throws what the store says where it is not worth asking again which runs there are
   */
  async recover(): Promise<string[]> {
    const { live, resume } = this.#options;
    const resumed: string[] = [];
    let wait = Number.POSITIVE_INFINITY;
    let interrupted: string[];
    try {
      interrupted = await this.#interrupted();
    } catch (error) {
      const again = this.#refused('', error);
      if (again === undefined) throw error;
      this.#recoverLater(again);
      return resumed;
    }
    for (const id of interrupted) {
      if (live.has(id)) continue;
      try {
        await resume(id);
        resumed.push(id);
        this.#refusals.delete(id);
      } catch (error) {
        wait = Math.min(wait, await this.#notResumed(id, error));
      }
    }
    if (wait < Number.POSITIVE_INFINITY) this.#recoverLater(wait);
    return resumed;
  }

  /**
   * Gives a run up that is not worth another try. One that cannot be given up either stands in nobody's way.
   * @returns in how many milliseconds it is to be tried again; infinite when it is not
   */
  async #notResumed(id: string, error: unknown): Promise<number> {
    const never = Number.POSITIVE_INFINITY;
    // Somebody else was quicker.
    if (error instanceof ConflictError || error instanceof NotFoundError) return never;
    const again = this.#refused(id, error);
    if (again !== undefined) return again;
    if (refusalOf(error) !== 'doubtful') return never;
    try {
      await this.#options.giveUp(id, error);
      return never;
    } catch (refusal) {
      return this.#refused(id, refusal) ?? never;
    }
  }

  /** @param what a run, or the list of them */
  #refused(what: string, error: unknown): number | undefined {
    const refusals = this.#refusals.get(what) ?? new Patience();
    this.#refusals.set(what, refusals);
    return refusals.refused(error);
  }

  #recoverLater(wait: number): void {
    this.#options.clock.after(wait, () => {
      if (this.#isStopped) return;
      // A store that is broken has said so often enough.
      this.recover().catch(() => {});
    });
  }

  async #interrupted(): Promise<string[]> {
    const { runs, ownership } = this.#options;
    const interrupted: string[] = [];
    for (const status of ['pending', 'running', 'paused'] as const) {
      for await (const { id, owner } of everyItem((page) => runs.list({ status, ...page })))
        if (!ownership.isElsewhere(owner)) interrupted.push(id);
    }
    this.#refusals.delete('');
    return interrupted;
  }
}
