import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { processSpawner, threadSpawner } from '../../server/node-workers.ts';
import { serveTaskHost } from '../../src/pool/task-host.ts';
import type { Spawn } from '../../src/pool/worker-handle.ts';
import { workerCases } from '../contracts/worker-contract.ts';
import { Harness } from '../contracts/worker-harness.ts';
import { type BuiltEntries, buildEntries } from './build-entries.ts';
import { testRegistry } from './test-nodes.ts';

let entries: BuiltEntries;
beforeAll(async () => {
  entries = await buildEntries();
});
afterAll(() => entries.remove());

/** A worker on this very thread: the protocol without the thread. */
const channelSpawner: Spawn = () => {
  const { port1, port2 } = new MessageChannel();
  port2.start();
  serveTaskHost(port2, testRegistry);
  return { endpoint: port1, terminate: () => port1.close(), onEnd: () => {} };
};

const kinds: { kind: string; ownThread: boolean; spawn: () => Spawn }[] = [
  { kind: 'channel', ownThread: false, spawn: () => channelSpawner },
  { kind: 'thread', ownThread: true, spawn: () => threadSpawner({ entry: entries.thread }) },
  { kind: 'process', ownThread: true, spawn: () => processSpawner({ entry: entries.process }) },
];

describe.each(kinds)('a worker of kind $kind', ({ ownThread, spawn }) => {
  let harness: Harness;
  afterEach(() => harness.executor.shutdown());

  for (const each of workerCases) {
    if (each.ownThread && !ownThread) continue;
    it(each.name, async () => {
      harness = new Harness(spawn());
      await each.run(harness);
    });
  }
});
