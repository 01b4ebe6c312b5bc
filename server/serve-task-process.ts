/**
 * The inside of a child process that runs tasks. It keeps crashes and memory apart, not secrets: the process has its
 * user's rights (see serve-task-thread.ts).
 */
import { serialize } from 'node:v8';
import type { NodeRegistry } from '../src/nodes/define-node.ts';
import { channelEndpoint } from '../src/pool/endpoint.ts';
import { serveTaskHost } from '../src/pool/task-host.ts';
import { tameProcess } from './tame-process.ts';

/** Serves tasks over this process's IPC channel. */
export function serveTaskProcess(registry: NodeRegistry): void {
  const send = process.send?.bind(process);
  if (!send) throw new Error('This file is for a child process with an IPC channel.');
  // The parent is gone: nobody is left to work for.
  process.once('disconnect', () => process.exit(0));
  tameProcess();
  const endpoint = channelEndpoint({
    post: (message) => void send(message),
    subscribe(listener) {
      process.on('message', listener);
      return () => process.off('message', listener);
    },
  });
  serveTaskHost(endpoint, registry, (value) => {
    try {
      serialize(value);
      return true;
    } catch {
      return false;
    }
  });
}
