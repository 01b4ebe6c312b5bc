/**
 * Gives results that an earlier run has found, for nodes whose policy says `cache`: of the same node type and
 * version, with the same params and an equal payload. What is not known is carried out as ever, and remembered.
 */
import { isCacheable } from '../../nodes/define-node.ts';
import { defaultOutput } from '../../schema/names.ts';
import type { CacheEntry, Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import {
  type Batch,
  type BatchOutcome,
  type BatchResult,
  type Executor,
  type ExecutorRun,
  outcome,
  type PreparedNode,
} from '../executor.ts';
import { canonicalKey, textHash } from '../values/canonical.ts';
import type { KeptValues } from '../values/kept-values.ts';
import { storedIn, tablesIn } from '../values/stored-parts.ts';
import { type Known, partOf, wholeOutcome } from './batch-parts.ts';

export interface CachingOptions {
  store: Pick<Store, 'artifacts' | 'cache' | 'values'>;
  values: KeptValues;
  clock: Clock;
}

/** What one task gave. */
interface Given {
  values: unknown[];
  ports?: string[];
}

export class CachingExecutor implements Executor {
  readonly #inner: Executor;
  readonly #options: CachingOptions;
  /** By run and node: what all keys of a node have in common. */
  readonly #nodes = new Map<string, Map<string, string>>();

  constructor(inner: Executor, options: CachingOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get parallelism(): number {
    return this.#inner.parallelism;
  }

  open(run: ExecutorRun): void {
    const cached = run.nodes.filter((node) => node.policy.cache && isCacheable(node.definition));
    if (cached.length > 0) this.#nodes.set(run.id, new Map(cached.map((node) => [node.id, kindOf(node)])));
    this.#inner.open(run);
  }

  cancel(runId: string): void {
    this.#inner.cancel(runId);
  }

  close(runId: string): void {
    this.#nodes.delete(runId);
    this.#inner.close(runId);
  }

  execute(batch: Batch): Promise<BatchOutcome> {
    const kind = this.#nodes.get(batch.run)?.get(batch.node);
    return kind === undefined ? this.#inner.execute(batch) : this.#executeCached(batch, kind);
  }

  async #executeCached(batch: Batch, kind: string): Promise<BatchOutcome> {
    const keys = batch.payloads.map((payload) => `cache/${textHash(`${kind}/${canonicalKey(payload)}`)}`);
    const known = await this.#find(batch.run, keys);
    const missed = batch.tasks.flatMap((_, i) => (known.has(i) ? [] : [i]));
    const part: BatchOutcome =
      missed.length === 0
        ? { kind: 'done', result: nothing }
        : await this.#inner.execute(missed.length === batch.tasks.length ? batch : partOf(batch, missed));
    if (part.kind === 'done')
      await this.#remember(
        missed.map((i) => keys[i] as string),
        part.result,
      );
    if (known.size === 0) return part;
    const whole = wholeOutcome(
      batch,
      missed,
      part,
      (i): Known => ({
        outcome: outcome.succeeded,
        ...(known.get(i) as Given),
      }),
    );
    if (whole.kind === 'done') whole.result.cached = batch.tasks.map((_, i) => known.has(i));
    return whole;
  }

  /** What is known, by position. A store that cannot say costs no more than the work. */
  async #find(run: string, keys: string[]): Promise<Map<number, Given>> {
    const { store, values } = this.#options;
    const known = new Map<number, Given>();
    try {
      for (const [i, bytes] of (await store.cache.get(keys)).entries()) {
        if (!bytes) continue;
        const given = store.values.decode(bytes) as Given;
        // The run has a claim of its own on what they refer to, if it is still there.
        given.values = await values.keep(run, given.values);
        if (await this.#isThere(given.values)) known.set(i, given);
      }
    } catch {
      return known;
    }
    return known;
  }

  async #isThere(values: unknown[]): Promise<boolean> {
    for (const { hash } of storedIn(values)) {
      if (!(await this.#options.store.artifacts.has(hash))) return false;
    }
    return true;
  }

  /** Keeps what the tasks that succeeded gave. */
  async #remember(keys: string[], result: BatchResult): Promise<void> {
    const { store, clock } = this.#options;
    const at = clock.now();
    const entries: CacheEntry[] = [];
    let value = 0;
    try {
      keys.forEach((key, i) => {
        const succeeded = result.outcomes[i] === outcome.succeeded;
        const end = value + (result.counts?.[i] ?? (succeeded ? 1 : 0));
        const parts = result.parts?.filter(({ index }) => index === i) ?? [];
        const values = parts.flatMap(({ packed }) => packed.unpack()).concat(result.values.slice(value, end));
        const ports = parts[0]
          ? values.map(() => parts[0]?.port ?? defaultOutput)
          : result.ports?.slice(value, end);
        value = end;
        if (!succeeded) return;
        const stored = storedIn(values);
        const uses = [...stored.map(({ hash }) => hash), ...tablesIn(values)];
        const bytes = store.values.encode({ values, ...(ports && { ports }) });
        const size = stored.reduce((sum, one) => sum + one.bytes, bytes.length);
        entries.push({ key, at, uses, bytes, size });
      });
      await store.cache.put(entries);
    } catch {
      // A result that is not remembered is found again.
    }
  }
}

const kindOf = ({ type, definition, prepared, outputs }: PreparedNode): string =>
  canonicalKey([type, definition.version, prepared, outputs]);

const nothing: BatchResult = { outcomes: [], values: [], errors: [], busyMs: 0, worker: 'cache' };
