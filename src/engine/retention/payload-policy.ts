/** When payloads that nodes' policies do not keep are let go of, and who has to wait for whom meanwhile. */
import type { NodeRegistry } from '../../nodes/define-node.ts';
import { lacksPayloads } from '../../schema/names.ts';
import type { RunSummary } from '../../schema/run.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { nothingDelivered, payloadsDropped } from '../journal/redelivery.ts';
import type { LiveRuns } from '../runs/live-runs.ts';
import type { Turns } from '../turns.ts';
import type { KeptValues } from '../values/kept-values.ts';
import { dropPayloads } from './payload-dropper.ts';

export interface PayloadPolicyOptions {
  store: Store;
  values: KeptValues;
  registry: NodeRegistry;
  clock: Clock;
  /** By run; what brings one back to life takes turns, too. */
  turns: Turns;
  live: Pick<LiveRuns, 'has'>;
  /** The journal of a run has changed, or may have. */
  onDropped: (run: string) => void;
}

export class PayloadPolicy {
  readonly #options: PayloadPolicyOptions;
  /** Runs whose payloads others are taking over, and how many others. */
  readonly #sources = new Map<string, number>();

  constructor(options: PayloadPolicyOptions) {
    this.#options = options;
  }

  /** Lets go of them, where the run has ended and nobody takes them over. */
  apply(run: string): Promise<void> {
    const { store, values, registry, clock, turns, live, onDropped } = this.#options;
    return turns.take(run, async () => {
      if (live.has(run) || this.#sources.has(run)) return;
      if (!(await store.runs.summary(run))?.dropsPayloads) return;
      const record = await store.runs.get(run);
      if (!record) return;
      try {
        await dropPayloads(record, { store, values, registry, now: clock.now() });
      } finally {
        // A store that fails may have taken some of it.
        onDropped(run);
      }
    });
  }

  /** Does something for which a run's payloads must stay. */
  async whileSource<T>(run: string, work: () => Promise<T>): Promise<T> {
    this.#sources.set(run, (this.#sources.get(run) ?? 0) + 1);
    try {
      // What is being let go of now is let go of first.
      await this.#options.turns.take(run, async () => {});
      return await work();
    } finally {
      const left = (this.#sources.get(run) ?? 1) - 1;
      if (left > 0) this.#sources.set(run, left);
      else {
        this.#sources.delete(run);
        // A store that refuses is left to the next time.
        this.apply(run).catch(() => {});
      }
    }
  }

  /**
   * Makes sure that a run has what it delivered to one of its nodes.
   * @throws ConflictError `payloads_dropped` when some of it is gone, `nothing_delivered`
   */
  checkDelivered(run: RunSummary, node: string): void {
    if (run.payloadsDroppedAt !== undefined && lacksPayloads(run, node)) throw payloadsDropped(run.id, node);
    if (!run.nodes[node]?.input) throw nothingDelivered(run.id, node);
  }
}
