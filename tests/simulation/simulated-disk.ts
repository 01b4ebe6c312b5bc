/** The store of a simulated world: outlives its hosts, takes its time, and refuses when chance will have it. */
import type { JournalChunk, JournalEntry } from '../../src/engine/journal.ts';
import { StoreError } from '../../src/errors.ts';
import type { RunSummary } from '../../src/schema/run.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { RunRecord, Store } from '../../src/store/store.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan } from './scenario.ts';

/** Longest time it refuses, in milliseconds. */
const longestRefusal = 400;

interface Commit {
  host: string;
  land: () => Promise<void>;
  isSettled: boolean;
}

export class SimulatedDisk {
  /** Entries that have been committed, by run. */
  readonly entries = new Map<string, JournalEntry[]>();
  readonly summaries = new Map<string, RunSummary>();
  refused = 0;
  readonly #store: Store = createMemoryStore();
  readonly #clock: SimulatedClock;
  readonly #chance: Chance;
  readonly #plan: FaultPlan;
  readonly #dead = new Set<string>();
  #commits: Commit[] = [];
  #refusesUntil = 0;
  #refusal = '';

  constructor(clock: SimulatedClock, chance: Chance, plan: FaultPlan) {
    this.#clock = clock;
    this.#chance = chance;
    this.#plan = plan;
  }

  /** The store as a host sees it. */
  openedBy(host: string): Store {
    const { runs } = this.#store;
    return {
      ...this.#store,
      runs: {
        ...runs,
        create: (run) => this.#commit(host, () => this.#create(run)),
        append: (run, chunks) => this.#commit(host, () => this.#append(run, chunks)),
      },
    };
  }

  /** Commits of a host that dies get through, or they don't. */
  losePower(host: string): void {
    this.#dead.add(host);
    for (const commit of this.#commits) {
      if (commit.host !== host || commit.isSettled) continue;
      commit.isSettled = true;
      // One that the journal has gone on without is refused, and nobody is there to hear it.
      if (this.#chance.happens(0.5)) commit.land().catch(() => {});
    }
    this.#commits = this.#commits.filter((commit) => !commit.isSettled);
  }

  async #commit(host: string, land: () => Promise<void>): Promise<void> {
    if (this.#dead.has(host)) return never();
    this.#refuse();
    const commit: Commit = { host, land, isSettled: false };
    this.#commits.push(commit);
    await this.#pass();
    if (commit.isSettled) return never();
    commit.isSettled = true;
    await land();
    this.#commits = this.#commits.filter((other) => other !== commit);
    await this.#pass();
    if (this.#dead.has(host)) return never();
  }

  async #pass(): Promise<void> {
    const { storeMs } = this.#plan;
    if (storeMs > 0) await new Promise<void>((go) => this.#clock.after(this.#chance.int(0, storeMs), go));
  }

  #refuse(): void {
    const now = this.#clock.now();
    if (this.#refusesUntil <= now && this.#chance.happens(this.#plan.refuse)) {
      this.#refusesUntil = now + this.#chance.int(1, longestRefusal);
      this.#refusal = this.#chance.pick(['store_busy', 'store_full']);
    }
    if (this.#refusesUntil <= now) return;
    this.refused++;
    throw new StoreError(this.#refusal, 'Simulated.');
  }

  async #create(run: RunRecord): Promise<void> {
    await this.#store.runs.create(run);
    const { document: _, keepOpen: __, ...summary } = run;
    this.summaries.set(run.id, summary);
    this.entries.set(run.id, []);
  }

  async #append(run: RunSummary, chunks: JournalChunk[]): Promise<void> {
    await this.#store.runs.append(run, chunks);
    this.summaries.set(run.id, run);
    for (const { entries } of chunks) this.entries.get(run.id)?.push(...entries);
  }
}

const never = (): Promise<never> => new Promise(() => {});
