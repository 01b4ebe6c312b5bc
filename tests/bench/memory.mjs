// @ts-check
/** How much memory processes have held at most, as Linux counts it; nothing is known elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Most memory a process has held so far, its threads included.
 * @param {number} pid
 * @returns {number | undefined} MB
 */
export function peakMb(pid) {
  const kb = /^VmHWM:\s+(\d+) kB/m.exec(about(pid, 'status'))?.[1];
  return kb === undefined ? undefined : Math.round(Number(kb) / 1024);
}

/**
 * Most memory that the renderers of a browser have held, each at its own peak: the page, its workers, the sandbox.
 * @param {string} profile folder that the browser was started with
 */
export function peakMbOfRenderers(profile) {
  /** @type {Map<number, { parent: number, command: string }>} */
  const processes = new Map();
  for (const name of processNames()) {
    const pid = Number(name);
    const parent = Number(/^PPid:\s+(\d+)/m.exec(about(pid, 'status'))?.[1] ?? 0);
    processes.set(pid, { parent, command: about(pid, 'cmdline').replaceAll('\0', ' ') });
  }
  /** @param {number} pid @returns {boolean} */
  const isOurs = (pid) => {
    const found = processes.get(pid);
    if (!found) return false;
    return found.command.includes(`--user-data-dir=${profile}`) || isOurs(found.parent);
  };
  const renderers = [...processes].filter(
    ([pid, { command }]) => command.includes('--type=renderer') && isOurs(pid),
  );
  if (renderers.length === 0) return undefined;
  return renderers.reduce((sum, [pid]) => sum + (peakMb(pid) ?? 0), 0);
}

/**
 * Looks at a process again and again until it ends.
 * @param {number} pid
 * @returns {() => number | undefined} stops looking and gives the peak
 */
export function watchPeak(pid) {
  let peak = peakMb(pid);
  const timer = setInterval(() => {
    peak = peakMb(pid) ?? peak;
  }, 20);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** @param {number} pid @param {'status' | 'cmdline'} file */
function about(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function processNames() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
