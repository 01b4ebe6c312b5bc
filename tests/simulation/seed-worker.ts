/** A thread that simulates the seeds it is given, and tells how they went. */
import { parentPort } from 'node:worker_threads';
import { runSeed } from './run-seed.ts';

/** Seeds to simulate: `from` to `from + count - 1`. */
export interface SeedOrder {
  from: number;
  count: number;
}

export interface SeedAnswer {
  compared: number;
  /** What went wrong, told in full, by seed. */
  failures: string[];
}

async function carryOut({ from, count }: SeedOrder): Promise<SeedAnswer> {
  const answer: SeedAnswer = { compared: 0, failures: [] };
  for (let seed = from; seed < from + count; seed++) {
    try {
      if ((await runSeed(seed)).isCompared) answer.compared++;
    } catch (error) {
      answer.failures.push((error as Error).message);
    }
  }
  return answer;
}

parentPort?.on('message', (order: SeedOrder) => {
  void carryOut(order).then((answer) => parentPort?.postMessage(answer));
});
