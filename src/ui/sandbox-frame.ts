/**
 * The hidden frame inside which tasks run: an opaque origin, so that no storage of ours is theirs, under a policy that
 * lets nothing out. The page only makes it; the engine's worker speaks with it over a port (`src/pool/sandbox-spawner.ts`).
 */
import { sandboxScript } from '../pool/sandbox-script.ts';

export interface SandboxFrame {
  /** To be transferred to the engine's worker. Silent where the browser refuses the frame; the engine's probe notices. */
  port: MessagePort;
  /** Ends every worker in it. */
  close(): void;
}

/**
 * What the frame may do: its own script, workers from blobs, and making code out of text; nothing that loads or sends.
 * The blob workers inherit it.
 */
const policy = (nonce: string) =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' blob: 'unsafe-eval' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    "connect-src 'none'",
    "form-action 'none'",
  ].join('; ');

/** The frame's document; the policy is its first element, so that nothing comes before it. */
function sandboxDocument(nonce: string): string {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy(nonce)}">`;
  return `${meta}<script nonce="${nonce}">${sandboxScript}</script>`;
}

/** Makes the frame; `taskWorkerText` is the task worker as one classic script. */
export function createSandboxFrame(taskWorkerText: string): Promise<SandboxFrame> {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Task sandbox';
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = sandboxDocument(crypto.getRandomValues(new Uint32Array(4)).join(''));
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    frame.addEventListener(
      'load',
      () => {
        frame.contentWindow?.postMessage({ port: port2, text: taskWorkerText }, '*', [port2]);
        resolve({ port: port1, close: () => frame.remove() });
      },
      { once: true },
    );
    document.body.append(frame);
  });
}
