/** Tasks that take memory without end in a page: some take the page with them, and are not run a third time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasEnded } from '../../src/schema/names.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { openChromium } from './chromium-host.ts';
import { memoryShapes } from './memory-shapes.ts';
import { startRun } from './watch-run.ts';

const good = 1000;

test.each(['small objects', 'binary data'] as const)('in a page, %s', async (name) => {
  const code = memoryShapes[name];
  const profile = mkdtempSync(join(tmpdir(), 'handloom-profile-'));
  const server = await startBuiltServer();
  let isDown = false;
  const open = async () => {
    const opened = await openChromium(server.url, profile);
    isDown = false;
    opened.page.once('crash', () => {
      isDown = true;
    });
    return opened;
  };
  let life = await open();
  let crashes = 0;
  try {
    const id = await startRun(life.client, {
      format: 'handloom.graph',
      version: 1,
      name,
      nodes: [
        { id: 'greedy', type: 'code.js', params: { code } },
        { id: 'good', type: 'code.js', params: { code: '(n) => n' } },
      ],
      edges: [],
      inputs: { greedy: [0], good: Array.from({ length: good }, (_, n) => n) },
    });
    for (let hasRunEnded = false; !hasRunEnded; ) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (isDown) {
        crashes++;
        await life.kill();
        life = await open();
      }
      // A page that is going down does not answer.
      const report = await life.client.getRun(id).catch(() => undefined);
      hasRunEnded = report !== undefined && hasEnded(report.status);
    }
    const { status, nodes, errors } = await life.client.getRun(id);
    const [error] = errors;
    console.log(`${name}: the page crashed ${crashes} times; ${error?.name}: ${error?.message}`);
    expect({ status, errors: errors.length }).toEqual({ status: 'partial', errors: 1 });
    expect(error?.name).toBe(crashes > 0 ? 'HostDiedError' : 'RangeError');
    // Once amid others perhaps, and twice alone.
    expect(crashes).toBeLessThanOrEqual(3);
    expect(nodes.good).toMatchObject({ input: good, succeeded: good });
  } finally {
    await life.close();
    await server.stop();
    rmSync(profile, { recursive: true, force: true });
  }
});
