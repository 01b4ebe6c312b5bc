/**
 * Removes what nobody needs any more: ended runs and cached results beyond the retention, and artifacts that no run
 * uses. The limits are those the host was started with, else those that are kept in its store.
 */
import { ConflictError } from '../../errors.ts';
import { hasEnded } from '../../schema/run.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { everyItem } from '../journal/every-item.ts';
import { isWorthAnotherTry } from '../journal/store-patience.ts';
import type { LiveRuns } from '../runs/live-runs.ts';
import {
  beyondRetention,
  type EndedRun,
  type Removal,
  type Retention,
  type RetentionReport,
} from './retention.ts';

export interface HousekeepingOptions {
  store: Store;
  clock: Clock;
  /** Limits that cannot be set otherwise. */
  retention?: Retention | undefined;
  /** Runs that live in this engine. */
  live: Pick<LiveRuns, 'has' | 'size'>;
  /** Removes an ended run, unless it lives again by then. */
  remove: (run: string) => Promise<void>;
  /** Lets go of payloads of an ended run that its nodes' policies do not keep. */
  drop: (run: string) => Promise<void>;
}

/** Settings by which all hosts of a store keep house. */
const limitsKey = 'retention';
const removalKey = 'removed';

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  /** Runs that are being started, and have claimed artifacts that no stored run uses yet. */
  #starting = 0;
  #sweeping: Promise<unknown> | undefined;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** Starts a run while no artifact is swept that it is about to claim. */
  async whileStarting<T>(start: () => Promise<T>): Promise<T> {
    while (this.#sweeping !== undefined) await this.#sweeping;
    this.#starting++;
    try {
      return await start();
    } finally {
      this.#starting--;
    }
  }

  /** Limits that hold; none where all is kept. */
  async limits(): Promise<Retention> {
    const { retention, store } = this.#options;
    return isLimited(retention) ? retention : (((await store.settings.get(limitsKey)) as Retention) ?? {});
  }

  /** @throws ConflictError `retention_fixed` */
  async setLimits(limits: Retention): Promise<void> {
    if (isLimited(this.#options.retention)) {
      const message = 'What is kept was said when this host was started: start it anew to change it.';
      throw new ConflictError('retention_fixed', message);
    }
    await this.#options.store.settings.set(limitsKey, isLimited(limits) ? limits : undefined);
  }

  async report(): Promise<RetentionReport> {
    const { runs, cache, settings } = this.#options.store;
    const sizes = [...(await runs.sizes()).values()];
    const { entries, bytes: cachedBytes } = await cache.size();
    const removed = (await settings.get(removalKey)) as Removal | undefined;
    const all = Object.values(await runs.counts()).reduce((sum, count) => sum + count, 0);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return {
      limits: await this.limits(),
      ...(isLimited(this.#options.retention) && { fixed: true }),
      kept: { runs: all, bytes, cached: entries, cachedBytes },
      ...(removed && { removed }),
    };
  }

  /** Not to be called again before it has settled. */
  async tidy(): Promise<void> {
    await this.#removeBeyond(await this.limits());
    await this.#dropPayloads();
    const { store, live } = this.#options;
    const { pending, running, paused } = await store.runs.counts();
    // A run that lives, here or elsewhere, may have put what it is about to claim.
    if (pending + running + paused + live.size + this.#starting > 0) return;
    this.#sweeping = store.artifacts.sweep().catch(() => {});
    await this.#sweeping;
    this.#sweeping = undefined;
  }

  async #removeBeyond(limits: Retention): Promise<void> {
    if (!isLimited(limits)) return;
    const { store, clock, remove } = this.#options;
    const removed: Removal = { at: new Date(clock.now()).toISOString(), runs: 0, bytes: 0, cached: 0 };
    const ended = await this.#ended();
    await eachInTurn(beyondRetention([...ended.values()], limits, clock.now()), async (id) => {
      await remove(id);
      removed.runs++;
      removed.bytes += ended.get(id)?.bytes ?? 0;
    });
    const { maxAgeMs, maxBytes } = limits;
    if (maxAgeMs !== undefined) removed.cached += await store.cache.delete(clock.now() - maxAgeMs);
    if (maxBytes !== undefined) removed.cached += await store.cache.trim(maxBytes);
    if (removed.runs + removed.cached > 0) await store.settings.set(removalKey, removed);
  }

  async #ended(): Promise<Map<string, EndedRun>> {
    const { store, live } = this.#options;
    const sizes = await store.runs.sizes();
    const ended = new Map<string, EndedRun>();
    for await (const run of everyItem((page) => store.runs.list(page))) {
      const { id, status, createdAt, finishedAt } = run;
      if (!hasEnded(status) || live.has(id)) continue;
      ended.set(id, { id, endedAt: Date.parse(finishedAt ?? createdAt), bytes: sizes.get(id) ?? 0 });
    }
    return ended;
  }

  /** Of runs that ended while there was no time for it. */
  async #dropPayloads(): Promise<void> {
    const { store, drop } = this.#options;
    const left: string[] = [];
    for await (const run of everyItem((page) => store.runs.list(page))) {
      const { id, status, dropsPayloads, payloadsDroppedAt = '', finishedAt = '' } = run;
      if (dropsPayloads && hasEnded(status) && payloadsDroppedAt < finishedAt) left.push(id);
    }
    await eachInTurn(left, drop);
  }
}

/**
 * Does something to each run. One that somebody else has removed meanwhile, or whose journal is damaged, stands in
 * nobody's way.
 * @throws what the store may take another time, when all have had their turn
 */
async function eachInTurn(runs: readonly string[], work: (run: string) => Promise<void>): Promise<void> {
  let refusal: unknown;
  for (const run of runs) {
    try {
      await work(run);
    } catch (error) {
      if (isWorthAnotherTry(error, 1)) refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
}

const isLimited = (limits: Retention | undefined): limits is Retention =>
  Object.keys(limits ?? {}).length > 0;
