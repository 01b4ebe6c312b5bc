/** A program that has a child process busy for ever and then waits to be killed; prints the child's id. */
import { processSpawner } from '../../../server/node-workers.ts';
import { Harness } from '../../contracts/worker-harness.ts';

const harness = new Harness(processSpawner({ entry: new URL(process.argv[2] ?? '') }));
const run = harness.open([{ code: '() => process.pid' }]);
const ended = await harness.execute(run, [0]);
if (ended.kind === 'done') console.log(ended.result.values[0]);
const loop = harness.open([{ code: '() => { for (;;); }' }]);
await Promise.all([harness.execute(loop, [0]), harness.execute(loop, [0])]);
