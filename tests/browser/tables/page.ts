/** A page whose worker runs one contract case after another. */
const worker = new Worker(new URL('./engine.ts', import.meta.url), { type: 'module' });

const run = (index: number) =>
  new Promise<unknown>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message || 'The worker could not be loaded'));
    worker.postMessage(index);
  });

export type RunCase = typeof run;
Object.assign(globalThis, { runCase: run });
