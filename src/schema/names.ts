/**
 * The fixed words of graphs and runs, and what can be told from them alone. Kept apart from the schemas, so that a
 * page which needs but these does not load the schema library.
 */

export const graphFormat = 'handloom.graph';
export const graphVersion = 1;

/** Default names of the ports of a node that has one input and one output. */
export const defaultInput = 'in';
export const defaultOutput = 'out';
/** The port, on every node, that gives `{payload, error}` of each failed task. */
export const errorPort = 'error';

/** The type of a node that holds a graph. */
export const subgraphType = 'flow.subgraph';

/** What of its policy counts at a node that holds a graph; the nodes within have policies of their own. */
export const subgraphPolicy = ['dedupe', 'start', 'keepPayloads'] as const;

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
type Status = (typeof runStatuses)[number];
/** Statuses a run never leaves. */
export const endStatuses: readonly Status[] = ['succeeded', 'partial', 'failed', 'cancelled'];
export const hasEnded = (status: Status): boolean => endStatuses.includes(status);

export const emptyCounters = () => ({
  input: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  duplicate: 0,
  cancelled: 0,
  retried: 0,
  pending: 0,
});

interface DroppingRun {
  status: Status;
  dropsPayloads?: string[] | undefined;
  nodes: Readonly<Record<string, { succeeded: number; duplicate: number }>>;
}

/** Whether payloads of a node's tasks are gone, or about to go: the run has ended, and the node's policy says so. */
export function lacksPayloads({ status, dropsPayloads, nodes }: DroppingRun, node: string): boolean {
  const { succeeded = 0, duplicate = 0 } = nodes[node] ?? {};
  return hasEnded(status) && succeeded + duplicate > 0 && (dropsPayloads?.includes(node) ?? false);
}

/** An empty graph. */
export function emptyGraph(name = 'Untitled') {
  const none: never[] = [];
  return { format: graphFormat, version: graphVersion, name, nodes: none, edges: none } as const;
}

/** Whether a payload is a reference to a table. */
export function isTableRef(
  value: unknown,
): value is { $table: string; columns: { name: string; type: string }[]; rows: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { $table, columns, rows } = value as { $table?: unknown; columns?: unknown; rows?: unknown };
  return typeof $table === 'string' && Array.isArray(columns) && typeof rows === 'number';
}
