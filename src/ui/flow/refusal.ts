/** Why a connection cannot be made, in words; undefined when it can. */
import type { Graph } from '../../schema/graph.ts';
import { errorPort } from '../../schema/names.ts';
import { m } from '../paraglide/messages.js';
import { type Catalog, portsFit } from '../state/catalog.svelte.ts';

export interface Ends {
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
}

export function refusalOf(graph: Graph, catalog: Catalog, ends: Ends): string | undefined {
  const source = graph.nodes.find((node) => node.id === ends.source);
  const target = graph.nodes.find((node) => node.id === ends.target);
  if (!source || !target) return m.refusal_gone();
  const from = catalog.outputs(source).find((port) => port.name === ends.sourcePort);
  const into = catalog.inputs(target).find((port) => port.name === ends.targetPort);
  if (!into || (!from && ends.sourcePort !== errorPort)) return m.refusal_gone();
  const same = graph.edges.some(
    (edge) =>
      edge.source === ends.source &&
      edge.target === ends.target &&
      (edge.sourcePort ?? 'out') === ends.sourcePort &&
      (edge.targetPort ?? 'in') === ends.targetPort,
  );
  if (same) return m.refusal_twice();
  const type = from?.type ?? 'object';
  if (!portsFit(type, into.type)) return m.refusal_type({ from: type, to: into.type });
  return undefined;
}
