/**
 * Keeps an open document and its keeper (the engine of this host) the same. Changes made here leave a moment later,
 * together; changes made elsewhere come in as they happen. Yjs merges them, so the order does not matter and an
 * exchange that failed is simply made again.
 */
import type { Client } from '../../api/client.ts';
import type { GraphDocument } from '../../sync/graph-document.ts';
import { keepUnsent, takeUnsent } from './unsent-edits.ts';

/** Milliseconds that changes wait for others to go with them. */
const gather = 250;
const retryAfter = 2000;

export type SaveState = 'saved' | 'saving' | 'failed';

export class DocumentSync {
  state = $state<SaveState>('saved');

  readonly #client: Client;
  readonly #id: string;
  readonly #document: GraphDocument;
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  /** What the keeper is known to have. */
  #known: Uint8Array | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #exchange: Promise<void> | undefined;
  #dirty = false;

  constructor(client: Client, id: string, document: GraphDocument) {
    this.#client = client;
    this.#id = id;
    this.#document = document;
    this.#stop = document.observe(({ local }) => local && this.#schedule(gather));
    addEventListener('pagehide', this.#leave);
  }

  /** Fetches the document as it stands, then follows it. @throws when the keeper does not have it. */
  async open(): Promise<void> {
    await this.#swap();
    await this.#deliverUnsent();
    void this.#client
      .followGraph(
        this.#id,
        (update) => this.#document.apply(update),
        () => this.#schedule(0),
        { signal: this.#abort.signal },
      )
      .catch(() => {
        // The graph was deleted elsewhere, or the page is leaving: the next exchange will tell.
      });
  }

  /** Resolves when everything that was changed here has been kept. @throws when the keeper refuses or is away. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#exchange?.catch(() => {});
    if (this.#dirty) await this.#start();
  }

  dispose(): void {
    if (this.#dirty) void this.flush().catch(() => {});
    this.#abort.abort();
    this.#stop();
    removeEventListener('pagehide', this.#leave);
  }

  readonly #leave = () => {
    if (this.state === 'saved') return;
    keepUnsent(this.#id, this.#document.encode(this.#known));
    void this.flush().catch(() => {});
  };

  /** Hands over what an earlier page was left with. An update that arrives twice changes nothing. */
  async #deliverUnsent(): Promise<void> {
    const { updates, forget } = takeUnsent(this.#id);
    if (!updates.length) return;
    for (const update of updates) this.#document.apply(update);
    await this.#swap();
    forget();
  }

  #schedule(delay: number): void {
    this.#dirty = true;
    this.state = this.state === 'failed' ? 'failed' : 'saving';
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#start().catch(() => {});
    }, delay);
  }

  #start(): Promise<void> {
    const before = this.#exchange ?? Promise.resolve();
    const exchange = before.catch(() => {}).then(() => this.#swap());
    this.#exchange = exchange;
    return exchange;
  }

  async #swap(): Promise<void> {
    this.#dirty = false;
    const vector = this.#document.vector();
    try {
      const update = this.#known ? this.#document.encode(this.#known) : new Uint8Array();
      const missing = await this.#client.syncGraph(this.#id, { vector, update });
      this.#known = vector;
      if (missing.byteLength) this.#document.apply(missing);
      if (!this.#dirty) this.state = 'saved';
    } catch (error) {
      this.#dirty = true;
      this.state = 'failed';
      if (!this.#abort.signal.aborted) this.#timer ??= setTimeout(() => this.#again(), retryAfter);
      throw error;
    }
  }

  #again(): void {
    this.#timer = undefined;
    void this.#start().catch(() => {});
  }
}
