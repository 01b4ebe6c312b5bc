/**
 * The fixed words of graphs and runs, and what can be told from them alone. Kept apart from the schemas, so that a
 * page which needs but these does not load the schema library.
 */
import type { Graph } from './graph.ts';
import type { Counters, RunStatus } from './run.ts';
import type { TableRef } from './table.ts';

export const graphFormat = 'handloom.graph';
export const graphVersion = 1;

/** Default names of the ports of a node that has one input and one output. */
export const defaultInput = 'in';
export const defaultOutput = 'out';
/** The port, on every node, that gives `{payload, error}` of each failed task. */
export const errorPort = 'error';

/** How a node may run. */
export const modes = ['serial', 'async', 'thread', 'process'] as const;

export const runStatuses = [
  'pending',
  'running',
  'paused',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const;
/** Statuses a run never leaves. */
export const endStatuses: readonly RunStatus[] = ['succeeded', 'partial', 'failed', 'cancelled'];
export const hasEnded = (status: RunStatus): boolean => endStatuses.includes(status);

export const emptyCounters = (): Counters => ({
  input: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  duplicate: 0,
  cancelled: 0,
  retried: 0,
  pending: 0,
});

/** An empty graph. */
export function emptyGraph(name = 'Untitled'): Graph {
  return { format: graphFormat, version: graphVersion, name, nodes: [], edges: [] };
}

/** Whether a payload is a reference to a table. */
export function isTableRef(value: unknown): value is TableRef {
  return (
    typeof value === 'object' && value !== null && typeof (value as { $table?: unknown }).$table === 'string'
  );
}
