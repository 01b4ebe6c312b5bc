/** What only workers on Node do: die in their own ways, and see nothing of the process that made them. */
import { spawn as spawnProgram } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { processSpawner, threadSpawner } from '../../server/node-workers.ts';
import type { Spawn } from '../../src/pool/worker-handle.ts';
import { done, Harness } from '../contracts/worker-harness.ts';
import { impossibleSizes, memoryShapes } from '../faults/memory-shapes.ts';
import { type BuiltEntries, buildEntries } from './build-entries.ts';

let entries: BuiltEntries;
beforeAll(async () => {
  entries = await buildEntries();
});
afterAll(() => entries.remove());

const kinds: { kind: string; spawn: (memoryMb?: number, entry?: URL) => Spawn }[] = [
  {
    kind: 'thread',
    spawn: (memoryMb = 512, entry = entries.thread) => threadSpawner({ entry, memoryMb }),
  },
  {
    kind: 'process',
    spawn: (memoryMb = 512, entry = entries.process) => processSpawner({ entry, memoryMb }),
  },
];

describe.each(kinds)('a $kind on Node', ({ spawn }) => {
  let harness: Harness;
  afterEach(() => harness.executor.shutdown());

  // tests/faults/out-of-memory.long.test.ts has all of them.
  it.each(['small objects', 'one list that grows', 'binary data'] as const)(
    'ends alone when it runs out of memory, and says so: %s',
    async (shape) => {
      harness = new Harness(spawn(128));
      const run = harness.open([{ code: memoryShapes[shape], policy: { timeoutMs: 60_000 } }]);
      expect(await harness.execute(run, [0])).toMatchObject({
        kind: 'died',
        index: 0,
        reason: expect.stringContaining('it ran out of memory (limit 128 MB'),
      });
      expect(await harness.value('() => 1')).toBe(1);
    },
    90_000,
  );

  it('fails a task that wants more than there can be', async () => {
    harness = new Harness(spawn());
    for (const code of Object.values(impossibleSizes))
      expect((await harness.run({ code }, [0])).errors).toMatchObject([{ name: 'RangeError' }]);
  });

  it('tells the exit code when a task ends it', async () => {
    harness = new Harness(spawn());
    const ended = await harness.execute(harness.open([{ code: '() => process.exit(7)' }]), [0]);
    expect(ended).toMatchObject({ kind: 'died', reason: 'it exited with code 7' });
  });

  it('survives a promise that rejects and that nobody waits for', async () => {
    harness = new Harness(spawn());
    const code =
      "async () => { Promise.reject(new Error('stray')); await new Promise((r) => setTimeout(r, 20)); return 1; }";
    expect(await harness.value(code)).toBe(1);
  });

  it('sees no environment and no arguments', async () => {
    process.env.HANDLOOM_TEST_SECRET = 'x';
    harness = new Harness(spawn());
    const seen = await harness.value(
      '() => [Object.keys(process.env).length, process.argv.length, process.execArgv.length]',
    );
    delete process.env.HANDLOOM_TEST_SECRET;
    expect(seen).toEqual([0, 1, 0]);
  });

  it('has no fetch of its own, and says which to use', async () => {
    harness = new Harness(spawn());
    const result = await harness.run({ code: "() => fetch('http://localhost/')" }, [0]);
    expect(result.errors[0]).toMatchObject({
      name: 'CapabilityError',
      code: 'fetch_refused',
      message: expect.stringContaining('ctx.fetch'),
    });
  });

  it('gives a reason when its script cannot be started', async () => {
    harness = new Harness(spawn(512, new URL('./missing.mjs', entries.thread)));
    const ended = await harness.execute(harness.open([{ code: '() => 1' }]), [0]);
    expect(ended.kind).toBe('died');
  });

  it('is not left busy by the death of several in a row', async () => {
    harness = new Harness(spawn());
    const run = harness.open([
      { code: '(x) => x % 3 ? x : setTimeout(() => process.exit(1)) && new Promise(() => {})' },
    ]);
    // Those that waited in a worker that died are lost, and run again as the engine would.
    const untilEnded = async (i: number): Promise<string> => {
      const { kind } = await harness.execute(run, [i]);
      return kind === 'lost' ? untilEnded(i) : kind;
    };
    const ends = await Promise.all(Array.from({ length: 12 }, (_, i) => untilEnded(i)));
    expect(ends).toEqual(Array.from({ length: 12 }, (_, i) => (i % 3 ? 'done' : 'died')));
    await harness.executor.drain();
    expect(harness.executor.stats.busy).toBe(0);
  });
});

it('ends child processes, busy ones too, when their parent is killed', async () => {
  const parent = spawnProgram(process.execPath, [fileURLToPath(entries.parent), entries.process.href], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = Number(text.toString());
  expect(isAlive(child)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(child)).toBe(false), { timeout: 10_000, interval: 100 });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('drains: waits for all that is under way', async () => {
  const harness = new Harness(threadSpawner({ entry: entries.thread }));
  const run = harness.open([{ code: '(x) => x' }]);
  const all = Promise.all([1, 2, 3].map((x) => harness.execute(run, [x])));
  await harness.executor.drain();
  expect(harness.executor.stats.busy).toBe(0);
  expect((await all).map((each) => done(each).values[0])).toEqual([1, 2, 3]);
  harness.executor.shutdown();
});

it('keeps the answer a thread gave just before its next batch, which waited in it, ended it', async () => {
  const harness = new Harness(threadSpawner({ entry: entries.thread }), 1);
  const run = harness.open([{ code: '(x) => (x === "end" ? process.exit(1) : x)' }]);
  done(await harness.execute(run, Array(1000).fill(0)));
  const flights = [harness.execute(run, ['fine']), harness.execute(run, ['end'])];
  expect((await Promise.all(flights)).map(({ kind }) => kind)).toEqual(['done', 'died']);
  harness.executor.shutdown();
});

it.skipIf(process.platform === 'win32')(
  'hears what a process wrote last, also when that comes after its end',
  async () => {
    const late = ['-c', 'sleep 0.1; echo "TypeError: late" >&2'];
    const script = `
    import { spawn } from 'node:child_process';
    spawn('/bin/sh', ${JSON.stringify(late)}, { stdio: ['ignore', 'ignore', 'inherit'] });
    process.exit(3);`;
    const folder = await mkdtemp(join(tmpdir(), 'handloom-words-'));
    try {
      await writeFile(join(folder, 'entry.mjs'), script);
      const worker = processSpawner({ entry: pathToFileURL(join(folder, 'entry.mjs')) })('process 1');
      const reason = await new Promise((resolve) => worker.onEnd(resolve));
      expect(reason).toBe('uncaught TypeError: late');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
