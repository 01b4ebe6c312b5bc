/** Everything that can be done to a run on show. While one thing is being done, no other can be asked for. */
import type { Client } from '../../api/client.ts';
import type { RunView } from './run-view.svelte.ts';

/** Which failed tasks are tried again; all of them when nothing is said. */
export interface Which {
  node?: string;
  error?: string;
  tasks?: string[];
}

export interface RunOnShow {
  readonly run: RunView | undefined;
  /** Follows a run that has come back to life. */
  follow(id: string): Promise<void>;
}

export class RunControl {
  busy = $state(false);
  readonly #client: Client;
  readonly #show: RunOnShow;

  constructor(client: Client, show: RunOnShow) {
    this.#client = client;
    this.#show = show;
  }

  cancel(): Promise<void> {
    return this.#act((id) => this.#client.cancelRun(id));
  }

  pause(): Promise<void> {
    return this.#act(async (id, run) => run.know(await this.#client.pauseRun(id)));
  }

  resume(): Promise<void> {
    return this.#act(async (id, run) => run.know(await this.#client.resumeRun(id)));
  }

  /** Lets a run that was kept open come to its end. */
  close(): Promise<void> {
    return this.#act((id) => this.#client.closeRun(id));
  }

  /** Gives a node of a live run further payloads. */
  inject(node: string, payloads: unknown[]): Promise<void> {
    return this.#act((id) => this.#client.inject(id, { [node]: payloads }));
  }

  /** Tries failed tasks again; a run that has ended lives once more. */
  retry(which: Which = {}): Promise<void> {
    return this.#act(async (id, run) => {
      const wasLive = run.live;
      const { tasks } = await this.#client.retryRun(id, which);
      if (tasks > 0 && !wasLive) await this.#show.follow(id);
    });
  }

  async #act(what: (id: string, run: RunView) => Promise<unknown>): Promise<void> {
    const { run } = this.#show;
    if (!run || this.busy) return;
    this.busy = true;
    try {
      await what(run.id, run);
    } finally {
      this.busy = false;
    }
  }
}
