/**
 * What a whole journal must agree with: every result it tells of is what the node's own handler gives, travelled every
 * edge it should, once, and nothing else did.
 */

import { attemptEnd, type JournalEntry } from '../../src/engine/journal/journal.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import type { WireError } from '../../src/errors.ts';
import type { NodeContext } from '../../src/nodes/define-node.ts';
import type { Graph } from '../../src/schema/graph.ts';
import {
  emissionsOf,
  joined,
  type Keyed,
  loadNode,
  type OracleNode,
  publicError,
  stepFold,
} from '../engine/oracle.ts';
import type { Fate } from './fate.ts';
import type { GraphFacts } from './graph-facts.ts';
import { simulationRegistry } from './node-types.ts';
import { type ModelTask, must, type RunModel, same } from './run-model.ts';
import { outputOf } from './unfolded.ts';

/** Codes of errors of tasks that were not run. */
const hasNotRun = new Set(['host_died', 'queue_timeout']);

/** Results by the task, or the flush, they came from: what travelled where. */
type Travels = Map<number, string[]>;

export async function audit(
  graph: Graph,
  facts: GraphFacts,
  fate: Fate,
  model: RunModel,
  entries: readonly JournalEntry[],
): Promise<void> {
  const auditor = new Auditor(facts, fate, model);
  for (const node of graph.nodes) auditor.nodes.set(node.id, await loadNode(node, simulationRegistry));
  for (const entry of entries) auditor.take(entry);
  auditor.compare();
}

class Auditor {
  readonly nodes = new Map<string, OracleNode>();
  readonly #expected: Travels = new Map();
  readonly #found: Travels = new Map();
  readonly #gathered = new Map<string, ModelTask[]>();
  readonly #keyed = new Map<string, { left: Keyed[]; right: Keyed[] }>();
  /** Nodes whose last state is not in the journal. */
  readonly #unstated = new Set<string>();
  readonly #parents = new Map<number, number>();
  readonly #facts: GraphFacts;
  readonly #fate: Fate;
  readonly #model: RunModel;

  constructor(facts: GraphFacts, fate: Fate, model: RunModel) {
    this.#facts = facts;
    this.#fate = fate;
    this.#model = model;
  }

  take(entry: JournalEntry): void {
    if (entry.kind === 'deliver') {
      entry.payloads.forEach((payload, i) => {
        const parent = entry.parents?.[i];
        this.#parents.set(entry.first + i, parent ?? 0);
        if (parent !== undefined) add(this.#found, parent, wayOf(entry.edge, entry.node), payload);
      });
    } else if (entry.kind === 'output') {
      entry.values.forEach((value, i) => {
        add(this.#found, entry.parents[i] as number, `output of ${entry.node}`, value);
      });
    } else if (entry.kind === 'attempt') {
      let errors = 0;
      entry.tasks.forEach((task, i) => {
        const end = entry.ends?.[i] ?? attemptEnd.succeeded;
        const error = end === attemptEnd.succeeded ? undefined : entry.errors[errors++];
        this.#attempt(this.#model.task(task), entry.attempts?.[i] ?? 1, end, error);
      });
    } else if (entry.kind === 'state') {
      // Of a chunk's states only the last one is kept. The first value a fold without an initial state gets is its
      // state, and may be undefined.
      const node = this.#node(entry.node);
      if (entry.value === undefined && node.state !== undefined) this.#unstated.add(entry.node);
      else this.#unstated.delete(entry.node);
      must(
        entry.value === undefined || same(node.state, entry.value),
        () => `${entry.node} holds ${canonicalKey(entry.value)}, not ${canonicalKey(node.state)}`,
      );
    } else if (entry.kind === 'flush') {
      this.#flush(entry.node, entry.seq);
    }
  }

  /** What travelled is what should have. */
  compare(): void {
    must(this.#unstated.size === 0, () => `the journal lacks the state of ${[...this.#unstated].join()}`);
    for (const [origin, expected] of this.#expected) {
      const found = this.#found.get(origin) ?? [];
      must(
        expected.sort().join('\n') === found.sort().join('\n'),
        () => `from ${origin} came\n  ${found.join('\n  ')}\ninstead of\n  ${expected.join('\n  ')}`,
      );
    }
    for (const origin of this.#found.keys())
      must(this.#expected.has(origin), () => `${origin} gave a result and has none`);
  }

  #attempt(task: ModelTask, attempt: number, end: number, error: WireError | undefined): void {
    const node = this.#node(task.node);
    const ctx = { attempt } as NodeContext;
    if (error && hasNotRun.has(error.code ?? '')) {
      if (end === attemptEnd.failed) this.#expectError(task, error);
      return;
    }
    let thrown = this.#fate(task.node, task.payload, attempt);
    try {
      if (thrown) {
        // Its worker did not get as far as giving anything.
      } else if (node.definition.kind === 'collect') {
        this.#gathered.set(task.node, [...(this.#gathered.get(task.node) ?? []), task]);
      } else if (node.keyHandlers) {
        const side = task.port === 'right' ? 'right' : 'left';
        const key = node.keyHandlers[side](structuredClone(task.payload), ctx);
        this.#sidesOf(task.node)[side].push({ key, payload: task.payload, number: task.number });
      } else if (node.folder) {
        node.state = stepFold(node.folder, node.state, task.payload, ctx);
      } else {
        const given = emissionsOf(node.handler?.(structuredClone(task.payload), ctx));
        for (const { port, value } of given) this.#expect(task.node, port, value, task.number);
      }
    } catch (caught) {
      thrown = caught as WireError;
    }
    must(
      thrown?.name === error?.name && thrown?.message === error?.message,
      () =>
        `task ${task.number}, attempt ${attempt}: ${thrown?.message ?? 'no error'}, recorded as ${error?.message ?? 'none'}`,
    );
    if (error && end === attemptEnd.failed) this.#expectError(task, error);
  }

  #expectError({ node, payload, number }: ModelTask, error: WireError): void {
    this.#expect(node, 'error', { payload, error: publicError(error) }, number);
  }

  #flush(id: string, seq: number): void {
    const node = this.#node(id);
    if (node.keyHandlers) {
      const rows = joined({ ...node, ...this.#sidesOf(id) });
      for (const { row, from } of rows) this.#expect(id, 'out', row, from[0]?.number ?? 0);
      this.#keyed.delete(id);
      return;
    }
    if (node.folder) {
      if (node.state !== undefined) this.#expect(id, 'out', node.state, -seq);
      return;
    }
    const gathered = this.#gathered.get(id) ?? [];
    this.#gathered.delete(id);
    const lines = gathered.map((task) => ({ task, line: this.#lineOf(task.number) }));
    const inOrder = lines.sort((a, b) => compareLines(a.line, b.line)).map(({ task }) => task.payload);
    this.#expect(id, 'out', inOrder, -seq);
  }

  #lineOf(task: number): number[] {
    const line: number[] = [];
    for (let at = task; at > 0; at = this.#parents.get(at) ?? 0) line.unshift(at);
    return line;
  }

  #expect(id: string, port: string, value: unknown, origin: number): void {
    const facts = this.#facts.get(id);
    for (const { index, target } of facts?.edges.get(port) ?? [])
      add(this.#expected, origin, wayOf(index, target), value);
    if (facts?.isEnd && port !== 'error') add(this.#expected, origin, `output of ${outputOf(id)}`, value);
  }

  #sidesOf(id: string): { left: Keyed[]; right: Keyed[] } {
    let sides = this.#keyed.get(id);
    if (!sides) this.#keyed.set(id, (sides = { left: [], right: [] }));
    return sides;
  }

  #node(id: string): OracleNode {
    return this.nodes.get(id) as OracleNode;
  }
}

const wayOf = (edge: number | undefined, target: string): string => `edge ${edge} to ${target}`;

function add(travels: Travels, origin: number, way: string, value: unknown): void {
  const text = `${way}: ${canonicalKey(value)}`;
  const known = travels.get(origin);
  if (known) known.push(text);
  else travels.set(origin, [text]);
}

function compareLines(a: number[], b: number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}
