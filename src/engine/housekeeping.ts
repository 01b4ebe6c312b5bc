/** Removes what nobody needs any more: ended runs beyond the retention, and artifacts that no run uses. */
import { hasEnded } from '../schema/run.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { everyItem } from './every-item.ts';
import { beyondRetention, type EndedRun, type Retention } from './retention.ts';

export interface HousekeepingOptions {
  store: Store;
  clock: Clock;
  retention?: Retention | undefined;
  /** Runs that live in this engine, by id. */
  live: ReadonlyMap<string, unknown>;
  /** Removes an ended run, unless it lives again by then. */
  remove: (run: string) => Promise<void>;
  /** Lets go of payloads of an ended run that its nodes' policies do not keep. */
  drop: (run: string) => Promise<void>;
}

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
    await this.#sweeping;
    this.#starting++;
    try {
      return await start();
    } finally {
      this.#starting--;
    }
  }

  /** Not to be called again before it has settled. */
  async tidy(): Promise<void> {
    await this.#removeOld();
    await this.#dropPayloads();
    const { store, live } = this.#options;
    const { pending, running, paused } = await store.runs.counts();
    // A run that lives, here or elsewhere, may have put what it is about to claim.
    if (pending + running + paused + live.size + this.#starting > 0) return;
    this.#sweeping = store.artifacts.sweep().catch(() => {});
    await this.#sweeping;
    this.#sweeping = undefined;
  }

  async #removeOld(): Promise<void> {
    const { retention = {}, store, clock, live, remove } = this.#options;
    if (Object.keys(retention).length === 0) return;
    const sizes = retention.maxBytes === undefined ? undefined : await store.runs.sizes();
    const ended: EndedRun[] = [];
    for await (const run of everyItem((page) => store.runs.list(page))) {
      const { id, status, createdAt, finishedAt } = run;
      if (!hasEnded(status) || live.has(id)) continue;
      ended.push({ id, endedAt: Date.parse(finishedAt ?? createdAt), bytes: sizes?.get(id) ?? 0 });
    }
    for (const id of beyondRetention(ended, retention, clock.now())) await remove(id);
  }

  /** Of runs that ended while there was no time for it. */
  async #dropPayloads(): Promise<void> {
    const { store, drop } = this.#options;
    const left: string[] = [];
    for await (const run of everyItem((page) => store.runs.list(page))) {
      const { id, status, dropsPayloads, payloadsDroppedAt = '', finishedAt = '' } = run;
      if (dropsPayloads && hasEnded(status) && payloadsDroppedAt < finishedAt) left.push(id);
    }
    for (const id of left) await drop(id);
  }
}
