/** How many results a task of a node gives: what it adds to the queues behind it. */
import { errorPort } from '../../schema/graph.ts';

export interface FanOut {
  /** Some of its tasks may give more than one. */
  mayBeWide: boolean;
  /** Tasks that have succeeded in this life, and what they gave, by port. */
  tasks: number;
  results: Map<string, number>;
}

/** Takes in what some tasks gave at a port. */
export function countResults({ results }: FanOut, port: string, count: number): void {
  results.set(port, (results.get(port) ?? 0) + count);
}

/**
 * What a task adds to a queue, on the average; at least 1, since one that seldom gives anything may.
 * @param ports of the edges that lead there, one each
 * @param unknown what is to be taken for it before the first has given something
 */
export function addedPerTask(
  { mayBeWide, tasks, results }: FanOut,
  ports: string[],
  unknown: number,
): number {
  // A task that fails gives one error, and nothing else.
  const wide = ports.filter((port) => port !== errorPort);
  if (tasks === 0) return mayBeWide && wide.length > 0 ? unknown : 1;
  return Math.max(1, wide.reduce((sum, port) => sum + (results.get(port) ?? 0), 0) / tasks);
}
