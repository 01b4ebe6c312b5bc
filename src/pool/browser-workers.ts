/** Chooses how tasks are kept apart in this browser: in the sandbox where it holds, else in nested workers. */
import type { Clock } from '../engine/clock.ts';
import { nestedSpawner } from './nested-spawner.ts';
import { probeSandbox } from './sandbox-probe.ts';
import { connectSandbox } from './sandbox-spawner.ts';
import type { Spawn } from './worker-handle.ts';

export interface BrowserWorkers {
  isolation: 'sandbox' | 'worker';
  /** Why it is not the sandbox. */
  reason?: string;
  spawn: Spawn;
}

export interface BrowserWorkersOptions {
  /** The page's port to the sandbox; absent where the page could not make one. */
  sandbox?: MessagePort;
  /** Address of the task worker's script, for the fall-back. */
  taskWorkerUrl: string | URL;
  clock: Clock;
}

/** Probes the sandbox and gives the way to make workers. Takes at most about three seconds, usually a tenth of one. */
export async function chooseBrowserWorkers(options: BrowserWorkersOptions): Promise<BrowserWorkers> {
  const { sandbox: port, clock, taskWorkerUrl } = options;
  let wrong = ['the page has no sandbox'];
  if (port) {
    const sandbox = connectSandbox(port);
    wrong = await probeSandbox(sandbox, clock, globalThis.location.origin);
    if (!wrong.length) return { isolation: 'sandbox', spawn: sandbox.spawn };
  }
  return { isolation: 'worker', reason: wrong.join('; '), spawn: nestedSpawner(taskWorkerUrl) };
}
