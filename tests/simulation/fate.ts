/**
 * What befalls the worker of an attempt: decided by seed, node, payload and attempt alone, so that an oracle knows; and
 * which tasks take down their host with every attempt.
 */
import { TimeoutError, toWireError, type WireError, WorkerDiedError } from '../../src/errors.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { chanceOf } from './chance.ts';
import { rankAndGrow } from './random-payload.ts';
import type { FaultPlan } from './scenario.ts';

export type Fate = (node: string, payload: unknown, attempt: number) => WireError | undefined;

/** Whether a task takes down its host. */
export type Deadliness = (node: string, payload: unknown) => boolean;

export const deathReason = 'simulated';

const rank = new Function('p', `${rankAndGrow} return rank(p);`) as (payload: unknown) => unknown;

export function fateOf(seed: number, graph: Graph, faults: FaultPlan): Fate {
  const isSpared = sparedIn(graph);
  const limits = new Map(graph.nodes.map(({ id, policy }) => [id, policy?.timeoutMs]));
  return (node, payload, attempt) => {
    if (isSpared(node)) return undefined;
    const limit = limits.get(node);
    const dice = chanceOf(seed, `${node}/${rank(payload)}/${attempt}`);
    if (dice < faults.diedAt) return toWireError(new WorkerDiedError(deathReason));
    if (limit !== undefined && dice > 1 - faults.timeout) return toWireError(new TimeoutError(limit));
    return undefined;
  };
}

export function deadlinessOf(seed: number, graph: Graph, faults: FaultPlan): Deadliness {
  const isSpared = sparedIn(graph);
  return (node, payload) =>
    !isSpared(node) && chanceOf(seed, `host of ${node}/${rank(payload)}`) < faults.killsHost;
}

/** Nodes that nothing befalls: they take up no worker, or what is remembered must not depend on who came first. */
function sparedIn({ nodes }: Graph): (node: string) => boolean {
  const isAtWork = ({ type, policy }: GraphNode) =>
    !['flow.collect', 'flow.subgraph'].includes(type) && !policy?.cache;
  const working = new Set(nodes.filter(isAtWork).map(({ id }) => id));
  return (node) => !working.has(node);
}
