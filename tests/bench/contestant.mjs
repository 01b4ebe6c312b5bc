// @ts-check
/** One contestant on Node, once, in a process of its own: `contestant.mjs NAME WORKLOAD COUNT CORES` → JSON. */
import { pools } from './pools.mjs';
import { plainLoop, throughPool, workloads } from './workloads.mjs';

const [name = '', workloadName = '', count, cores] = process.argv.slice(2);
const workload = workloads[/** @type {import('./workloads.mjs').WorkloadName} */ (workloadName)];
const inputs = workload.inputs(Number(count));

async function measure() {
  if (name === 'plain loop') return plainLoop(workload, inputs);
  const open = pools[name];
  if (!open) throw new Error(`No contestant is called ${name}`);
  const pool = open(Number(cores));
  try {
    return await throughPool(pool.call, workload, inputs);
  } finally {
    await pool.close();
  }
}
console.log(JSON.stringify(await measure()));
