/** Rows of a table, fetched in blocks as they come into sight. */
import type { Client } from '../../api/client.ts';

const block = 200;

export class TableRows {
  /** Counts the blocks that have come, so that whoever reads rows is told. */
  version = $state(0);
  failure = $state.raw<unknown>();

  readonly #client: Client;
  readonly #table: string;
  readonly #blocks = new Map<number, Record<string, unknown>[] | 'asked'>();

  constructor(client: Client, table: string) {
    this.#client = client;
    this.#table = table;
  }

  row(index: number): Record<string, unknown> | undefined {
    void this.version;
    const rows = this.#blocks.get(Math.floor(index / block));
    return rows === 'asked' ? undefined : rows?.[index % block];
  }

  see(first: number, last: number): void {
    for (let number = Math.floor(first / block); number <= Math.floor(last / block); number += 1) {
      if (!this.#blocks.has(number)) void this.#fetch(number);
    }
  }

  async all(count: number): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    while (rows.length < count) {
      const { items } = await this.#client.listRows(this.#table, { offset: rows.length, limit: 1000 });
      if (!items.length) break;
      rows.push(...items);
    }
    return rows;
  }

  async #fetch(number: number): Promise<void> {
    this.#blocks.set(number, 'asked');
    try {
      const { items } = await this.#client.listRows(this.#table, { offset: number * block, limit: block });
      this.#blocks.set(number, items);
      this.failure = undefined;
    } catch (error) {
      this.#blocks.delete(number);
      this.failure = error;
    }
    this.version += 1;
  }
}
