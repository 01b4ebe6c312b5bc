/**
 * Large values out of the way: kept as artifacts when they come in, fetched when somebody needs them. What was lately
 * kept or fetched stays at hand, so that a value that goes straight on to the next node is not read back.
 */
import { StoreError } from '../../errors.ts';
import { StoredValue } from '../../schema/stored-value.ts';
import type { Claim, Store } from '../../store/store.ts';
import type { PreparedNode } from '../executor.ts';
import { canonicalKey } from './canonical.ts';
import type { Packed } from './packed.ts';
import { storedIn, tablesIn, withContents } from './stored-parts.ts';
import { findLarge, largestInline } from './value-size.ts';

/** Bytes of values that stay at hand, in their encoded size. */
const largestAtHand = 64e6;

/** What is known of a live run. */
interface RunValues {
  /** Its journal holds stored values, or may: otherwise no payload needs a look before it is sent. */
  holds: boolean;
  /** Some node of it tells equal payloads, or knows those of earlier runs, so stored values carry their canonical keys. */
  keyed: boolean;
  claimed: Set<string>;
}

/** What stands in the place of a stored value that cannot be had because of this error. */
export type Instead = (stored: StoredValue, error: unknown) => unknown;

const refuse: Instead = (_, error) => {
  throw error;
};

const unknownRun = (): RunValues => ({ holds: true, keyed: false, claimed: new Set() });

export class KeptValues {
  readonly #store: Pick<Store, 'artifacts' | 'values'>;
  readonly #runs = new Map<string, RunValues>();
  /** By hash, least lately used first. */
  readonly #atHand = new Map<string, { value: unknown; bytes: number }>();
  #bytesAtHand = 0;

  constructor(store: Pick<Store, 'artifacts' | 'values'>) {
    this.#store = store;
  }

  /**
   * Before anything of a run is kept.
   * @param isNew nothing of it has been kept in a life before this one
   * @param begin brings the run to life; where that fails, it is closed again
   */
  async open<T>(
    run: string,
    nodes: readonly PreparedNode[],
    isNew: boolean,
    begin: () => Promise<T>,
  ): Promise<T> {
    const keyed = nodes.some(
      ({ policy, definition }) => policy.dedupe || policy.cache || definition.kind === 'join',
    );
    this.#runs.set(run, { holds: !isNew, keyed, claimed: new Set() });
    try {
      return await begin();
    } catch (error) {
      this.close(run);
      throw error;
    }
  }

  /** When a run has ended. */
  close(run: string): void {
    this.#runs.delete(run);
  }

  /** Whether payloads of this run may be, or hold, stored values. */
  holds(run: string): boolean {
    return this.#runs.get(run)?.holds ?? true;
  }

  /** The values with a reference in place of each that is too large; the same list when none is. */
  async keep(run: string, values: unknown[]): Promise<unknown[]> {
    const found = findLarge(values);
    if (!found) return values;
    const state = this.#runs.get(run) ?? unknownRun();
    if (state.keyed && found.stored.some(({ key }) => key === undefined)) {
      // Stored for a run that told no payloads from each other.
      return this.keep(run, await this.restoreAll(values));
    }
    const claims: Claim[] = [];
    const claim = (one: Claim) => {
      if (!state.claimed.has(one.hash)) claims.push(one);
    };
    for (const hash of found.tables) claim({ hash });
    for (const reference of found.stored) await this.#adopt(reference, state, claim);
    const kept = new Map<number, StoredValue>();
    for (const i of found.large) {
      const value = values[i];
      for (const hash of tablesIn(value)) claim({ hash });
      for (const reference of storedIn(value)) await this.#adopt(reference, state, claim);
      const stored = await this.#encode(value, state.keyed);
      if (!stored) continue;
      kept.set(i, stored.reference);
      claim({ hash: stored.reference.hash, bytes: stored.bytes });
      this.#remember(stored.reference, value);
    }
    if (claims.length > 0) {
      await this.#store.artifacts.claim(run, claims);
      for (const { hash } of claims) state.claimed.add(hash);
    }
    if (kept.size > 0 || found.stored.length > 0) state.holds = true;
    return kept.size === 0 ? values : values.map((value, i) => kept.get(i) ?? value);
  }

  /** As {@link keep}, for the payloads of several nodes. */
  async keepByNode(run: string, payloads: Record<string, unknown[]>): Promise<Record<string, unknown[]>> {
    const kept: [node: string, payloads: unknown[]][] = [];
    for (const [node, values] of Object.entries(payloads)) kept.push([node, await this.keep(run, values)]);
    return Object.fromEntries(kept);
  }

  /**
   * Keeps payloads anew of which something has gone: until their run is in the store, another process may sweep what it
   * has claimed.
   */
  async keepAgain(run: string, payloads: Record<string, unknown[]>): Promise<void> {
    const claimed = this.#runs.get(run)?.claimed ?? new Set();
    for (const hash of claimed) {
      if (await this.#store.artifacts.has(hash)) continue;
      claimed.clear();
      await this.keepByNode(run, payloads);
      return;
    }
  }

  /** Values, which are kept already, as bytes. @throws StoreError `value_not_storable` */
  pack(values: unknown[]): Packed {
    const { values: codec } = this.#store;
    const bytes = codec.encodeList(values);
    return { count: values.length, bytes, unpack: () => codec.decodeList(bytes) };
  }

  /**
   * A value with the content of all that is stored in it.
   * @param instead gives what stands in the place of content that cannot be had, or throws
   * @throws StoreError `payload_missing`, `value_damaged` where nothing can stand there
   */
  async restore<T>(value: T, instead: Instead = refuse): Promise<T> {
    const stored = storedIn(value);
    if (stored.length === 0) return value;
    const contents = new Map<StoredValue, unknown>();
    for (const one of stored) contents.set(one, await this.#fetch(one, instead));
    return withContents(value, contents) as T;
  }

  /** As {@link restore}, for each of these. */
  async restoreAll<T>(values: readonly T[], instead?: Instead): Promise<T[]> {
    const whole: T[] = [];
    for (const value of values)
      whole.push(storedIn(value).length === 0 ? value : await this.restore(value, instead));
    return whole;
  }

  /** Bytes of what {@link restore} would fetch for it. */
  storedBytes(value: unknown): number {
    let sum = 0;
    for (const { bytes } of storedIn(value)) sum += bytes;
    return sum;
  }

  /** Claims what another run has stored, with all it holds. */
  async #adopt(reference: StoredValue, state: RunValues, claim: (one: Claim) => void): Promise<void> {
    if (state.claimed.has(reference.hash)) return;
    claim({ hash: reference.hash });
    if (!reference.nested) return;
    const content = await this.contentOf(reference);
    for (const hash of tablesIn(content)) claim({ hash });
    for (const inner of storedIn(content)) await this.#adopt(inner, state, claim);
  }

  /** Undefined: it is not that large, or no store can keep it, which the journal will say. */
  async #encode(value: unknown, keyed: boolean) {
    const { values } = this.#store;
    let bytes: Uint8Array;
    try {
      bytes = values.encode(value);
    } catch {
      return undefined;
    }
    if (bytes.length <= largestInline) return undefined;
    const reference = new StoredValue(await values.hash(bytes), bytes.length, {
      key: keyed ? canonicalKey(value) : undefined,
      nested: storedIn(value).length + tablesIn(value).length > 0,
    });
    return { reference, bytes };
  }

  async #fetch(stored: StoredValue, instead: Instead): Promise<unknown> {
    let value: unknown;
    try {
      value = await this.contentOf(stored);
    } catch (error) {
      return instead(stored, error);
    }
    return stored.nested ? this.restore(value, instead) : value;
  }

  /** What was stored, with references to what was stored before it. @throws StoreError `payload_missing`, `value_damaged` */
  async contentOf(stored: StoredValue): Promise<unknown> {
    const known = this.#atHand.get(stored.hash);
    let value = known?.value;
    if (!known) {
      const bytes = await this.#store.artifacts.get(stored.hash);
      if (!bytes) throw new StoreError('payload_missing', `A stored payload is missing: ${stored.hash}.`);
      value = this.#store.values.decode(bytes);
    }
    this.#remember(stored, value);
    return value;
  }

  #remember({ hash, bytes }: StoredValue, value: unknown): void {
    if (this.#atHand.delete(hash)) this.#bytesAtHand -= bytes;
    this.#atHand.set(hash, { value, bytes });
    this.#bytesAtHand += bytes;
    for (const [oldest, { bytes: freed }] of this.#atHand) {
      if (this.#bytesAtHand <= largestAtHand) break;
      this.#atHand.delete(oldest);
      this.#bytesAtHand -= freed;
    }
  }
}
