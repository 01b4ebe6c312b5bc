/** Waits for runs, and reads all that they tell, over the API of any host. */
import { expect } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { hasEnded } from '../../src/schema/names.ts';
import type { ErrorRecord, RunReport } from '../../src/schema/run.ts';

/** Long enough for any of these runs on a machine that is busy otherwise. */
const patienceMs = 20 * 60_000;

export async function startRun(client: Client, graph: Graph): Promise<string> {
  const { id } = await client.createGraph(graph);
  return (await client.startRun(id)).id;
}

/** Settles when the run has ended. */
export async function runEnded(client: Client, id: string): Promise<RunReport> {
  await expect
    .poll(async () => hasEnded((await client.getRun(id)).status), { timeout: patienceMs, interval: 200 })
    .toBe(true);
  return client.getRun(id);
}

/** Runs it to its end. */
export async function runToEnd(
  client: Client,
  graph: Graph,
): Promise<{ report: RunReport; errors: ErrorRecord[] }> {
  const id = await startRun(client, graph);
  const report = await runEnded(client, id);
  const errors: ErrorRecord[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await client.listErrors(id, { limit: 1000, ...(cursor && { cursor }) });
    errors.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return { report, errors };
}
