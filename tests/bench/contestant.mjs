// @ts-check
/** One contestant on Node, once, in a process of its own: `contestant.mjs NAME WORKLOAD COUNT CORES` → JSON. */
import { loopInEachThread } from './loops.mjs';
import { pools } from './pools.mjs';
import { plainLoop, throughPool, throughPoolInParts, workloads } from './workloads.mjs';

const [name = '', workloadName = '', count, cores] = process.argv.slice(2);
const workload = workloads[/** @type {import('./workloads.mjs').WorkloadName} */ (workloadName)];
const inputs = workload.inputs(Number(count));

async function measure() {
  if (name === 'plain loop') return plainLoop(workload, inputs);
  if (name === 'plain loops, one a core') return loopInEachThread(workloadName, inputs, Number(cores));
  const [, poolName = name, size] = /^(.*), (\d+) tasks a call$/.exec(name) ?? [];
  const open = pools[poolName];
  if (!open) throw new Error(`No contestant is called ${name}`);
  const pool = open(Number(cores));
  try {
    return size === undefined
      ? await throughPool(pool.call, workload, inputs)
      : await throughPoolInParts(pool.call, workload, inputs, Number(size));
  } finally {
    await pool.close();
  }
}
console.log(JSON.stringify(await measure()));
