/** How processes that share a data folder know of each other. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * When a process began, in the system's own count; undefined where the system does not say. With its number it names
 * a process for good, since numbers are used again.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything, so it is counted from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The name a process of this machine has: `host:pid:start`, or `host:pid` where starts are not told. */
export function nameOf(pid: number): string {
  const start = startOf(pid);
  return start === undefined ? `${hostname()}:${pid}` : `${hostname()}:${pid}:${start}`;
}

/** The name of this process. */
export const owner = nameOf(process.pid);

/**
 * Whether the process of that name still runs. On another machine it may, so it is taken to. A name without a start
 * is taken for whatever process has its number now.
 */
export function isAlive(name: string): boolean {
  const [, host, number, start] = /^(.*?):(\d+)(?::(\d+))?$/.exec(name) ?? [];
  if (host !== hostname()) return true;
  const pid = Number(number);
  const startNow = startOf(pid);
  if (start !== undefined && startNow !== undefined) return start === startNow;
  try {
    // Signal 0 asks without disturbing.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
