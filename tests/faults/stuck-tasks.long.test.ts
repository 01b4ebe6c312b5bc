/** Two hundred tasks that never let go of their worker, on each host. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Client, createClient } from '../../src/api/client.ts';
import type { Mode } from '../../src/schema/policy.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { openChromium } from './chromium-host.ts';
import { expectStuckEnded } from './stuck-tasks.ts';

const modes: Mode[] = ['thread', 'process', 'serial', 'async'];

async function expectTwoHundredEnded(client: Client): Promise<void> {
  const overrun = await expectStuckEnded(client, { tasks: 1000, every: 20, modes, timeoutMs: 250 });
  overrun.sort((a, b) => a - b);
  const [half, most] = [overrun[overrun.length >> 1] as number, overrun.at(-1)];
  console.log(`beyond the limit, way to the worker included: half within ${half} ms, all within ${most} ms`);
  expect(overrun.length).toBe(200);
  // Half of them, since a machine with other things to do may let any of them wait.
  expect(half).toBeLessThan(500);
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
