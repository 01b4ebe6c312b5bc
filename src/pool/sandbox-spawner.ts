/**
 * Workers inside the sandbox: the hidden frame of an opaque origin that the page has made (`src/ui/sandbox.ts`). The
 * engine's worker asks the frame over a port; each worker gets a channel of its own, straight to the engine.
 */
import type { Spawn } from './worker-handle.ts';

/** From the engine to the frame. */
export type SandboxRequest =
  /** `text` is the script to run instead of the task worker's. */
  | { kind: 'spawn'; id: number; name: string; port: MessagePort; text?: string }
  | { kind: 'kill'; id: number };

/** From the frame to the engine. */
export interface SandboxReport {
  kind: 'ended';
  id: number;
  reason: string;
}

export interface Sandbox {
  spawn: Spawn;
  /** Starts a worker of another script, with a channel to it. */
  start(name: string, text?: string): ReturnType<Spawn> & { endpoint: MessagePort };
}

/** Speaks to the frame at the other end of `control`. */
export function connectSandbox(control: MessagePort): Sandbox {
  let last = 0;
  const living = new Map<number, (reason: string) => void>();
  control.addEventListener('message', ({ data }: MessageEvent<SandboxReport>) =>
    living.get(data.id)?.(data.reason),
  );
  control.start();

  function start(name: string, text?: string) {
    const id = ++last;
    const { port1, port2 } = new MessageChannel();
    let ended: string | undefined;
    let tell: (reason: string) => void = () => {};
    const end = (reason: string) => {
      if (!living.delete(id)) return;
      ended = reason;
      tell(reason);
    };
    living.set(id, end);
    port1.addEventListener('messageerror', () => end('a message could not be read'));
    const request: SandboxRequest = {
      kind: 'spawn',
      id,
      name,
      port: port2,
      ...(text !== undefined && { text }),
    };
    control.postMessage(request, [port2]);
    return {
      endpoint: port1,
      terminate() {
        living.delete(id);
        control.postMessage({ kind: 'kill', id } satisfies SandboxRequest);
        port1.close();
      },
      onEnd(listener: (reason: string) => void) {
        tell = listener;
        if (ended !== undefined) listener(ended);
      },
    };
  }
  return { start, spawn: (name) => start(name) };
}
