/** Takes out of a worker's reach what its handlers have no business with, and keeps stray rejections from ending it. */

/** Call it once, in a worker, before any task. */
export function tameProcess(): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  process.argv.length = 1;
  process.execArgv.length = 0;
  // A promise that a handler left behind and that rejects is no reason to end the tasks of others. A thrown error
  // that nobody catches is: the task that waits for what was to come after it would wait for ever.
  process.on('unhandledRejection', () => {});
}
