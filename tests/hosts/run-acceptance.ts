/** An acceptance case over the API, on whatever host. */
import type { Client } from '../../src/api/client.ts';
import { type AcceptanceCase, differences } from './acceptance-cases.ts';

/** @returns what differs from what was expected */
export async function runAcceptanceCase(
  client: Client,
  { graph, expect }: AcceptanceCase,
): Promise<string[]> {
  const stored = await client.createGraph(graph);
  const { id } = await client.startRun(stored.id);
  await client.followRun(id, () => {});
  const report = await client.getRun(id);
  const outputs: Record<string, unknown[]> = {};
  const sources = new Set(graph.edges.map((edge) => edge.source));
  for (const { id: node } of graph.nodes.filter((each) => !sources.has(each.id))) {
    const all: unknown[] = [];
    outputs[node] = all;
    let cursor: string | null = null;
    do {
      const page: { items: unknown[]; nextCursor: string | null } = await client.listOutputs(id, {
        node,
        limit: 1000,
        ...(cursor && { cursor }),
      });
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
  }
  return differences(expect, { ...report, outputs });
}
