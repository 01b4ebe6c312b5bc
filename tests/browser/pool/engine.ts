/** Stands for the engine's worker: chooses its workers as that does, and runs the contract's cases on them. */
import { type BrowserWorkers, chooseBrowserWorkers } from '../../../src/pool/browser-workers.ts';
import { workerCases } from '../../contracts/worker-contract.ts';
import { Harness, realClock } from '../../contracts/worker-harness.ts';
import { openReady } from '../../faults/ready-worker.ts';
import { measureBatches } from '../../pool/measure-batches.ts';

let workers: BrowserWorkers;
let open: Harness | undefined;

const calls: Record<string, (message: never) => Promise<unknown>> = {
  async start({ sandbox, taskWorkerUrl }: { sandbox?: MessagePort; taskWorkerUrl: string }) {
    workers = await chooseBrowserWorkers({ ...(sandbox && { sandbox }), taskWorkerUrl, clock: realClock });
    return { isolation: workers.isolation, reason: workers.reason };
  },
  cases: async () => workerCases.map(({ name }) => name),
  async case({ name }: { name: string }) {
    const harness = new Harness(workers.spawn);
    try {
      await workerCases.find((each) => each.name === name)?.run(harness);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.stack : String(error);
    } finally {
      harness.executor.shutdown();
    }
  },
  async value({ code, payload }: { code: string; payload: unknown }) {
    open ??= new Harness(workers.spawn);
    return open.value(code, payload);
  },
  async stick({ count }: { count: number }) {
    const ready = openReady(workers.spawn, 'thread');
    try {
      const overruns: number[] = [];
      for (let i = 0; i < count; i++) overruns.push((await ready.stick(i)).overrun);
      return overruns;
    } finally {
      ready.close();
    }
  },
  bench: () => measureBatches(workers.spawn),
};

addEventListener('message', async ({ data }) => {
  const value = await calls[data.call]?.(data as never).catch((error: unknown) => `Failed: ${error}`);
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage({ id: data.id, value });
});
