/**
 * What a graph must give, found in the most naive way: one payload after the other, in one queue, without workers,
 * batches or journals. Shares with the engine only the node types themselves.
 */
import { canonicalKey } from '../../src/engine/canonical.ts';
import { compile } from '../../src/nodes/compile.ts';
import {
  Emission,
  type Folder,
  type Handler,
  type KeyHandlers,
  type NodeContext,
  type NodeDefinition,
} from '../../src/nodes/define-node.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { policySchema } from '../../src/schema/policy.ts';

export interface Expected {
  status: 'succeeded' | 'partial';
  nodes: Record<
    string,
    { input: number; succeeded: number; failed: number; duplicate: number; retried: number }
  >;
  outputs: Record<string, unknown[]>;
}

interface OracleNode {
  node: GraphNode;
  definition: NodeDefinition;
  handler?: Handler;
  folder?: Folder;
  keyHandlers?: KeyHandlers;
  /** Sides of a join. */
  left: { key: unknown; payload: unknown }[];
  right: { key: unknown; payload: unknown }[];
  state: unknown;
  items: unknown[];
  isSpent: boolean;
  seen: Set<string>;
}

/** @returns undefined when the graph makes more than `limit` tasks: too many to be worth comparing */
export async function simulate(graph: Graph, limit = 400): Promise<Expected | undefined> {
  const nodes = new Map<string, OracleNode>();
  for (const node of graph.nodes) nodes.set(node.id, await load(node));
  const expected: Expected = { status: 'succeeded', nodes: {}, outputs: {} };
  for (const { id } of graph.nodes) {
    expected.nodes[id] = { input: 0, succeeded: 0, failed: 0, duplicate: 0, retried: 0 };
    if (!graph.edges.some((edge) => edge.source === id && edge.sourcePort !== 'error'))
      expected.outputs[id] = [];
  }
  const queue: { id: string; port: string | undefined; payload: unknown }[] = [];
  const give = (id: string, port: string, value: unknown) => {
    if (port !== 'error') expected.outputs[id]?.push(value);
    for (const edge of graph.edges) {
      if (edge.source === id && (edge.sourcePort ?? 'out') === port)
        queue.push({ id: edge.target, port: edge.targetPort, payload: value });
    }
  };
  for (const [id, payloads] of Object.entries(graph.inputs ?? {}))
    for (const payload of payloads) queue.push({ id, port: undefined, payload });

  let taken = 0;
  for (;;) {
    for (let task = queue.shift(); task; task = queue.shift()) {
      if (++taken > limit) return undefined;
      take(nodes.get(task.id) as OracleNode, task.port, task.payload);
    }
    const due = [...nodes.values()].filter((n) => n.definition.kind !== 'map' && !n.isSpent);
    const node = due.find((n) => !due.some((other) => isUpstream(graph, other.node.id, n.node.id)));
    if (!node) break;
    node.isSpent = true;
    if (node.definition.kind === 'join') for (const row of joined(node)) give(node.node.id, 'out', row);
    else if (node.definition.kind === 'collect') give(node.node.id, 'out', node.items);
    else if (node.state !== undefined) give(node.node.id, 'out', node.state);
    node.items = [];
    node.left = [];
    node.right = [];
  }
  return expected;

  function take(target: OracleNode, port: string | undefined, payload: unknown): void {
    const { id } = target.node;
    const counters = expected.nodes[id] as Expected['nodes'][string];
    const policy = policySchema.parse(target.node.policy ?? {});
    counters.input++;
    if (policy.dedupe) {
      const key = canonicalKey([port === 'right', payload]);
      if (target.seen.has(key)) {
        counters.duplicate++;
        return;
      }
      target.seen.add(key);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        run(target, port, payload);
        counters.succeeded++;
        return;
      } catch (error) {
        const { name, message } = error as Error;
        if (
          attempt <= policy.retry.max &&
          (policy.retry.on.includes('*') || policy.retry.on.includes(name))
        ) {
          counters.retried++;
          continue;
        }
        counters.failed++;
        expected.status = 'partial';
        give(id, 'error', { payload, error: { name, message } });
        return;
      }
    }
  }

  function run(target: OracleNode, port: string | undefined, payload: unknown): void {
    const ctx = {} as NodeContext;
    if (target.definition.kind === 'collect') {
      target.items.push(payload);
      target.isSpent = false;
    } else if (target.keyHandlers) {
      const side = port === 'right' ? 'right' : 'left';
      target[side].push({ key: target.keyHandlers[side](payload, ctx), payload });
      target.isSpent = false;
    } else if (target.folder) {
      target.state = target.state === undefined ? payload : target.folder.step(target.state, payload, ctx);
      target.isSpent = false;
    } else {
      const given = target.handler?.(payload, ctx);
      if (given instanceof Emission)
        for (const value of given.values as Iterable<unknown>)
          give(target.node.id, given.port ?? 'out', value);
      else give(target.node.id, 'out', given);
    }
  }
}

async function load(node: GraphNode): Promise<OracleNode> {
  const definition = registry.get(node.type) as NodeDefinition;
  const params = definition.params.parse(node.params ?? {});
  const prepared = (definition.prepare ? await definition.prepare(params, { compile }) : params) as never;
  const loaded: OracleNode = {
    node,
    definition,
    state: undefined,
    items: [],
    left: [],
    right: [],
    isSpent: false,
    seen: new Set(),
  };
  if (definition.kind === 'join') loaded.keyHandlers = await definition.create(prepared);
  if (definition.kind === 'map') loaded.handler = await definition.create(prepared);
  if (definition.kind === 'fold') {
    loaded.folder = await definition.create(prepared);
    loaded.state = loaded.folder.initial();
  }
  return loaded;
}

/** Every pair looked at, one after the other. */
function joined({ definition, node, left, right }: OracleNode): unknown[] {
  if (definition.kind !== 'join') return [];
  const keeps = definition.keeps(definition.params.parse(node.params ?? {}));
  const matches = (l: { key: unknown }, r: { key: unknown }) =>
    l.key !== null && l.key !== undefined && canonicalKey(l.key) === canonicalKey(r.key);
  const rows: unknown[] = [];
  for (const l of left) {
    const partners = right.filter((r) => matches(l, r));
    for (const r of partners) rows.push({ key: l.key, left: l.payload, right: r.payload });
    if (partners.length === 0 && keeps.left) rows.push({ key: l.key ?? null, left: l.payload, right: null });
  }
  for (const r of keeps.right ? right : []) {
    if (!left.some((l) => matches(l, r))) rows.push({ key: r.key ?? null, left: null, right: r.payload });
  }
  return rows;
}

/** Whether `from` leads to `to`, and `to` does not lead back. */
function isUpstream(graph: Graph, from: string, to: string): boolean {
  return from !== to && reaches(graph, from, to) && !reaches(graph, to, from);
}

function reaches(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const edge of graph.edges) {
      if (edge.source !== id || seen.has(edge.target)) continue;
      if (edge.target === to) return true;
      seen.add(edge.target);
      open.push(edge.target);
    }
  }
  return false;
}
