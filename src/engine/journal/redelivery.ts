/** What a run delivered to one of its nodes, read back from its journal for another run to take over. */
import { ConflictError } from '../../errors.ts';
import type { RunStore } from '../../store/store.ts';
import { chunkAt } from './chunk-reader.ts';
import { droppedOf } from './dropped-payloads.ts';
import type { DeliverEntry, JournalEntry } from './journal.ts';

export interface DeliveredQuery {
  run: string;
  node: string;
  /** Only what was delivered after this entry of the journal. */
  after: number;
  /**
   * Leave out what came of the node's own tasks by way of a cycle: where the cycle runs again, it brings that anew.
   */
  fromOutside: boolean;
}

/**
 * The deliveries to a node, in order.
 * @throws StoreError `chunk_damaged`; ConflictError `payloads_dropped` where some are no longer kept
 */
export async function* deliveriesTo(runs: RunStore, query: DeliveredQuery): AsyncGenerator<DeliverEntry> {
  const { run, node, after, fromOutside } = query;
  const descent = fromOutside ? new Descent(node) : undefined;
  // Descent is only known to who has read from the beginning.
  for (const summary of await runs.summaries(run, descent ? 0 : after)) {
    if (!descent && !summary.nodes[node]?.delivered) continue;
    for (const entry of (await chunkAt(runs, run, summary.first)).entries) {
      const outside = descent?.take(entry);
      if (entry.kind !== 'deliver' || entry.node !== node || entry.seq <= after) continue;
      const dropped = droppedOf(entry);
      if (dropped && entry.payloads.some((_, i) => dropped.has(i) && (outside?.[i] ?? true)))
        throw payloadsDropped(run, node);
      const payloads = outside ? entry.payloads.filter((_, i) => outside[i]) : entry.payloads;
      if (payloads.length > 0) yield { ...entry, payloads };
    }
  }
}

export const nothingDelivered = (run: string, node: string): ConflictError =>
  new ConflictError(
    'nothing_delivered',
    `Nothing was delivered to ${JSON.stringify(node)} in the run ${run}.`,
    { details: { id: run, node } },
  );

export const payloadsDropped = (run: string, node: string): ConflictError =>
  new ConflictError(
    'payloads_dropped',
    `What was delivered to ${JSON.stringify(node)} in the run ${run} is no longer kept, since the node's policy keeps the payloads of failed tasks only: begin at a node before it.`,
    { details: { id: run, node } },
  );

/** Which tasks come from those of a node, as far as the journal has been read. */
class Descent {
  readonly #node: string;
  /** Tasks of the node, tasks that came from them, and −seq of what was gathered from such. */
  readonly #tasks = new Set<number>();
  /** Nodes that have gathered something from such a task since they last gave it out. */
  readonly #gathering = new Set<string>();

  constructor(node: string) {
    this.#node = node;
  }

  /** @returns for a delivery to the node, whether each of its payloads came from elsewhere */
  take(entry: JournalEntry): boolean[] | undefined {
    if (entry.kind === 'flush' && this.#gathering.delete(entry.node)) this.#tasks.add(-entry.seq);
    if (entry.kind !== 'deliver') return undefined;
    const outside = entry.payloads.map(
      (_, i) => !this.#tasks.has(entry.parents?.[i] ?? 0) && !this.#tasks.has(entry.partners?.[i] ?? 0),
    );
    outside.forEach((isOutside, i) => {
      if (isOutside && entry.node !== this.#node) return;
      this.#tasks.add(entry.first + i);
      this.#gathering.add(entry.node);
    });
    return outside;
  }
}
