/** The whole browser killed again and again while tasks in its page do things outside, which a ledger keeps count of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import { hasEnded } from '../../src/schema/names.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { openChromium } from './chromium-host.ts';
import { openEffectsLedger } from './effects-ledger.ts';
import { effectsGraph, expectExact, nextKill } from './effects-run.ts';

const tasks = 10_000;
const kills = 50;

test(`${tasks} tasks with effects in a page whose browser is killed ${kills} times: nothing is lost, nothing is done twice`, async () => {
  const profile = mkdtempSync(join(tmpdir(), 'handloom-profile-'));
  const ledger = await openEffectsLedger();
  const server = await startBuiltServer();
  const random = seededRandom('kills of Chromium', '1');
  let life = await openChromium(server.url, profile);
  try {
    const graph = await life.client.createGraph(effectsGraph(ledger.url, tasks));
    const { id } = await life.client.startRun(graph.id);
    let killed = 0;
    for (; killed < kills && ledger.done.size < tasks; killed++) {
      await ledger.reaches(nextKill(ledger, tasks, kills, random));
      await life.kill();
      // It goes on by itself.
      life = await openChromium(server.url, profile);
    }
    await expect
      .poll(async () => hasEnded((await life.client.getRun(id)).status), { timeout: 600_000, interval: 500 })
      .toBe(true);
    console.log(
      `killed ${killed} times; ${ledger.repeats()} requests were repeats that their key made harmless`,
    );
    expect(killed).toBeGreaterThan(kills / 2);
    expectExact(await life.client.getRun(id), ledger, tasks);
  } finally {
    await life.close();
    await server.stop();
    await ledger.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
