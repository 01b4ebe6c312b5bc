/**
 * The store of a simulated world: outlives its hosts and serves several at once. It takes its time, refuses, fails,
 * and lets a host that is frozen wait, when chance will have it.
 */
import type { JournalChunk, JournalEntry } from '../../src/engine/journal/journal.ts';
import type { RunSummary } from '../../src/schema/run.ts';
import { StoredValue } from '../../src/schema/stored-value.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { CacheEntry, Claim, RunRecord, Store } from '../../src/store/store.ts';
import type { SimulatedClock } from '../engine/simulated-clock.ts';
import type { Chance } from './chance.ts';
import { DiskFaults } from './disk-faults.ts';
import { unpacked } from './in-parts.ts';
import { must } from './run-model.ts';
import type { FaultPlan } from './scenario.ts';

interface Write {
  host: string;
  land: () => Promise<unknown>;
  isSettled: boolean;
}

export class SimulatedDisk {
  /** Entries that have been committed, by run. */
  readonly entries = new Map<string, JournalEntry[]>();
  readonly summaries = new Map<string, RunSummary>();
  readonly faults: DiskFaults;
  /** Runs that have ever claimed an artifact, by hash, and the artifacts that cached results refer to. */
  readonly claims = new Map<string, Set<string>>();
  readonly cached = new Set<string>();
  /** Whether nothing goes wrong, and all is done at once. */
  isCalm = false;
  /** What no fault comes between. */
  readonly store: Store;
  readonly #clock: SimulatedClock;
  readonly #chance: Chance;
  readonly #plan: FaultPlan;
  readonly #dead = new Set<string>();
  /** Bytes of chunks as the store keeps them, by run and first entry. */
  readonly #bodies = new Map<string, Uint8Array>();
  /** Answers that wait for their host to wake, by host. */
  readonly #frozen = new Map<string, (() => void)[]>();
  readonly #contents = new Map<string, unknown>();
  #writes: Write[] = [];

  constructor(clock: SimulatedClock, chance: Chance, plan: FaultPlan) {
    this.#clock = clock;
    this.#chance = chance;
    this.#plan = plan;
    this.faults = new DiskFaults(clock, chance, plan);
    this.store = createMemoryStore({
      onBody: (run, first, body) => {
        this.#bodies.set(`${run}/${first}`, body);
        return body;
      },
    });
  }

  /** The store as a host sees it. */
  openedBy(host: string): Store {
    const { runs, artifacts, cache } = this.store;
    const read =
      <Given extends unknown[], T>(work: (...given: Given) => Promise<T>) =>
      (...given: Given) =>
        this.#read(host, () => work(...given));
    const write =
      <Given extends unknown[], T>(work: (...given: Given) => Promise<T>) =>
      (...given: Given) =>
        this.#write(host, () => work(...given));
    return {
      ...this.store,
      runs: {
        ...runs,
        create: write((run: RunRecord) => this.#create(run)),
        append: write((run: RunSummary, chunks: JournalChunk[], after?: number) =>
          this.#append(run, chunks, after),
        ),
        replace: write(runs.replace),
        amend: write(runs.amend),
        get: read(runs.get),
        summary: read(runs.summary),
        list: read(runs.list),
        summaries: read(runs.summaries),
        chunk: read(runs.chunk),
      },
      artifacts: {
        ...artifacts,
        claim: write((run: string, claims: readonly Claim[]) => this.#claim(run, claims)),
        release: write(artifacts.release),
        get: read(artifacts.get),
        has: read(artifacts.has),
      },
      cache: {
        ...cache,
        get: read(cache.get),
        put: write((entries: readonly CacheEntry[]) => this.#cache(entries)),
      },
    };
  }

  /** One bit of the chunk from that entry on is another one. */
  damage(run: string, first: number): void {
    const body = this.#bodies.get(`${run}/${first}`) as Uint8Array;
    body[body.length - 2] = (body.at(-2) as number) ^ 1;
  }

  /** A value with all in it that is kept as an artifact. @throws Violation where one was never kept */
  whole(value: unknown): unknown {
    if (this.claims.size === 0) return value;
    if (value instanceof StoredValue) {
      must(this.#contents.has(value.hash), () => `the artifact ${value.hash} was never stored`);
      return this.whole(this.#contents.get(value.hash));
    }
    if (Array.isArray(value)) return value.map((item) => this.whole(item));
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.whole(part)]));
  }

  /** What was kept under that hash, with references to what was kept before it. */
  contentOf(hash: string): unknown {
    return this.#contents.get(hash);
  }

  /** What a host that dies has asked for gets through, or it doesn't. */
  losePower(host: string): void {
    this.#dead.add(host);
    this.#frozen.delete(host);
    for (const write of this.#writes) {
      if (write.host !== host || write.isSettled) continue;
      write.isSettled = true;
      // One that the journal has gone on without is refused, and nobody is there to hear it.
      if (this.#chance.happens(0.5)) write.land().catch(() => {});
    }
    this.#writes = this.#writes.filter((write) => !write.isSettled);
  }

  /** What a frozen host has asked for is done, and it hears of it when it wakes. */
  freeze(host: string): void {
    this.#frozen.set(host, []);
  }

  thaw(host: string): void {
    const waiting = this.#frozen.get(host) ?? [];
    this.#frozen.delete(host);
    for (const wake of waiting) wake();
  }

  async #read<T>(host: string, work: () => Promise<T>): Promise<T> {
    await this.#reach(host);
    if (this.#plan.slowReads) await this.#pass();
    const fault = this.isCalm ? undefined : this.faults.ofRead();
    try {
      if (fault) throw fault;
      return await work();
    } finally {
      await this.#reach(host);
    }
  }

  async #write<T>(host: string, land: () => Promise<T>): Promise<T> {
    await this.#reach(host);
    const fault = this.isCalm ? undefined : this.faults.ofWrite();
    if (fault && !fault.lands) throw fault.error;
    const write: Write = { host, land, isSettled: false };
    this.#writes.push(write);
    await this.#pass();
    if (write.isSettled) return never();
    write.isSettled = true;
    this.#writes = this.#writes.filter((other) => other !== write);
    try {
      const answer = await land();
      if (fault) throw fault.error;
      return answer;
    } finally {
      await this.#pass();
      await this.#reach(host);
    }
  }

  /** Settles when the host is awake; never, once it is dead. */
  async #reach(host: string): Promise<void> {
    const waiting = this.#frozen.get(host);
    if (waiting) await new Promise<void>((wake) => waiting.push(wake));
    if (this.#dead.has(host)) return never();
  }

  async #pass(): Promise<void> {
    const { storeMs } = this.#plan;
    if (storeMs > 0 && !this.isCalm)
      await new Promise<void>((go) => this.#clock.after(this.#chance.int(0, storeMs), go));
  }

  async #create(run: RunRecord): Promise<void> {
    await this.store.runs.create(run);
    const { document: _, keepOpen: __, ...summary } = run;
    this.summaries.set(run.id, summary);
    this.entries.set(run.id, []);
  }

  async #append(run: RunSummary, chunks: JournalChunk[], after?: number): Promise<void> {
    await this.store.runs.append(run, chunks, after);
    this.summaries.set(run.id, run);
    for (const { entries } of chunks) this.entries.get(run.id)?.push(...entries.map(unpacked));
  }

  async #claim(run: string, claims: readonly Claim[]): Promise<void> {
    await this.store.artifacts.claim(run, claims);
    for (const { hash, bytes } of claims) {
      this.claims.set(hash, (this.claims.get(hash) ?? new Set()).add(run));
      if (bytes) this.#contents.set(hash, this.store.values.decode(bytes));
    }
  }

  async #cache(entries: readonly CacheEntry[]): Promise<void> {
    await this.store.cache.put(entries);
    for (const { uses } of entries) for (const hash of uses) this.cached.add(hash);
  }
}

const never = (): Promise<never> => new Promise(() => {});
