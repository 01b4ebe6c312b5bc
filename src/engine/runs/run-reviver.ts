/**
 * Brings runs back to life from their journals: those whose hosts died, and those that have ended and are to go on.
 * A run must not live twice, so whoever asks for one takes turns.
 */
import { HandloomError } from '../../errors.ts';
import { hasEnded, type RunSummary } from '../../schema/run.ts';
import type { RunRecord } from '../../store/store.ts';
import type { ValidGraph } from '../graph/validate.ts';
import { isWorthAnotherTry, refusalOf } from '../journal/store-patience.ts';
import { failedToResume, giveUp } from './giving-up.ts';
import { runLive } from './ownership.ts';
import type { LiveRun } from './run.ts';
import type { RunStarterOptions } from './run-starter.ts';
import { storedRecord, storedSummary } from './stored-run.ts';
import { takeOver } from './takeover.ts';

export interface RunReviverOptions extends Omit<RunStarterOptions, 'newId'> {
  /** Checks a document and makes its nodes ready to run. */
  check: (document: unknown) => Promise<ValidGraph>;
}

export class RunReviver {
  readonly #options: RunReviverOptions;

  constructor(options: RunReviverOptions) {
    this.#options = options;
  }

  /**
   * Goes on with a run whose host died.
   * @throws ConflictError `run_live`, `run_ended`
   */
  async resume(id: string): Promise<void> {
    const { runs, live, ownership, clock, takeover } = this.#options;
    if (live.has(id)) throw runLive(id, 'The run is under way.');
    ownership.checkInterrupted(await storedSummary(runs, id));
    const resumedAt = new Date(clock.now()).toISOString();
    const run = await this.#revive(id, { resumedAt }).catch(async (error) => {
      if (refusalOf(error) === 'final' && !isNewer(error)) await this.giveUpResuming(id, error);
      throw error;
    });
    run.send({ type: 'recover' });
    takeOver(run, takeover);
  }

  /**
   * A run to cancel: one that lives, or whose host died, as its journal left it.
   * @returns undefined when that cannot be told, and the run has been cancelled so
   */
  async toCancel(id: string): Promise<LiveRun | undefined> {
    const { runs, live, ownership } = this.#options;
    const known = live.get(id);
    if (known) return known;
    ownership.checkInterrupted(await storedSummary(runs, id));
    try {
      return await this.#revive(id);
    } catch (error) {
      if (isWorthAnotherTry(error, 1)) throw error;
      await giveUp(id, { status: 'cancelled' }, this.#options);
      return undefined;
    }
  }

  /** A run that has ended, or is about to, or whose host died, living again. */
  async livingAgain(id: string): Promise<LiveRun> {
    const { runs, live } = this.#options;
    await live.get(id)?.ended;
    if (hasEnded((await storedSummary(runs, id)).status)) {
      const run = await this.#revive(id);
      if (run.isEnding) return run;
      // Another host has brought it back to life meanwhile.
      live.letGo(run);
      return this.livingAgain(id);
    }
    await this.resume(id);
    return live.goingOn(id) ?? this.livingAgain(id);
  }

  /** Ends a run that cannot be resumed, with the error as its reason. */
  giveUpResuming(id: string, error: unknown): Promise<void> {
    return giveUp(id, failedToResume(error), this.#options);
  }

  /** As its journal left it. */
  async #revive(id: string, since: { resumedAt?: string } = {}): Promise<LiveRun> {
    const { runs, values, live, states, ownership, check } = this.#options;
    const record = await storedRecord(runs, id);
    const { document, ...stored } = record;
    const { graph, nodes } = await check(document);
    const { owner = stored.owner } = ownership;
    const summary = { ...asUnended(stored), ...since, ...(owner !== undefined && { owner }) };
    return values.open(id, nodes, false, async () =>
      live.begin({ ...(await states.replayed(record, graph, nodes)), summary, graph, nodes }),
    );
  }
}

/** What is still true of a run that goes on again. */
function asUnended(run: Omit<RunRecord, 'document'>): RunSummary {
  const { keepOpen: _, finishedAt: __, open: ___, reason: ____, reasonCode: _____, ...summary } = run;
  return summary;
}

/** Whether what was to be read is of a newer version of Handloom, which can go on with it. */
const isNewer = (error: unknown): boolean =>
  error instanceof HandloomError && ['journal_newer', 'store_newer'].includes(error.code);
