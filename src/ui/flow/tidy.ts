/** Lays a graph out from left to right. ELK is large and slow to start, so it is loaded when first asked for and
 * computes in a worker of its own. */
import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js';

export interface TidyNode {
  id: string;
  width: number;
  height: number;
}
export interface TidyEdge {
  source: string;
  target: string;
}

let engine: Promise<ELK> | undefined;

async function load(): Promise<ELK> {
  const [{ default: Elk }, { default: workerUrl }] = await Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?url'),
  ]);
  return new Elk({ workerUrl });
}

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '96',
  'elk.spacing.nodeNode': '40',
  'elk.spacing.componentComponent': '80',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
};

/** Positions by node id, on the grid of `step` pixels. */
export async function tidy(
  nodes: TidyNode[],
  edges: TidyEdge[],
  step: number,
): Promise<Record<string, { x: number; y: number }>> {
  engine ??= load();
  const root: ElkNode = {
    id: 'root',
    layoutOptions: options,
    children: nodes.map(({ id, width, height }) => ({ id, width, height })),
    edges: edges.map(({ source, target }, index) => ({
      id: `e${index}`,
      sources: [source],
      targets: [target],
    })),
  };
  const laid = await (await engine).layout(root);
  const snap = (value = 0) => Math.round(value / step) * step;
  return Object.fromEntries(
    (laid.children ?? []).map((node) => [node.id, { x: snap(node.x), y: snap(node.y) }]),
  );
}
