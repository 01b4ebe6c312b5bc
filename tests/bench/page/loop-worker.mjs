// @ts-check
/** The plain loop, off the page's thread. */
import { plainLoop, workloads } from '../workloads.mjs';

addEventListener('message', ({ data: { name, count } }) => {
  const workload = workloads[/** @type {import('../workloads.mjs').WorkloadName} */ (name)];
  postMessage(plainLoop(workload, workload.inputs(count)));
});
