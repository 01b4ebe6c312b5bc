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
  const at = (share: number) => Math.round(overrun[Math.ceil(overrun.length * share) - 1] as number);
  console.log(`${what}: half within ${at(0.5)} ms, 95 % within ${at(0.95)} ms, all within ${at(1)} ms`);
  expect(at(0.5)).toBeLessThan(500);
}

async function expectTwoHundredEnded(client: Client): Promise<void> {
  const overrun = await expectStuckEnded(client, { tasks: 1000, every: 20, modes, timeoutMs: 250 });
  for (const mode of modes) expectSoon(overrun[mode] ?? [], `beyond the limit in a run, mode ${mode}`);
  const all = Object.values(overrun).flat();
  expect(all).toHaveLength(200);
  expectSoon(all, 'beyond the limit in a run, all');
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
