/**
 * The inside of a child process that runs tasks. It keeps crashes and memory apart, not secrets: the process has its
 * user's rights (see serve-task-thread.ts).
 */
import { Worker } from 'node:worker_threads';
import type { NodeRegistry } from '../src/nodes/define-node.ts';
import { captureConsole } from '../src/pool/console-capture.ts';
import { channelEndpoint } from '../src/pool/endpoint.ts';
import { serveTaskHost } from '../src/pool/task-host.ts';
import { messageBytes, processChannel } from './process-channel.ts';
import { tameProcess } from './tame-process.ts';

/** Serves tasks over this process's IPC channel. */
export function serveTaskProcess(registry: NodeRegistry): void {
  const send = process.send?.bind(process);
  if (!send) throw new Error('This file is for a child process with an IPC channel.');
  // The parent is gone: nobody is left to work for.
  process.once('disconnect', () => process.exit(0));
  watchParent(Number(process.argv[2]));
  tameProcess();
  const endpoint = channelEndpoint(processChannel(process, (bytes) => void send(bytes)));
  const { log } = serveTaskHost(endpoint, registry, (value) => {
    try {
      messageBytes(value);
      return true;
    } catch {
      return false;
    }
  });
  captureConsole(log);
}

/** Ends this process when its parent is gone even if a task never lets go of the event loop: from a thread beside it. */
function watchParent(parent: number): void {
  // Told by the parent itself, which may be gone before this process could look.
  const watch = `setInterval(() => { if (process.ppid !== ${parent}) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  const watcher = new Worker(watch, {
    eval: true,
    env: {},
    execArgv: [],
    name: 'parent watch',
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  // Without it the process still does its work.
  watcher.on('error', () => {});
  watcher.unref();
}
