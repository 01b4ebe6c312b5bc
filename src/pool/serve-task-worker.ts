/** The inside of a Web Worker that runs tasks, in the sandbox or nested in the engine's worker. */
import { HandloomError } from '../errors.ts';
import type { NodeRegistry } from '../nodes/define-node.ts';
import { captureConsole } from './console-capture.ts';
import { serveTaskHost } from './task-host.ts';

/** What whoever starts the worker sends it, once. */
export interface WorkerGreeting {
  port: MessagePort;
}

/** Serves tasks on the port that comes with the first message. */
export function serveTaskWorker(registry: NodeRegistry): void {
  // A promise that a handler left behind and that rejects is no reason to end the tasks of others; a thrown error
  // that nobody catches is (it reaches whoever made this worker as an `error` event).
  globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
  // A worker that closes itself tells nobody, so whoever waits for its tasks would wait for ever.
  Object.defineProperty(globalThis, 'close', { value: refuseToClose, configurable: true, writable: true });
  globalThis.addEventListener(
    'message',
    (event) => {
      const { port } = (event as MessageEvent<WorkerGreeting>).data;
      // Its code is the only one that should be able to speak for this worker.
      event.stopImmediatePropagation();
      captureConsole(serveTaskHost(port, registry).log);
    },
    { once: true },
  );
}

function refuseToClose(): never {
  throw new HandloomError('close_refused', 'A task cannot close the worker it runs in, which others share.');
}
