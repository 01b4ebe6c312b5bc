/**
 * A run as the page shows it. Progress arrives up to twenty times a second; each node and each thread has a small
 * state of its own, so that an event touches what has changed and nothing else is drawn again.
 */
import type { RunProgress } from '../../api/services.ts';
import type { Graph, GraphEdge } from '../../schema/graph.ts';
import { defaultInput, defaultOutput, emptyCounters, hasEnded, subgraphType } from '../../schema/names.ts';
import type { Counters, ErrorRecord, ReadProblem, Remaining, RunSummary } from '../../schema/run.ts';
import { nodesWithin } from '../../schema/subgraph.ts';

/** Least milliseconds between two updates of the page, and of those for each node: many take longer to draw. */
const frame = 80;
const framePerNode = 0.8;
/** Milliseconds without progress after which a live run is shown as waiting. */
const calm = 1200;
/** Newest errors and log lines kept for the panel; older ones are in the run's record. */
const kept = 500;
const mostPoints = 240;

export class NodeRun {
  counters = $state.raw<Counters>(emptyCounters());
  /** Tasks ended per second. */
  rate = $state(0);
  /** What the running tasks report, 0 to 1. */
  fraction = $state<number | undefined>();
  /** When it is expected to have ended, in milliseconds since 1970. */
  endsAt = $state<number | undefined>();
  readonly ended = $derived(
    this.counters.succeeded + this.counters.failed + this.counters.duplicate + this.counters.cancelled,
  );
  readonly state = $derived.by((): NodeState => {
    const { input, running, failed, pending } = this.counters;
    if (running > 0) return 'running';
    if (pending > 0) return 'waiting';
    if (failed > 0) return 'failed';
    return input > 0 ? 'done' : 'idle';
  });
  /** How much of what has arrived is done, 0 to 1. */
  readonly progress = $derived(
    this.counters.input === 0 ? 0 : Math.min(1, (this.ended + (this.fraction ?? 0)) / this.counters.input),
  );
}
export type NodeState = 'idle' | 'waiting' | 'running' | 'done' | 'failed';

export class ThreadRun {
  /** Results that have travelled it. */
  count = $state(0);
  /** Whether any did since the update before. */
  moving = $state(false);
}

export interface RatePoint {
  /** Milliseconds since 1970. */
  at: number;
  rate: number;
}

export type LogLine = RunProgress['logs'][number];

export class RunView {
  readonly id: string;
  /** The graph as it was when the run began. */
  readonly graph: Graph;
  summary = $state.raw<RunSummary>(undefined as never);
  errors = $state.raw<ErrorRecord[]>([]);
  logs = $state.raw<LogLine[]>([]);
  /** What of its record cannot be read, where that has been noticed. */
  problem = $state.raw<ReadProblem | undefined>();
  /** Whether the connection to the engine is lost for the moment. */
  stale = $state(false);
  readonly live = $derived(!hasEnded(this.summary.status));
  readonly totals = $derived(total(Object.values(this.summary.nodes)));
  rate = $state(0);
  /** When it is expected to end, in milliseconds since 1970; it may be later where work cannot be told yet. */
  ends = $state.raw<{ at: number; atLeast: boolean } | undefined>();
  /** Tasks ended per second while the run was watched, oldest first; thinned out as they become many. */
  history = $state.raw<RatePoint[]>([]);

  readonly #nodes = new Map<string, NodeRun>();
  readonly #threads = new Map<string, ThreadRun>();
  readonly #keys: string[];
  /** Nodes within each subgraph, which it is shown as. */
  readonly #within: Map<string, string[]>;
  readonly #frame: number;
  #next: RunProgress | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #shownAt = 0;
  /** Least milliseconds between two points of the history. */
  #step = 250;

  constructor(summary: RunSummary, graph: Graph) {
    this.id = summary.id;
    this.graph = graph;
    this.#keys = threadKeys(graph.edges);
    this.#within = new Map(
      graph.nodes
        .filter(({ type }) => type === subgraphType)
        .map((node) => [node.id, nodesWithin(node).map(({ id }) => id)]),
    );
    this.#frame = Math.max(frame, graph.nodes.length * framePerNode);
    this.summary = summary;
    this.#showNodes(summary, {}, {});
  }

  /** The state of one node; the same object for as long as the run is shown. */
  node(id: string): NodeRun {
    return lookUp(this.#nodes, id, () => new NodeRun());
  }

  thread(key: string): ThreadRun {
    return lookUp(this.#threads, key, () => new ThreadRun());
  }

  /** Takes one progress in; the page shows the newest at its own pace. */
  take(progress: RunProgress): void {
    if (progress.errors.length) this.errors = newest(this.errors, progress.errors);
    if (progress.logs.length) this.logs = [...this.logs, ...progress.logs].slice(-kept);
    this.#next = progress;
    if (hasEnded(progress.run.status)) this.#show();
    else
      this.#timer ??= setTimeout(
        () => this.#show(),
        Math.max(0, this.#shownAt + this.#frame - performance.now()),
      );
  }

  /** Takes in what an answer has said about the run, before the next progress comes. */
  know(summary: RunSummary): void {
    if (this.live) this.summary = { ...this.summary, status: summary.status };
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#rest);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const progress = this.#next;
    if (!progress) return;
    this.#next = undefined;
    this.#shownAt = performance.now();
    this.summary = progress.run;
    this.#showNodes(progress.run, progress.rates, progress.fractions ?? {});
    this.#showEnds(this.live && progress.run.status === 'running' ? progress.remaining : undefined);
    this.rate = Object.values(progress.rates).reduce((sum, rate) => sum + rate, 0);
    clearTimeout(this.#rest);
    if (this.live) this.#rest = setTimeout(() => this.#calmDown(), calm);
    this.#remember(Date.parse(progress.run.finishedAt ?? '') || Date.now());
    progress.edges.forEach((count, index) => {
      const key = this.#keys[index];
      if (key === undefined) return;
      const thread = this.thread(key);
      thread.moving = this.live && count > thread.count;
      thread.count = count;
    });
  }

  /** Nothing has happened for a while, as in a run that waits for further tasks: nothing moves. */
  #calmDown(): void {
    this.rate = 0;
    for (const node of this.#nodes.values()) node.rate = 0;
    for (const thread of this.#threads.values()) thread.moving = false;
    this.#remember(Date.now());
  }

  #remember(at: number): void {
    const last = this.history.at(-1);
    if (last && at - last.at < this.#step) return;
    const history = [...this.history, { at, rate: this.live ? this.rate : 0 }];
    if (history.length < mostPoints) this.history = history;
    else {
      this.history = history.filter((_, index) => index % 2 === 0);
      this.#step *= 2;
    }
  }

  #showEnds(remaining: Remaining | undefined): void {
    const now = Date.now();
    this.ends = remaining && { at: now + remaining.runMs, atLeast: remaining.atLeast ?? false };
    for (const [id, node] of this.#nodes) {
      const left = remaining?.nodes[id];
      node.endsAt = left === undefined ? undefined : now + left;
    }
  }

  #showNodes(run: RunSummary, rates: Record<string, number>, fractions: Record<string, number>): void {
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    for (const [id, own] of Object.entries(run.nodes)) {
      const node = this.node(id);
      const within = this.#within.get(id);
      const counters = within ? total(within.map((inner) => run.nodes[inner])) : own;
      if (!equal(node.counters, counters)) node.counters = counters;
      node.rate = sum((within ?? [id]).map((one) => rates[one] ?? 0));
      node.fraction = fractions[id];
    }
  }
}

/** A name for each edge that stays the same while others come and go; equal edges are told apart by a number. */
export function threadKeys(edges: readonly GraphEdge[]): string[] {
  const seen = new Map<string, number>();
  return edges.map((edge) => {
    const ends = [
      edge.source,
      edge.sourcePort ?? defaultOutput,
      edge.target,
      edge.targetPort ?? defaultInput,
    ];
    const key = ends.map(encodeURIComponent).join('|');
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return count ? `${key}|${count}` : key;
  });
}

function total(nodes: (Counters | undefined)[]): Counters {
  const totals = emptyCounters();
  for (const counters of nodes) {
    for (const key of Object.keys(totals) as (keyof Counters)[]) totals[key] += counters?.[key] ?? 0;
  }
  return totals;
}

function equal(a: Counters, b: Counters): boolean {
  return (Object.keys(a) as (keyof Counters)[]).every((key) => a[key] === b[key]);
}

function lookUp<T>(map: Map<string, T>, key: string, create: () => T): T {
  let value = map.get(key);
  if (!value) map.set(key, (value = create()));
  return value;
}

/** A task is told once, as it failed last: what the report said and what the stream says may overlap. */
function newest(before: ErrorRecord[], after: ErrorRecord[]): ErrorRecord[] {
  const byTask = new Map(before.map((error) => [error.task, error]));
  for (const error of after) {
    byTask.delete(error.task);
    byTask.set(error.task, error);
  }
  return [...byTask.values()].slice(-kept);
}
