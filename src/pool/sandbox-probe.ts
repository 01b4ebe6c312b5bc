/**
 * Does the sandbox hold in this browser? A worker inside it tries every way out, and whether it can do its work. What
 * browsers promise about frames, blobs and policies differs, so nothing is believed that was not tried.
 */
import type { Clock } from '../engine/clock.ts';
import type { Sandbox } from './sandbox-spawner.ts';

/** Most time for the whole probe, in milliseconds. */
const probeMs = 3000;

/**
 * Runs inside the sandbox, as text: nothing from outside its body is at hand there. Posts the names of what is open
 * though it must not be, and of what does not work though it must.
 */
const probeText = `
onmessage = async ({ data: { port } }) => {
  const { origin, host, channel } = await new Promise((resolve) => { port.onmessage = (event) => resolve(event.data); });
  const url = origin + '/sandbox-probe-' + channel;
  const event = (target, good) => new Promise((resolve, reject) => {
    target.addEventListener(good, resolve);
    target.addEventListener('error', () => reject(new Error('refused')));
  });
  const open = {
    fetch: () => fetch(url, { mode: 'no-cors' }),
    import: () => import(url),
    importScripts: () => importScripts(url),
    WebSocket: () => event(new WebSocket(host), 'open'),
    EventSource: () => event(new EventSource(url), 'open'),
    XMLHttpRequest: () => { const x = new XMLHttpRequest(); x.open('GET', url); const done = event(x, 'load'); x.send(); return done; },
    indexedDB: () => event(indexedDB.open('probe'), 'success'),
    caches: () => caches.open('probe'),
    storage: () => navigator.storage.getDirectory(),
    locks: () => navigator.locks.request('probe', () => {}),
    Worker: () => event(new Worker(url), 'message'),
  };
  const wrong = [];
  await Promise.all(Object.entries(open).map(async ([name, attempt]) => {
    try { await attempt(); wrong.push(name + ' is open'); } catch {}
  }));
  try { new BroadcastChannel(channel).postMessage('out'); } catch {}
  try { if (new Function('return 1')() !== 1) wrong.push('Function fails'); } catch { wrong.push('Function is refused'); }
  try { new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); } catch { wrong.push('WebAssembly is refused'); }
  port.postMessage(wrong);
};`;

/** Resolves with what is wrong with the sandbox: nothing at all when it holds. */
export async function probeSandbox(sandbox: Sandbox, clock: Clock, origin: string): Promise<string[]> {
  const name = `handloom-probe-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  const leak = new BroadcastChannel(name);
  let leaked = false;
  leak.onmessage = () => {
    leaked = true;
  };
  const worker = sandbox.start('probe', probeText);
  let stop = () => {};
  try {
    const wrong = await new Promise<string[]>((resolve) => {
      stop = clock.after(probeMs, () => resolve([`no answer within ${probeMs} ms`]));
      worker.onEnd((reason) => resolve([reason]));
      worker.endpoint.onmessage = ({ data }) => resolve(data);
      worker.endpoint.postMessage({ origin, host: origin.replace(/^http/, 'ws'), channel: name });
    });
    return leaked ? [...wrong, 'BroadcastChannel is open'] : wrong;
  } finally {
    stop();
    leak.close();
    worker.terminate();
  }
}
