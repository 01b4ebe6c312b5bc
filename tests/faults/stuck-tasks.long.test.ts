/** Two hundred tasks that never let go of their worker, on each host. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processSpawner, threadSpawner } from '../../server/node-workers.ts';
import { type Client, createClient } from '../../src/api/client.ts';
import type { Mode } from '../../src/schema/policy.ts';
import { Harness } from '../contracts/worker-harness.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { type BuiltEntries, buildEntries } from '../pool/build-entries.ts';
import { openChromium } from './chromium-host.ts';
import { expectStuckEnded, waysToStick } from './stuck-tasks.ts';

const modes: Mode[] = ['thread', 'process', 'serial', 'async'];

/** Most of 200, since a machine with other things to do may let any of them wait. */
function expectSoon(overrun: number[], what: string): void {
  overrun.sort((a, b) => a - b);
  const [half, most, all] = [100, 189, 199].map((i) => Math.round(overrun[i] as number));
  console.log(`${what}: half within ${half} ms, 190 within ${most} ms, all within ${all} ms`);
  expect(overrun.length).toBe(200);
  expect(half).toBeLessThan(500);
}

async function expectTwoHundredEnded(client: Client): Promise<void> {
  const overrun = await expectStuckEnded(client, { tasks: 1000, every: 20, modes, timeoutMs: 250 });
  expectSoon(overrun, 'beyond the limit, the way to a worker included');
}

test.each(['thread', 'process'] as const)('200 stuck tasks in a %s that is ready', async (mode) => {
  const entries = await buildEntries();
  const { executor, ...spawned } = ready(entries, mode);
  try {
    const overrun: number[] = [];
    for (let i = 0; i < 200; i++) overrun.push(await spawned.overrun(i));
    expectSoon(overrun, `beyond the limit, in a ${mode} that is ready`);
  } finally {
    executor.shutdown();
    await entries.remove();
  }
});

/** One worker, in which a task that is soon over goes before each that is stuck. */
function ready(entries: BuiltEntries, mode: 'thread' | 'process') {
  const spawn =
    mode === 'thread' ? threadSpawner({ entry: entries.thread }) : processSpawner({ entry: entries.process });
  const harness = new Harness(spawn, 1);
  const timeoutMs = 100;
  const cases = waysToStick.map((way, i) => `case ${i}: ${way}`).join('\n');
  const run = harness.open([{ code: `(n) => { switch (n) { ${cases} } }`, policy: { timeoutMs } }]);
  return {
    executor: harness.executor,
    async overrun(i: number): Promise<number> {
      await harness.execute(run, [-1]);
      const began = performance.now();
      const ended = await harness.execute(run, [i % waysToStick.length]);
      const took = performance.now() - began;
      expect(ended).toMatchObject({ kind: 'timeout', index: 0 });
      return took - timeoutMs;
    },
  };
}

test('200 stuck tasks on Node', async () => {
  const server = await startBuiltServer();
  try {
    await expectTwoHundredEnded(createClient(fetch, `${server.url}/api`));
  } finally {
    await server.stop();
  }
});

test('200 stuck tasks in Chromium', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'handloom-profile-'));
  const server = await startBuiltServer();
  const { client, close } = await openChromium(server.url, profile);
  try {
    await expectTwoHundredEnded(client);
  } finally {
    await close();
    await server.stop();
    rmSync(profile, { recursive: true, force: true });
  }
});
