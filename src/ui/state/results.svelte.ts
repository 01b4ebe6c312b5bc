/** A run's results, fetched page by page as they come into sight. */
import type { Client } from '../../api/client.ts';
import type { ReadProblem } from '../../schema/run.ts';

const pageSize = 200;

export class Results {
  values = $state.raw<unknown[]>([]);
  /** Whether there are further ones. */
  more = $state(true);
  loading = $state(false);
  failure = $state.raw<unknown>();
  /** What of them cannot be read: they end before their end, or something stands in the place of a value. */
  problem = $state.raw<ReadProblem | undefined>();

  readonly #client: Client;
  readonly #run: string;
  readonly #node: string | undefined;
  #cursor: string | undefined;

  constructor(client: Client, run: string, node: string | undefined) {
    this.#client = client;
    this.#run = run;
    this.#node = node;
  }

  async next(): Promise<void> {
    if (this.loading || !this.more) return;
    this.loading = true;
    try {
      const page = await this.#client.listOutputs(this.#run, {
        limit: pageSize,
        ...(this.#node !== undefined && { node: this.#node }),
        ...(this.#cursor !== undefined && { cursor: this.#cursor }),
      });
      this.values = [...this.values, ...page.items];
      this.#cursor = page.nextCursor ?? undefined;
      this.more = page.nextCursor !== null;
      this.problem ??= page.problem;
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      this.more = false;
    } finally {
      this.loading = false;
    }
  }

  /** Everything, for a download. */
  async all(): Promise<unknown[]> {
    while (this.more) await this.next();
    if (this.failure) throw this.failure;
    return this.values;
  }
}
