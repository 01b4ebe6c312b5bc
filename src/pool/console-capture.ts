/**
 * What tasks write to the console goes to the log of their run, as if by `ctx.log`: there somebody sees it, and on Node
 * it cannot get mixed up with what the program itself prints.
 */

const levels = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const;

/** Replaces the console's functions in this worker; `log` gets each line. */
export function captureConsole(log: (message: string) => void): void {
  for (const level of levels) {
    console[level] = (...parts: unknown[]) => log(parts.map(textOf).join(' '));
  }
}

/** Anything as a line of a log shows it. */
export function textOf(part: unknown): string {
  if (typeof part === 'string') return part;
  if (part instanceof Error) return part.stack ?? String(part);
  try {
    if (typeof part === 'object' && part !== null) return JSON.stringify(part, bigIntsAsText) ?? String(part);
  } catch {
    // Cyclic, or with a getter that throws.
  }
  return String(part);
}

const bigIntsAsText = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
