/** The command line killed again and again while its tasks do things outside, which a ledger keeps count of. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/pool/seeded-random.ts';
import { cliFile } from '../hosts/built-server.ts';
import { openEffectsLedger } from './effects-ledger.ts';
import { effectsGraph, expectExact, nextKill } from './effects-run.ts';

const tasks = 10_000;
const kills = 50;

test(`${tasks} tasks with effects, killed ${kills} times: nothing is lost, nothing is done twice`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'handloom-kills-'));
  const ledger = await openEffectsLedger();
  const random = seededRandom('kills', '1');
  const file = join(folder, 'graph.json');
  const report = join(folder, 'report.json');
  const data = join(folder, 'data');
  writeFileSync(file, JSON.stringify(effectsGraph(ledger.url, tasks)));
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [cliFile, ...args, '--data', data, '--quiet'], {
      stdio: 'inherit',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, ended };
  };
  try {
    let life = start('run', file, '--report', report);
    let killed = 0;
    for (; killed < kills; killed++) {
      const over = await Promise.race([
        ledger.reaches(nextKill(ledger, tasks, kills, random)).then(() => false),
        life.ended.then(() => true),
      ]);
      if (over) break;
      life.child.kill('SIGKILL');
      await life.ended;
      life = start('resume', '--report', report);
    }
    expect(await life.ended).toBe(0);
    console.log(
      `killed ${killed} times; ${ledger.repeats()} requests were repeats that their key made harmless`,
    );
    expect(killed).toBeGreaterThan(kills / 2);
    expectExact(JSON.parse(readFileSync(report, 'utf8')), ledger, tasks);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
