// @ts-check
/** Plain loops side by side, each over its share of the inputs: what the cores give when all of them work. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { sumOf, workloads } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').WorkloadName} WorkloadName */

if (!isMainThread && workerData?.loop) serve(workerData.loop);

/** Starts warm, as all others do. @param {{ name: WorkloadName, inputs: unknown[] }} share */
function serve({ name, inputs }) {
  const { all } = workloads[name];
  for (const input of inputs.slice(0, 100)) all(input);
  parentPort?.on('message', () => parentPort?.postMessage(inputs.map(all)));
  parentPort?.postMessage('ready');
}

/** @param {string} name of the workload @param {unknown[]} inputs @param {number} cores */
export async function loopInEachThread(name, inputs, cores) {
  const size = Math.ceil(inputs.length / cores);
  const threads = Array.from({ length: cores }, (_, i) => {
    const loop = { name, inputs: inputs.slice(i * size, (i + 1) * size) };
    return new Worker(new URL(import.meta.url), { workerData: { loop } });
  });
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const began = performance.now();
  const outputs = await Promise.all(
    threads.map((thread) => {
      thread.postMessage('go');
      return once(thread, 'message');
    }),
  );
  const ms = performance.now() - began;
  await Promise.all(threads.map((thread) => thread.terminate()));
  return { ms, sum: sumOf(outputs.flat(2)) };
}
