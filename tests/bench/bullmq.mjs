// @ts-check
/**
 * BullMQ, once: `bullmq.mjs NAME WORKLOAD COUNT CORES PORT` → JSON. A thread for each core has a worker; a job for each
 * step puts the next one into the queue with its result, and the last one's result is kept in Redis.
 */
import { isMainThread, Worker as Thread, workerData } from 'node:worker_threads';
import { Queue, Worker } from 'bullmq';
import { functions, sumOf, workloads } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').Step} Step */

/** Jobs a worker takes from the queue at once; 16 to 128 are much the same. */
const concurrency = 32;
/** Jobs the queue is given at once. */
const bulk = 1_000;
const queueName = 'bench';

if (isMainThread) console.log(JSON.stringify(await measure()));
else serve(workerData.connection, workerData.steps);

/** @param {import('bullmq').ConnectionOptions} connection @param {Step[]} steps */
function serve(connection, steps) {
  const queue = new Queue(queueName, { connection });
  const work = async (/** @type {import('bullmq').Job} */ job) => {
    const at = steps.indexOf(/** @type {Step} */ (job.name));
    const value = functions[/** @type {Step} */ (job.name)](job.data);
    const next = steps[at + 1];
    if (next) await queue.add(next, value);
    return value;
  };
  new Worker(queueName, work, { connection, concurrency });
}

async function measure() {
  const [name = '', count, cores, port] = process.argv.slice(3);
  const { steps, inputs } = workloads[/** @type {import('./workloads.mjs').WorkloadName} */ (name)];
  const connection = { host: '127.0.0.1', port: Number(port) };
  const queue = new Queue(queueName, { connection });
  const threads = Array.from(
    { length: Number(cores) },
    () => new Thread(new URL(import.meta.url), { workerData: { connection, steps } }),
  );
  const [first = ''] = steps;
  /** @param {unknown[]} payloads */
  const drive = async (payloads) => {
    for (let i = 0; i < payloads.length; i += bulk)
      await queue.addBulk(payloads.slice(i, i + bulk).map((data) => ({ name: first, data })));
    while ((await queue.getCompletedCount()) < payloads.length * steps.length)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await drive(inputs(100));
  await queue.clean(0, Number.POSITIVE_INFINITY, 'completed');
  const payloads = inputs(Number(count));
  const began = performance.now();
  await drive(payloads);
  const ms = performance.now() - began;
  const jobs = await queue.getCompleted(0, -1);
  for (const thread of threads) await thread.terminate();
  await queue.close();
  return { ms, sum: sumOf(jobs.filter((job) => job.name === steps.at(-1)).map((job) => job.returnvalue)) };
}
