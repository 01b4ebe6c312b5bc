/** Ends of the command line, by status. */
import type { RunStatus } from '../../src/schema/run.ts';

export const exitStatus = { succeeded: 0, failed: 1, badInput: 2, cancelled: 130 } as const;

export const exitStatusOf = (status: RunStatus): number =>
  status === 'succeeded'
    ? exitStatus.succeeded
    : status === 'cancelled'
      ? exitStatus.cancelled
      : exitStatus.failed;

/** What was given cannot be used; `lines` say why, one thing a line. */
export class BadInput extends Error {
  override name = 'BadInput';
  readonly lines: string[];
  constructor(lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}
