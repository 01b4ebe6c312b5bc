/** A run that does again a part of another one takes over what was delivered there to its first node. */
import { toWireError } from '../../errors.ts';
import type { RunStore } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { deliveriesTo } from '../journal/redelivery.ts';
import { Patience } from '../journal/store-patience.ts';
import type { KeptValues } from '../values/kept-values.ts';
import type { LiveRun } from './run.ts';

export interface TakeoverOptions {
  runs: RunStore;
  values: KeptValues;
  clock: Clock;
  /** Brings into the store what has happened in a run that may live. */
  flush: (run: string) => Promise<void>;
  /** Does something for which a run's payloads must stay. */
  whileSource: (run: string, work: () => Promise<void>) => Promise<void>;
}

/**
 * Lets the run have it, or after a death the rest of it, and closes it. One that takes over nothing is left alone. Goes
 * on by itself, as the run does: that may take long, and while the store is full it waits for room.
 */
export function takeOver(run: LiveRun, options: TakeoverOptions): void {
  const { rerunOf, from = '' } = run.summary();
  if (rerunOf !== undefined) void options.whileSource(rerunOf, () => feed(run, rerunOf, from, options));
}

async function feed(run: LiveRun, rerunOf: string, from: string, options: TakeoverOptions): Promise<void> {
  const node = run.indexOf(from);
  if (node === undefined || run.fedTo === undefined) return;
  for (const refusals = new Patience(); !run.isEnding; ) {
    try {
      await options.flush(rerunOf);
      await inject(run, { run: rerunOf, from, node }, options);
      break;
    } catch (error) {
      const wait = refusals.refused(error);
      if (wait !== undefined) {
        await new Promise<void>((resolve) => options.clock.after(wait, resolve));
        continue;
      }
      const reason = `What the run ${rerunOf} was given could not be read: ${toWireError(error).message}`;
      run.send({ type: 'cancel', reason });
    }
  }
  run.send({ type: 'close' });
}

async function inject(
  run: LiveRun,
  source: { run: string; from: string; node: number },
  { runs, values }: TakeoverOptions,
): Promise<void> {
  const { node } = source;
  const query = {
    run: source.run,
    node: source.from,
    after: run.fedTo ?? 0,
    fromOutside: run.hasIncoming(node),
  };
  for await (const { port, payloads, seq } of deliveriesTo(runs, query)) {
    if (run.isEnding) return;
    const kept = await values.keep(run.id, payloads);
    run.send({ type: 'inject', node, port, payloads: kept, fed: seq });
    await run.caughtUp();
  }
}
