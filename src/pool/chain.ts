/** Goes on with what a batch gave, in the same worker, along the chain of nodes the engine has named. */
import { type Batch, type BatchResult, outcome } from '../engine/executor.ts';

/**
 * Carries a batch's results through the rest of its chain, as far as they go: a node that names ports, gives more
 * than it got or is cut short ends the way, and the engine takes it from there.
 * @param run runs a batch of one of the chain's nodes
 * @returns the result of each node gone through, in order
 */
export async function runChain(
  { id, run: ofRun, chain = [], tasks }: Batch,
  first: BatchResult,
  run: (batch: Batch) => Promise<BatchResult>,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  let last = first;
  for (const { id: stage = id, node, first: number } of chain) {
    const payloads = payloadsFrom(last, tasks.length);
    if (!payloads) break;
    const batch = {
      id: stage,
      run: ofRun,
      node,
      tasks: payloads.map((_, i) => number + i),
      attempts: payloads.map(() => 1),
      payloads,
      stopOnError: false,
    };
    try {
      last = await run(batch);
    } catch {
      // The code of that node cannot be made to run; a batch of its own will tell.
      break;
    }
    results.push(last);
  }
  return results;
}

/** What the next node gets: copies, as if the results had travelled. Undefined where they cannot go on. */
function payloadsFrom({ values, ports, outcomes }: BatchResult, most: number): unknown[] | undefined {
  if (ports || values.length === 0 || values.length > most || outcomes.includes(outcome.notRun))
    return undefined;
  try {
    return values.map((value) =>
      typeof value === 'object' && value !== null ? structuredClone(value) : value,
    );
  } catch {
    // One of them cannot leave the worker, and fails its task when they are sent.
    return undefined;
  }
}
