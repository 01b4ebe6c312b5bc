// @ts-check
/**
 * Task queues on a Redis of their own: what people take when tasks must outlive the process. Their threads or
 * processes are as many as the cores, and wait warm; results are kept in Redis, which here keeps all in memory.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolder, root, run } from './owned.mjs';

/** @typedef {import('./summary.mjs').Measure} Measure */

/** Inputs of small work per input of the others. */
const shares = { bullmq: 1 / 20, celery: 1 / 50 };
const python = '/usr/bin/python3';

/** @param {string} command @param {string[]} args */
const works = (command, args) => spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0;

/**
 * What is on this machine or can be installed, with a word about what is not.
 * @param {(contestant: string) => boolean} isWanted
 * @param {(name: string, script: string) => Measure} inOwnProcess
 * @returns {Record<string, Measure>}
 */
export function findQueues(isWanted, inOwnProcess) {
  /** @type {Record<string, Measure>} */
  const found = {};
  const bullmq = 'BullMQ on Redis';
  const celery = 'Celery on Redis';
  if (!isWanted(bullmq) && !isWanted(celery)) return found;
  const hasRedis = () => works('redis-server', ['--version']);
  if (!hasRedis() && !install('redis-server', hasRedis)) return found;
  found[bullmq] = onRedis(shares.bullmq, inOwnProcess(bullmq, 'tests/bench/bullmq.mjs'));
  const hasCelery = () => works(python, ['-c', 'import celery, redis']);
  if (isWanted(celery) && (hasCelery() || install('python3-celery python3-redis', hasCelery)))
    found[celery] = onRedis(shares.celery, viaCelery);
  return found;
}

/** @param {string} packages @param {() => boolean} isThere */
function install(packages, isThere) {
  const mayInstall = existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (mayInstall) {
    console.log(`Installing ${packages}.`);
    const args = ['install', '-y', '--no-install-recommends', ...packages.split(' ')];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update'], { stdio: 'ignore', env });
    spawnSync('apt-get', args, { stdio: 'ignore', env, timeout: 5 * 60_000 });
  }
  const found = isThere();
  if (!found) console.log(`Left out, since this machine has none of it: ${packages}.`);
  return found;
}

/**
 * On a Redis of its own, with fewer inputs of small work; the time is brought to as many as were asked for.
 * @param {number} share
 * @param {Measure} measure
 * @returns {Measure}
 */
const onRedis = (share, measure) => async (task) => {
  const count = task.name === 'add-square' ? Math.ceil(task.count * share) : task.count;
  const { port, stop } = await startRedis(task.signal);
  try {
    const measured = await measure({ ...task, count, port });
    return { ...measured, ms: (measured.ms * task.count) / count, count };
  } finally {
    await stop();
  }
};

/** @param {AbortSignal} signal */
async function startRedis(signal) {
  const folder = makeFolder();
  const port = await freePort();
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path];
  const { child, output } = run('redis-server', [...own, '--save', '', '--appendonly', 'no'], signal);
  const ready = new Promise((resolve) => {
    child.stdout.on('data', (text) => String(text).includes('Ready to accept') && resolve(undefined));
  });
  // It ends only when something is wrong.
  await Promise.race([ready, output]);
  return {
    port,
    async stop() {
      child.kill('SIGTERM');
      await output.catch(() => {});
      folder.remove();
    },
  };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Its workers are processes, and its tasks are written in Python. @type {Measure} */
async function viaCelery({ count, cores, port, signal }) {
  const options = {
    cwd: join(root, 'tests/bench'),
    env: { ...process.env, BENCH_REDIS: `redis://127.0.0.1:${port}/0`, PYTHONDONTWRITEBYTECODE: '1' },
  };
  const args = ['-m', 'celery', '-A', 'celery_tasks', 'worker', '--loglevel=ERROR', `--concurrency=${cores}`];
  const worker = run(python, args, signal, options);
  try {
    const client = run(python, ['celery_tasks.py', String(count)], signal, options).output;
    return JSON.parse(await Promise.race([client, worker.output]));
  } finally {
    worker.child.kill('SIGTERM');
    await worker.output.catch(() => {});
  }
}
