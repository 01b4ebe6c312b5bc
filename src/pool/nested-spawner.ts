/**
 * Web Workers of the same origin, made by the engine's worker itself: the fall-back where the sandbox does not work.
 * Code in them is kept from blocking or crashing others, not from the origin's storage and network.
 */
import type { Spawn } from './worker-handle.ts';

/** Spawns workers from the address of the task worker's script. */
export function nestedSpawner(url: string | URL): Spawn {
  return (name) => {
    const worker = new Worker(url, { name });
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port2 }, [port2]);
    return {
      endpoint: port1,
      terminate() {
        worker.terminate();
        port1.close();
      },
      onEnd(listener) {
        worker.addEventListener('error', (event) => {
          event.preventDefault();
          listener(event.message || 'its script could not be loaded');
        });
        worker.addEventListener('messageerror', () => listener('a message could not be read'));
        port1.addEventListener('messageerror', () => listener('a message could not be read'));
      },
    };
  };
}
