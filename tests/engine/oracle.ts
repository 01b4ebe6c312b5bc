/**
 * What a graph must give, found in the most naive way: one payload after the other, in one queue, without workers,
 * batches or journals. Shares with the engine only the node types themselves.
 */
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import type { WireError } from '../../src/errors.ts';
import { compile } from '../../src/nodes/compile.ts';
import {
  Emission,
  type Folder,
  type Handler,
  type KeyHandlers,
  type NodeContext,
  type NodeDefinition,
  type NodeRegistry,
} from '../../src/nodes/define-node.ts';
import { registry as allNodes } from '../../src/nodes/registry.ts';
import type { Graph, GraphNode } from '../../src/schema/graph.ts';
import { type Policy, policySchema } from '../../src/schema/policy.ts';

export interface ExpectedCounters {
  input: number;
  succeeded: number;
  failed: number;
  duplicate: number;
  retried: number;
}

export interface OracleNode {
  node: GraphNode;
  definition: NodeDefinition;
  policy: Policy;
  handler?: Handler;
  folder?: Folder;
  keyHandlers?: KeyHandlers;
  /** It gives out when everything upstream has ended. */
  gathers: boolean;
  /** Sides of a join. */
  left: Keyed[];
  right: Keyed[];
  state: unknown;
  items: unknown[];
  /** Numbers of the tasks it has taken in since it gave out. */
  gathered: number[];
  isSpent: boolean;
  seen: Set<string>;
  failed: Delivered[];
}

/** What a join holds. */
export interface Keyed {
  key: unknown;
  payload: unknown;
  /** Number of its task. */
  number: number;
}

interface Delivered {
  number: number;
  port: string | undefined;
  payload: unknown;
  /** Of the attempt that comes next. */
  attempt: number;
}

export interface OracleOptions {
  registry?: NodeRegistry;
  /** What befalls a worker at this attempt at a payload, instead of a result. */
  fate?: (node: string, payload: unknown, attempt: number) => WireError | undefined;
  /** Tasks beyond which a graph is not worth comparing. */
  limit?: number;
}

/** Whether another attempt follows attempt number `attempt`. A worker's death is forgiven once. */
export function isTriedAgain({ retry }: Policy, attempt: number, error: WireError): boolean {
  if (error.code === 'worker_died' && attempt === 1) return true;
  return attempt <= retry.max && (retry.on.includes('*') || retry.on.includes(error.name));
}

export class Oracle {
  readonly counters: Record<string, ExpectedCounters> = {};
  readonly outputs: Record<string, unknown[]> = {};
  /** All tasks, each with the numbers of those it came from. */
  readonly tasks: { node: string; payload: unknown; origins: number[] }[] = [];
  readonly #graph: Graph;
  readonly #nodes: Map<string, OracleNode>;
  readonly #options: OracleOptions;
  readonly #queue: (Delivered & { id: string })[] = [];

  private constructor(graph: Graph, nodes: Map<string, OracleNode>, options: OracleOptions) {
    this.#graph = graph;
    this.#nodes = nodes;
    this.#options = options;
    for (const { id } of graph.nodes) {
      this.counters[id] = { input: 0, succeeded: 0, failed: 0, duplicate: 0, retried: 0 };
      if (isEndNode(graph, id)) this.outputs[id] = [];
    }
  }

  static async of(graph: Graph, options: OracleOptions = {}): Promise<Oracle> {
    const nodes = new Map<string, OracleNode>();
    for (const node of graph.nodes) nodes.set(node.id, await loadNode(node, options.registry ?? allNodes));
    return new Oracle(graph, nodes, options);
  }

  /** How many tasks there have been so far. */
  get taken(): number {
    return this.tasks.length;
  }

  get status(): 'succeeded' | 'partial' {
    return Object.values(this.counters).some(({ failed }) => failed > 0) ? 'partial' : 'succeeded';
  }

  /** Runs the graph with its inputs. @returns whether it ended within the limit */
  run(injected: { node: string; payload: unknown }[] = []): boolean {
    for (const [id, payloads] of Object.entries(this.#graph.inputs ?? {}))
      for (const payload of payloads) this.#add(id, payload);
    for (const { node, definition } of this.#nodes.values()) {
      const isFed =
        this.#graph.edges.some(({ target }) => target === node.id) ||
        (this.#graph.inputs?.[node.id] ?? []).length > 0;
      if (definition.trigger && !isFed) this.#add(node.id, null);
    }
    return this.inject(injected);
  }

  /** Takes payloads from outside. */
  inject(injected: { node: string; payload: unknown }[]): boolean {
    for (const { node, payload } of injected) this.#add(node, payload);
    return this.#drain();
  }

  /** Tries all failed tasks again. */
  retry(): boolean {
    for (const [id, node] of this.#nodes) {
      for (const failed of node.failed) this.#queue.push({ ...failed, id });
      const counters = this.counters[id] as ExpectedCounters;
      counters.failed -= node.failed.length;
      counters.retried += node.failed.length;
      node.failed = [];
    }
    return this.#drain();
  }

  #drain(): boolean {
    const { limit = 400 } = this.#options;
    for (;;) {
      for (let task = this.#queue.shift(); task; task = this.#queue.shift()) {
        if (this.taken > limit) return false;
        this.#attempt(this.#nodes.get(task.id) as OracleNode, task);
      }
      const due = [...this.#nodes.values()].filter((n) => n.gathers && !n.isSpent);
      const node = due.find((n) => !due.some((other) => isUpstream(this.#graph, other.node.id, n.node.id)));
      if (!node) return true;
      node.isSpent = true;
      const { id } = node.node;
      if (node.definition.kind === 'join')
        for (const { row, from } of joined(node))
          this.#give(
            id,
            'out',
            row,
            from.map(({ number }) => number),
          );
      else if (node.definition.kind === 'collect') this.#give(id, 'out', node.items, node.gathered);
      else if (node.state !== undefined)
        this.#give(id, 'out', structuredClone(node.state), [...node.gathered]);
      // What a fold has taken stays in its state.
      if (!node.folder) node.gathered = [];
      node.items = [];
      node.left = [];
      node.right = [];
    }
  }

  /** Delivers a payload. */
  #add(id: string, payload: unknown, port?: string, origins: number[] = []): void {
    const { policy, seen } = this.#nodes.get(id) as OracleNode;
    const counters = this.counters[id] as ExpectedCounters;
    const number = this.tasks.push({ node: id, payload, origins });
    counters.input++;
    const key = policy.dedupe ? canonicalKey([port === 'right', payload]) : '';
    if (policy.dedupe && seen.has(key)) {
      counters.duplicate++;
      return;
    }
    seen.add(key);
    this.#queue.push({ id, number, port, payload, attempt: 1 });
  }

  #give(id: string, port: string, value: unknown, origins: number[]): void {
    if (port !== 'error') this.outputs[id]?.push(value);
    for (const edge of this.#graph.edges)
      if (edge.source === id && (edge.sourcePort ?? 'out') === port)
        this.#add(edge.target, value, edge.targetPort, origins);
  }

  #attempt(target: OracleNode, task: Delivered): void {
    const { id } = target.node;
    const { payload } = task;
    const counters = this.counters[id] as ExpectedCounters;
    for (let { attempt } = task; ; attempt++) {
      const error = this.#options.fate?.(id, payload, attempt) ?? this.#run(target, task, attempt);
      if (!error) {
        counters.succeeded++;
        return;
      }
      if (isTriedAgain(target.policy, attempt, error)) {
        counters.retried++;
        continue;
      }
      counters.failed++;
      target.failed.push({ ...task, attempt: attempt + 1 });
      this.#give(id, 'error', { payload, error: publicError(error) }, [task.number]);
      return;
    }
  }

  #run(target: OracleNode, { port, payload, number }: Delivered, attempt: number): WireError | undefined {
    const { id } = target.node;
    const ctx = { attempt } as NodeContext;
    try {
      if (target.definition.kind === 'collect') {
        target.items.push(payload);
      } else if (target.keyHandlers) {
        const side = port === 'right' ? 'right' : 'left';
        target[side].push({ key: target.keyHandlers[side](payload, ctx), payload, number });
      } else if (target.folder) {
        target.state = stepFold(target.folder, target.state, payload, ctx);
      } else {
        for (const { port, value } of emissionsOf(target.handler?.(payload, ctx)))
          this.#give(id, port, value, [number]);
      }
    } catch (thrown) {
      return thrown as WireError;
    }
    target.gathered.push(number);
    target.isSpent = false;
    return undefined;
  }
}

export interface Expected {
  status: 'succeeded' | 'partial';
  nodes: Record<string, ExpectedCounters>;
  outputs: Record<string, unknown[]>;
}

/** @returns undefined when the graph makes more than `limit` tasks: too many to be worth comparing */
export async function simulate(graph: Graph, limit = 400): Promise<Expected | undefined> {
  const oracle = await Oracle.of(graph, { limit });
  if (!oracle.run()) return undefined;
  const { status, counters, outputs } = oracle;
  return { status, nodes: counters, outputs };
}

/** One step of a fold, which leaves the state before as it was. */
export function stepFold(folder: Folder, state: unknown, payload: unknown, ctx: NodeContext): unknown {
  return state === undefined ? payload : folder.step(structuredClone(state), structuredClone(payload), ctx);
}

/** What a handler gave, as results with their ports. */
export function emissionsOf(given: unknown): { port: string; value: unknown }[] {
  if (!(given instanceof Emission)) return [{ port: 'out', value: given }];
  const { port = 'out' } = given;
  return [...(given.values as Iterable<unknown>)].map((value) => ({ port, value }));
}

/** What an error port tells of an error. */
export function publicError({ name, message, code }: WireError): object {
  return { name, message, ...(code !== undefined && { code }) };
}

export function isEndNode(graph: Graph, id: string): boolean {
  return !graph.edges.some((edge) => edge.source === id && edge.sourcePort !== 'error');
}

/** A node of a graph with its handler. */
export async function loadNode(node: GraphNode, registry: NodeRegistry): Promise<OracleNode> {
  const definition = registry.get(node.type) as NodeDefinition;
  const params = definition.params.parse(node.params ?? {});
  const prepared = (definition.prepare ? await definition.prepare(params, { compile }) : params) as never;
  const loaded: OracleNode = {
    node,
    definition,
    policy: policySchema.parse(node.policy ?? {}),
    state: undefined,
    items: [],
    gathered: [],
    gathers: definition.kind !== 'map' && definition.kind !== 'relay',
    left: [],
    right: [],
    isSpent: false,
    seen: new Set(),
    failed: [],
  };
  if (node.type === 'flow.delay' || definition.kind === 'relay') loaded.handler = (payload) => payload;
  else if (definition.kind === 'map') loaded.handler = await definition.create(prepared);
  if (definition.kind === 'join') loaded.keyHandlers = await definition.create(prepared);
  if (definition.kind === 'fold') {
    loaded.folder = await definition.create(prepared);
    loaded.state = loaded.folder.initial();
  }
  return loaded;
}

/** Every pair looked at, one after the other; each row with what it comes from, first what it is told to come from. */
export function joined<Value extends Keyed>({
  definition,
  node,
  left,
  right,
}: Pick<OracleNode, 'definition' | 'node'> & { left: Value[]; right: Value[] }): {
  row: object;
  from: Value[];
}[] {
  if (definition.kind !== 'join') return [];
  const keeps = definition.keeps(definition.params.parse(node.params ?? {}));
  const matches = (l: Keyed, r: Keyed) =>
    l.key !== null && l.key !== undefined && canonicalKey(l.key) === canonicalKey(r.key);
  const rows: { row: object; from: Value[] }[] = [];
  for (const l of left) {
    const partners = right.filter((r) => matches(l, r));
    const key = l.key ?? null;
    for (const r of partners) rows.push({ row: { key, left: l.payload, right: r.payload }, from: [l, r] });
    if (partners.length === 0 && keeps.left)
      rows.push({ row: { key, left: l.payload, right: null }, from: [l] });
  }
  for (const r of keeps.right ? right : []) {
    if (!left.some((l) => matches(l, r)))
      rows.push({ row: { key: r.key ?? null, left: null, right: r.payload }, from: [r] });
  }
  return rows;
}

/** Whether `from` leads to `to`, and `to` does not lead back. */
function isUpstream(graph: Graph, from: string, to: string): boolean {
  return from !== to && reaches(graph, from, to) && !reaches(graph, to, from);
}

/** Whether a path of edges leads from one node to another. */
export function reaches(graph: Graph, from: string, to: string): boolean {
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
