/** Which artifacts something refers to no longer. */
import { StoreError } from '../../errors.ts';
import type { StoredValue } from '../../schema/stored-value.ts';
import type { KeptValues } from './kept-values.ts';
import { storedIn, tablesIn } from './stored-parts.ts';

export class References {
  readonly #values: KeptValues;
  readonly #before = new Found();
  readonly #kept = new Found();

  constructor(values: KeptValues) {
    this.#values = values;
  }

  /** What it refers to was referred to. @returns whether it refers to anything */
  drop(value: unknown): boolean {
    return this.#before.look(value);
  }

  /** What it refers to still is. */
  keep(value: unknown): void {
    this.#kept.look(value);
  }

  /** Hashes of what was referred to and is no longer, neither by itself nor from within what is kept. */
  async unused(): Promise<string[]> {
    const [before, kept] = [this.#before, this.#kept];
    await this.#lookWithin(before, ({ nested }) => nested);
    await this.#lookWithin(kept, ({ nested }) => nested);
    const unused = [...before.stored.keys()].filter((hash) => !kept.stored.has(hash));
    const isUnused = (table: string) => !kept.tables.has(table);
    // A large value does not say whether it holds tables: all that stay are read, where it matters.
    if ([...before.tables].some(isUnused)) await this.#lookWithin(kept, () => true);
    return [...unused, ...[...before.tables].filter(isUnused)];
  }

  async #lookWithin(found: Found, isWanted: (stored: StoredValue) => boolean): Promise<void> {
    // A map visits what is added while it is walked.
    for (const stored of found.stored.values()) {
      if (!isWanted(stored)) continue;
      try {
        found.look(await this.#values.contentOf(stored));
      } catch (error) {
        // What is missing refers to nothing.
        if (!(error instanceof StoreError) || error.code !== 'payload_missing') throw error;
      }
    }
  }
}

class Found {
  /** By hash. */
  readonly stored = new Map<string, StoredValue>();
  readonly tables = new Set<string>();

  /** @returns whether there is anything to be found */
  look(value: unknown): boolean {
    const [values, tables] = [storedIn(value), tablesIn(value)];
    for (const stored of values) if (!this.stored.has(stored.hash)) this.stored.set(stored.hash, stored);
    for (const table of tables) this.tables.add(table);
    return values.length + tables.length > 0;
  }
}
