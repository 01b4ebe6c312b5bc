// @ts-check
/** What a benchmark starts and makes, and what therefore has to be gone when it ends, however it ends. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
/** @type {Set<string>} */
const folders = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) removeFolder(folder);
});

const interrupt = new AbortController();
/** Aborted by Ctrl-C: what is under way closes what it has opened. A second Ctrl-C does not wait for it. */
export const interrupted = interrupt.signal;
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () =>
    interrupted.aborted ? process.exit(130) : interrupt.abort(new Error('Interrupted')),
  );
}

/** @param {string} path */
function removeFolder(path) {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    folders.delete(path);
  } catch (error) {
    console.error(`Left behind: ${path}: ${error}`);
  }
}

/** @param {string} [within] @returns {{ path: string, remove: () => void }} */
export function makeFolder(within = tmpdir()) {
  mkdirSync(within, { recursive: true });
  const path = mkdtempSync(join(within, 'handloom-bench-'));
  folders.add(path);
  return { path, remove: () => removeFolder(path) };
}

/** Runs Node in the project's folder. @param {string[]} args @param {AbortSignal} signal ends it */
export const runNode = (args, signal) => run(process.execPath, args, signal);

/**
 * Runs a program. `output` settles when it ends.
 * @param {string} command
 * @param {string[]} args
 * @param {AbortSignal} signal ends it
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function run(command, args, signal, options) {
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let out = '';
  let errors = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  /** @type {Promise<string>} */
  const output = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      children.delete(child);
      signal.removeEventListener('abort', kill);
      if (status === 0) resolve(out);
      else
        reject(
          new Error(
            signal.aborted ? `Given up: ${signal.reason}` : `Exit status ${status}: ${errors.slice(-500)}`,
          ),
        );
    });
  });
  // Whoever needs the output awaits it; for the others an end of any kind will do.
  output.catch(() => {});
  return { child, output };
}
