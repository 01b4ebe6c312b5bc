import { expect } from 'vitest';
import type { Counters, RunReport } from '../../src/schema/run.ts';

/** Every task of a run that has ended has an end, and only one. */
export function expectAllAccountedFor(report: RunReport): void {
  for (const [id, c] of Object.entries(report.nodes) as [string, Counters][]) {
    expect({ id, ended: c.succeeded + c.failed + c.duplicate + c.cancelled }).toEqual({ id, ended: c.input });
    expect({ id, running: c.running, pending: c.pending }).toEqual({ id, running: 0, pending: 0 });
  }
}
