// @ts-check
/** The contestants of a page, called from outside: `measure('workerpool', 'primes', 2000, 4)`. */
import workerpool from 'workerpool';
import { throughPool, workloads } from '../workloads.mjs';
import poolWorker from './pool-worker.mjs?worker&url';

/** @typedef {import('../workloads.mjs').WorkloadName} WorkloadName */

/** @param {WorkloadName} name @param {number} count */
function loop(name, count) {
  const worker = new Worker(new URL('./loop-worker.mjs', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ name, count });
  });
}

/** @param {WorkloadName} name @param {number} count @param {number} cores */
function viaPool(name, count, cores) {
  const pool = workerpool.pool(poolWorker, {
    workerType: 'web',
    workerOpts: { type: 'module' },
    maxWorkers: cores,
    minWorkers: 'max',
  });
  const workload = workloads[name];
  return throughPool((step, payload) => pool.exec(step, [payload]), workload, workload.inputs(count));
}

Object.assign(window, {
  /** @param {string} contestant @param {WorkloadName} name @param {number} count @param {number} cores */
  measure: (contestant, name, count, cores) =>
    contestant === 'plain loop' ? loop(name, count) : viaPool(name, count, cores),
});
