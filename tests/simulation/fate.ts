/** What befalls the worker of an attempt: decided by seed, node, payload and attempt alone, so that an oracle knows. */
import { TimeoutError, toWireError, type WireError, WorkerDiedError } from '../../src/errors.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { chanceOf } from './chance.ts';
import { rankAndGrow } from './random-payload.ts';
import type { FaultPlan } from './scenario.ts';

export type Fate = (node: string, payload: unknown, attempt: number) => WireError | undefined;

export const deathReason = 'simulated';

const rank = new Function('p', `${rankAndGrow} return rank(p);`) as (payload: unknown) => unknown;

export function fateOf(seed: number, graph: Graph, faults: FaultPlan): Fate {
  const limits = new Map(
    graph.nodes.map(({ id, type, policy }) => [
      id,
      {
        isSpared: ['flow.collect', 'flow.subgraph'].includes(type) || !!policy?.cache,
        limit: policy?.timeoutMs,
      },
    ]),
  );
  return (node, payload, attempt) => {
    const { isSpared, limit } = limits.get(node) ?? {};
    // What is remembered must not depend on who came first.
    if (isSpared) return undefined;
    const dice = chanceOf(seed, `${node}/${rank(payload)}/${attempt}`);
    if (dice < faults.diedAt) return toWireError(new WorkerDiedError(deathReason));
    if (limit !== undefined && dice > 1 - faults.timeout) return toWireError(new TimeoutError(limit));
    return undefined;
  };
}
