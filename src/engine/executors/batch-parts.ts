/** Batches of which only a part is carried out, and results told as those of the whole. */
import type { WireError } from '../../errors.ts';
import { defaultOutput } from '../../schema/graph.ts';
import { type Batch, type BatchOutcome, type BatchResult, outcome as taskOutcome } from '../executor.ts';

/** What is known of a task without its being carried out. */
export type Known =
  | { outcome: typeof taskOutcome.notRun }
  | { outcome: typeof taskOutcome.failed; error: WireError }
  | { outcome: typeof taskOutcome.succeeded; values: unknown[]; ports?: string[] };

/** The tasks of a batch at these positions, ascending, as a batch. Its results come back before they go on. */
export function partOf({ chain: _, ...batch }: Batch, positions: readonly number[]): Batch {
  const pick = <T>(column: T[]): T[] => positions.map((i) => column[i] as T);
  return {
    ...batch,
    tasks: pick(batch.tasks),
    attempts: pick(batch.attempts),
    payloads: pick(batch.payloads),
    ...(batch.ports && { ports: pick(batch.ports) }),
  };
}

/**
 * The outcome of a whole batch, from that of the part at `positions`. The rest is `known` by position; where the part
 * has no result, the whole has none, and what is known is found again at the next attempt.
 */
export function wholeOutcome(
  batch: Batch,
  positions: readonly number[],
  part: BatchOutcome,
  known: (position: number) => Known,
): BatchOutcome {
  switch (part.kind) {
    case 'done':
      return { kind: 'done', result: wholeResult(batch, positions, part.result, known) };
    case 'timeout':
      return { ...part, index: positions[part.index] ?? part.index };
    case 'died': {
      // A task that was alone in there is the culprit, though its batch was larger.
      const index = part.index ?? (positions.length === 1 ? 0 : undefined);
      return index === undefined ? part : { ...part, index: positions[index] ?? index };
    }
    default:
      return part;
  }
}

function wholeResult(
  batch: Batch,
  positions: readonly number[],
  part: BatchResult,
  known: (position: number) => Known,
): BatchResult {
  const whole = {
    outcomes: [] as number[],
    counts: [] as number[],
    ports: [] as string[],
    values: [] as unknown[],
    errors: [] as WireError[],
  };
  let taken = 0;
  let value = 0;
  let error = 0;
  for (let i = 0; i < batch.tasks.length; i++) {
    const isCarriedOut = positions[taken] === i;
    const one = isCarriedOut ? undefined : known(i);
    const outcome = one?.outcome ?? (part.outcomes[taken] as number);
    let values: unknown[] = [];
    let ports: string[] | undefined;
    if (!one) {
      const count = part.counts?.[taken] ?? (outcome === taskOutcome.succeeded ? 1 : 0);
      values = part.values.slice(value, value + count);
      ports = part.ports?.slice(value, value + count);
      value += count;
      if (outcome === taskOutcome.failed) whole.errors.push(part.errors[error++] as WireError);
      taken++;
    } else if (one.outcome === taskOutcome.succeeded) ({ values, ports } = one);
    else if (one.outcome === taskOutcome.failed) whole.errors.push(one.error);
    whole.outcomes.push(outcome);
    whole.counts.push(values.length);
    values.forEach((each, k) => {
      whole.values.push(each);
      whole.ports.push(ports?.[k] ?? defaultOutput);
    });
  }
  const parts = part.parts?.map((each) => ({ ...each, index: positions[each.index] ?? each.index }));
  const logs = part.logs?.map((log) => ({ ...log, index: positions[log.index] ?? log.index }));
  return { ...part, ...whole, ...(parts && { parts }), ...(logs && { logs }) };
}
