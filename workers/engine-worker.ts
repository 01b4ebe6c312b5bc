/**
 * The browser's host of the engine: a dedicated worker of each tab, of which the one that holds the origin's lock is
 * the engine and the others wait to succeed it. Until then it is a few kilobytes; all the rest is loaded when it is
 * its turn.
 */
import { nanoid } from 'nanoid';
import { announceEngine, engineLock, lifeLock } from '../src/api/engine-channel.ts';
import type { FromEngineWorker, FromPage } from '../src/api/engine-worker-messages.ts';
import { servePort } from '../src/api/port-fetch.ts';
import { toWireError } from '../src/errors.ts';

declare const self: DedicatedWorkerGlobalScope;

const id = nanoid();
const tell = (message: FromEngineWorker) => self.postMessage(message);

/** Resolves with the first message of this kind, whenever it comes. */
function heard<Kind extends FromPage['page']>(kind: Kind): Promise<FromPage & { page: Kind }> {
  return new Promise((resolve) => {
    const listener = ({ data }: MessageEvent<FromPage>) => {
      if (data.page !== kind) return;
      self.removeEventListener('message', listener);
      resolve(data as FromPage & { page: Kind });
    };
    self.addEventListener('message', listener);
  });
}

/** Ends this worker: its locks pass on, and its page learns of it. */
function giveUp(error: unknown): void {
  tell({ worker: 'failed', error: toWireError(error) });
  self.close();
}

async function lead(): Promise<void> {
  const server = announceEngine(id);
  tell({ worker: 'leading' });
  const [{ createBrowserHost }, { port: sandbox, taskWorkerUrl, mathjsUrl }] = await Promise.all([
    import('./browser-host.ts'),
    heard('sandbox'),
  ]);
  const host = await createBrowserHost({ sandbox, taskWorkerUrl, mathjsUrl, onLost: giveUp });
  const { port } = await opened;
  servePort(port, host.handle);
  self.addEventListener('message', ({ data }: MessageEvent<FromPage>) => {
    if (data.page === 'leaving') void host.prepareToLeave();
  });
  server.open(host.handle, host.isolation);
  tell({ worker: 'ready', isolation: host.isolation });
}

const opened = heard('open');
const lock = lifeLock(id);
const forLife = new Promise<never>(() => {});
void navigator.locks.request(lock, () => {
  tell({ worker: 'alive', lock });
  return forLife;
});
void navigator.locks.request(engineLock, async () => {
  try {
    await lead();
  } catch (error) {
    giveUp(error);
  }
  return forLife;
});
