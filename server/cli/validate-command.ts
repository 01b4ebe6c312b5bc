/** `handloom validate`: whether a graph can run, and what is likely a mistake in it. */
import { warningText } from './issue-text.ts';
import { printable } from './printable.ts';
import { readGraph } from './read-graph.ts';

/** @throws BadInput with everything that keeps the graph from running */
export async function validateCommand(file: string): Promise<void> {
  const graph = await readGraph(file);
  const { nodes, edges, name } = graph;
  process.stderr.write(warningText(file, graph));
  process.stdout.write(
    `${printable(`${file}: ${name}: valid, ${nodes.length} nodes, ${edges.length} edges`)}\n`,
  );
}
