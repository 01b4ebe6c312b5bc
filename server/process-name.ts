/** How processes that share a data folder know of each other. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * When a process began, in the system's own count, and whether it has ended but is still listed. With its start a
 * process's number names it for good, since numbers are used again. Undefined where the system does not say.
 */
function statOf(pid: number): { start: string | undefined; hasEnded: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything, so what follows it is counted.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { start: fields[19], hasEnded: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

/** The name a process of this machine has: `host:pid:start`, or `host:pid` where starts are not told. */
export function nameOf(pid: number): string {
  const start = statOf(pid)?.start;
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
  const stat = statOf(pid);
  if (stat?.hasEnded) return false;
  if (stat?.start !== undefined && start !== undefined) return stat.start === start;
  try {
    // Signal 0 asks without disturbing.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
