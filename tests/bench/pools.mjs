// @ts-check
/** The pools that people use on Node, with as many threads as there are cores. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';

/** @typedef {import('./workloads.mjs').Step} Step */
/** @typedef {{ call: (step: Step, payload: any) => PromiseLike<any>, close: () => PromiseLike<unknown> }} Pool */

const filename = new URL('./tasks.mjs', import.meta.url).href;
/** Tasks that may wait within a thread, where a pool allows it; 8 to 128 are much the same, 1 is slower. */
const concurrentTasksPerWorker = 32;

/** @param {number} cores */
const threads = (cores) => ({ filename, minThreads: cores, maxThreads: cores });

/** @type {Record<string, (cores: number) => Pool>} */
export const pools = {
  piscina: (cores) => piscina(threads(cores)),
  'piscina, 32 tasks a thread': (cores) => piscina({ ...threads(cores), concurrentTasksPerWorker }),
  tinypool: (cores) => tinypool(threads(cores)),
  'tinypool, 32 tasks a thread': (cores) => tinypool({ ...threads(cores), concurrentTasksPerWorker }),
  workerpool(cores) {
    const script = fileURLToPath(new URL('./page/pool-worker.mjs', import.meta.url));
    const pool = workerpool.pool(script, { workerType: 'thread', maxWorkers: cores, minWorkers: 'max' });
    return {
      // Its own kind of promise.
      call: (step, payload) => /** @type {any} */ (pool.exec(step, [payload])),
      close: async () => pool.terminate(),
    };
  },
};

/** @param {ConstructorParameters<typeof Piscina>[0]} options @returns {Pool} */
function piscina(options) {
  const pool = new Piscina(options);
  return { call: (name, payload) => pool.run(payload, { name }), close: () => pool.destroy() };
}

/** @param {ConstructorParameters<typeof Tinypool>[0]} options @returns {Pool} */
function tinypool(options) {
  const pool = new Tinypool(options);
  return { call: (name, payload) => pool.run(payload, { name }), close: () => pool.destroy() };
}
