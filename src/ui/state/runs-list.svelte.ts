/** The list of runs, fetched page by page, with its filters. */
import type { Client } from '../../api/client.ts';
import type { RunStatus, RunSummary } from '../../schema/run.ts';

const pageSize = 100;

export class RunsList {
  items = $state.raw<RunSummary[]>([]);
  status = $state<RunStatus | undefined>();
  /** Id of a graph. */
  graph = $state<string | undefined>();
  loading = $state(true);
  failure = $state.raw<unknown>();

  readonly #client: Client;
  #cursor: string | null = null;
  /** Counts the questions asked, so that the answer to an older one is left alone. */
  #asked = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  async filter(change: { status?: RunStatus | undefined; graph?: string | undefined }): Promise<void> {
    if ('status' in change) this.status = change.status;
    if ('graph' in change) this.graph = change.graph;
    await this.reload();
  }

  async reload(): Promise<void> {
    await this.#fetch(undefined);
  }

  async next(): Promise<void> {
    if (this.#cursor !== null && !this.loading) await this.#fetch(this.#cursor);
  }

  /** Looks again at the newest, and keeps what had been fetched beyond them. */
  async refresh(): Promise<void> {
    const asked = this.#asked;
    const page = await this.#client.listRuns({ limit: pageSize, ...this.#filters() }).catch(() => undefined);
    if (!page || asked !== this.#asked) return;
    const fresh = new Set(page.items.map((run) => run.id));
    const oldest = page.items.at(-1)?.createdAt ?? '';
    this.items = [...page.items, ...this.items.filter((run) => !fresh.has(run.id) && run.createdAt < oldest)];
  }

  async remove(id: string): Promise<void> {
    await this.#client.deleteRun(id);
    this.items = this.items.filter((run) => run.id !== id);
  }

  #filters() {
    return {
      ...(this.status && { status: this.status }),
      ...(this.graph !== undefined && { graph: this.graph }),
    };
  }

  async #fetch(cursor: string | undefined): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    try {
      const page = await this.#client.listRuns({
        limit: pageSize,
        ...this.#filters(),
        ...(cursor !== undefined && { cursor }),
      });
      if (asked !== this.#asked) return;
      this.items = cursor === undefined ? page.items : [...this.items, ...page.items];
      this.#cursor = page.nextCursor;
      this.failure = undefined;
    } catch (error) {
      if (asked === this.#asked) this.failure = error;
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }
}
