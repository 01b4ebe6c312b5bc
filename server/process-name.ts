/** How processes that share a data folder know of each other. */
import { hostname } from 'node:os';

/** The name of this process. */
export const owner = `${hostname()}:${process.pid}`;

/** Whether the process of that name still runs. On another machine it may, so it is taken to. */
export function isAlive(name: string): boolean {
  const at = name.lastIndexOf(':');
  if (name.slice(0, at) !== hostname()) return true;
  try {
    // Signal 0 asks without disturbing.
    process.kill(Number(name.slice(at + 1)), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
