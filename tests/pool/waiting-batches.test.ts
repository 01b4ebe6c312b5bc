/** Batches that wait in a worker behind another: the workers are on this thread, and tasks end when they are told. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Batch } from '../../src/engine/executor.ts';
import { serveTaskHost } from '../../src/pool/task-host.ts';
import { abortGraceMs, patienceMs } from '../../src/pool/worker-pool.ts';
import { done, Harness, type TestNode } from '../contracts/worker-harness.ts';
import { SteppedClock } from './stepped-clock.ts';
import { testRegistry } from './test-nodes.ts';

/** One worker as this test sees it. */
interface Seen {
  /** Batches it was sent, by their first payload. */
  sent: unknown[];
  die(reason: string): void;
  isAlive: boolean;
}

let clock: SteppedClock;
let harness: Harness;
let workers: Seen[];
/** What tasks call, and what ends those that wait. */
let ran: unknown[];
let gates: Map<unknown, (value: unknown) => void>;

beforeEach(() => {
  [clock, workers, ran, gates] = [new SteppedClock(), [], [], new Map()];
  Object.assign(globalThis, {
    task(x: unknown) {
      ran.push(x);
      return String(x).startsWith('wait') ? new Promise((resolve) => gates.set(x, resolve)) : x;
    },
  });
});
afterEach(() => harness.executor.shutdown());

function spawnHere() {
  const { port1, port2 } = new MessageChannel();
  port2.start();
  serveTaskHost(port2, testRegistry);
  let tell = (_reason: string) => {};
  const seen: Seen = { sent: [], isAlive: true, die: (reason) => tell(reason) };
  workers.push(seen);
  const post = port1.postMessage.bind(port1);
  port1.postMessage = (message: { path?: string[]; argumentList?: { value: unknown }[] }) => {
    const batch = message.argumentList?.[1]?.value as Batch;
    if (message.path?.[0] === 'run') seen.sent.push(batch.payloads[0]);
    post(message);
  };
  return {
    endpoint: port1,
    terminate() {
      seen.isAlive = false;
      port1.close();
    },
    onEnd: (listener: (reason: string) => void) => void (tell = listener),
  };
}

/** Workers that have shown how quick this node's tasks are. */
async function opened(cores: number, policy: TestNode['policy'] = {}): Promise<string> {
  harness = new Harness(spawnHere, cores, clock);
  const run = harness.open([{ code: 'task', policy }]);
  const quick = Array<number>(1000).fill(0);
  await Promise.all(Array.from({ length: cores }, () => harness.execute(run, quick)));
  for (const worker of workers) worker.sent = [];
  ran = [];
  return run;
}

/** Lets messages come in. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function settled(isDone: () => boolean): Promise<void> {
  while (!isDone()) await turn();
}

it('sends a worker one batch more than it is at, which runs as soon as that is answered', async () => {
  const run = await opened(1);
  const flights = ['wait a', 'b', 'c'].map((x) => harness.execute(run, [x]));
  await settled(() => gates.has('wait a'));
  expect(workers.map(({ sent }) => sent)).toEqual([['wait a', 'b']]);
  expect(ran).toEqual(['wait a']);
  gates.get('wait a')?.('A');
  expect((await Promise.all(flights)).map((each) => done(each).values[0])).toEqual(['A', 'b', 'c']);
  expect(workers).toHaveLength(1);
});

it('keeps batches back whose node is not known to be quick, or whose tasks keep an order or act outside', async () => {
  harness = new Harness(spawnHere, 1, clock);
  const unknown = harness.open([{ code: 'task' }]);
  const flights = ['wait a', 'b'].map((x) => harness.execute(unknown, [x]));
  await settled(() => gates.has('wait a'));
  expect(workers[0]?.sent).toEqual(['wait a']);
  gates.get('wait a')?.('A');
  await Promise.all(flights);

  for (const node of [
    { policy: { mode: 'serial' as const } },
    { policy: { maxTasksPerWorker: 100_000 } },
    { type: 'test.effects' },
  ]) {
    harness.executor.shutdown();
    workers = [];
    harness = new Harness(spawnHere, 1, clock);
    const run = harness.open([{ code: 'task', ...node }]);
    await harness.execute(run, Array(1000).fill(0));
    const own = ['wait b', 'c'].map((x) => harness.execute(run, [x]));
    await settled(() => gates.has('wait b'));
    expect(workers[0]?.sent).toEqual([0, 'wait b']);
    gates.get('wait b')?.('B');
    gates.delete('wait b');
    await Promise.all(own);
  }
});

it("lays a worker's death to the batch under way; the one that waits is lost", async () => {
  const run = await opened(1);
  const flights = ['wait a', 'b'].map((x) => harness.execute(run, [x]));
  await settled(() => gates.has('wait a'));
  workers[0]?.die('it died');
  expect(await flights[0]).toMatchObject({ kind: 'died', reason: 'it died' });
  expect(await flights[1]).toEqual({ kind: 'lost', reason: 'it died' });
  expect(done(await harness.execute(run, ['c'])).values).toEqual(['c']);
});

it('counts a time limit from when a batch begins', async () => {
  const run = await opened(1, { timeoutMs: 1000 });
  const other = harness.open([{ id: 'm', code: 'task' }]);
  await harness.execute(other, Array(1000).fill(0), { node: 'm' });
  const first = harness.execute(other, ['wait a'], { node: 'm' });
  const limited = harness.execute(run, ['wait b']);
  await settled(() => gates.has('wait a'));
  clock.advance(5000);
  gates.get('wait a')?.('A');
  expect(done(await first).values).toEqual(['A']);
  await settled(() => gates.has('wait b'));
  gates.get('wait b')?.('B');
  expect(done(await limited).values).toEqual(['B']);
});

it('takes a batch back that waits for long while another worker has nothing to do', async () => {
  const run = await opened(2);
  const [slow, other, waits] = ['wait slow', 'wait other', 'wait c'].map((x) => harness.execute(run, [x]));
  await settled(() => gates.size === 2);
  const holder = workers.find(({ sent }) => sent.length === 2);
  expect(holder?.sent).toEqual(['wait slow', 'wait c']);
  clock.advance(patienceMs);
  gates.get('wait other')?.(1);
  await other;
  clock.advance(patienceMs);
  expect((await waits)?.kind).toBe('lost');
  const again = harness.execute(run, ['c']);
  expect(done(await again).values).toEqual(['c']);
  gates.get('wait slow')?.('A');
  expect(done((await slow) as never).values).toEqual(['A']);
  await harness.executor.drain();
  expect(ran).not.toContain('wait c');
  expect(workers.every(({ isAlive }) => isAlive)).toBe(true);
});

it('cancels a run that waits in a worker without ending the one that is under way there', async () => {
  const run = await opened(1);
  const doomed = harness.open([{ code: 'task' }]);
  await harness.execute(doomed, Array(1000).fill(0));
  const first = harness.execute(run, ['wait a']);
  const second = harness.execute(doomed, ['b']);
  await settled(() => gates.has('wait a'));
  harness.executor.close(doomed);
  expect(await second).toEqual({ kind: 'cancelled' });
  clock.advance(2 * abortGraceMs);
  // A worker that is at something short may begin what has been taken back, which then counts for nothing.
  await turn();
  gates.get('wait a')?.('A');
  expect(done(await first).values).toEqual(['A']);
  await harness.executor.drain();
  expect(workers.map(({ isAlive }) => isAlive)).toEqual([true]);
  expect(ran).not.toContain('b');
});

it('runs what waits elsewhere when code of the batch before goes on after its time', async () => {
  const run = await opened(1, { timeoutMs: 1 });
  const other = harness.open([{ id: 'm', code: 'task' }]);
  await harness.execute(other, Array(1000).fill(0), { node: 'm' });
  const flights = [harness.execute(run, ['wait a']), harness.execute(other, ['b'], { node: 'm' })];
  expect(done((await flights[0]) as never).errors[0]?.name).toBe('TimeoutError');
  expect((await flights[1])?.kind).toBe('lost');
  expect(workers.map(({ isAlive }) => isAlive)).toEqual([false]);
});
