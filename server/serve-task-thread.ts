/**
 * The inside of a worker thread.
 *
 * A worker thread is no security boundary: code in it shares the process, and a determined author gets at everything
 * that Node offers. Hiding `process.env`, the arguments and standard input only keeps accidents from happening. Code
 * that is not trusted belongs in the browser's sandbox, or on a server made for it.
 */
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { NodeRegistry } from '../src/nodes/define-node.ts';
import { captureConsole } from '../src/pool/console-capture.ts';
import { channelEndpoint } from '../src/pool/endpoint.ts';
import { serveTaskHost } from '../src/pool/task-host.ts';
import { tameProcess } from './tame-process.ts';

/** Serves tasks on this thread's parent port. */
export function serveTaskThread(registry: NodeRegistry): void {
  const port = parentPort;
  if (!port) throw new Error('This file is for a worker thread.');
  tellId(workerData);
  tameProcess();
  const endpoint = channelEndpoint({
    post: (message, transfer = []) => port.postMessage(message, transfer as unknown as []),
    subscribe(listener) {
      port.on('message', listener);
      return () => port.off('message', listener);
    },
  });
  captureConsole(serveTaskHost(endpoint, registry).log);
}

/** Writes this thread's number in the system, by which its memory is watched, where its maker looks for it. */
function tellId(into: unknown): void {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (into instanceof Int32Array) into[0] = id;
  } catch {
    // The system does not tell.
  }
}
