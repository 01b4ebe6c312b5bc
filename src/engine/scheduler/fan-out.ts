/** How many results a task of a node gives: what it adds to the queues behind it. */

export interface FanOut {
  /** Some of its tasks may give more than one. */
  mayBeWide: boolean;
  /** Tasks that have succeeded in this life, and what they gave. */
  tasks: number;
  results: number;
}

/** Takes in what some tasks gave. */
export function countResults(fanOut: FanOut, tasks: number, results: number): void {
  fanOut.tasks += tasks;
  fanOut.results += results;
}

/** Results of a task on the average, at least 1: those that give none are not counted on. `unknown`: before the first. */
export const resultsPerTask = ({ tasks, results }: FanOut, unknown: number): number =>
  tasks > 0 ? Math.max(1, results / tasks) : unknown;
