/** One worker that is ready, in which a task never lets go of it; on Node and in a page alike. */
import type { Spawn } from '../../src/pool/worker-handle.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import { Harness } from '../contracts/worker-harness.ts';
import { waysToStick } from './ways-to-stick.ts';

export interface Stuck {
  /** Milliseconds beyond its limit until the task was given up. */
  overrun: number;
  /** When its worker had ended, in the same count; settles where workers tell of their end. */
  gone: Promise<number>;
}

const timeoutMs = 100;

/** Before each task that is stuck goes one that is soon over, in the same worker. */
export function openReady(spawn: Spawn, mode: 'thread' | 'process') {
  let ended: Promise<number> | undefined;
  const watched: Spawn = (name) => {
    const worker = spawn(name);
    ended = new Promise((resolve) => worker.onEnd(() => resolve(performance.now())));
    return worker;
  };
  const harness = new Harness(watched, 1);
  const cases = waysToStick.map((way, i) => `case ${i}: ${way}`).join('\n');
  const run = harness.open([{ code: `(n) => { switch (n) { ${cases} } }`, policy: { mode, timeoutMs } }]);
  return {
    async stick(i: number): Promise<Stuck> {
      await harness.execute(run, [-1]);
      const began = performance.now();
      const outcome = await harness.execute(run, [i % waysToStick.length]);
      const overrun = performance.now() - began - timeoutMs;
      assertEqual([outcome.kind, outcome.kind === 'timeout' && outcome.index], ['timeout', 0]);
      return { overrun, gone: (ended as Promise<number>).then((at) => at - began - timeoutMs) };
    },
    close: () => harness.executor.shutdown(),
  };
}
