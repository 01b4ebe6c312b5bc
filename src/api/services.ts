/** What the API needs of the host it runs on. Each host's composition root builds these and calls `createApp`. */
import type { Retention, RetentionReport } from '../engine/retention/retention.ts';
import type { StartOptions } from '../engine/runs/run-starter.ts';
import type { Issue } from '../errors.ts';
import type { Files, NodeRegistry, Tables } from '../nodes/define-node.ts';
import type { Graph } from '../schema/graph.ts';
import type {
  ErrorRecord,
  Remaining,
  RunReport,
  RunStatus,
  RunSummary,
  Task,
  TaskStatus,
} from '../schema/run.ts';
import type { GraphRecord, Page, PageQuery, RunQuery } from '../store/store.ts';

/** A graph as the API gives it: the document itself, with the fields its keeper adds. */
export type StoredGraph = Graph & Pick<GraphRecord, 'id' | 'createdAt' | 'updatedAt'>;

export interface GraphLibrary {
  list(query: PageQuery): Promise<Page<GraphRecord>>;
  /** @throws NotFoundError `graph_not_found` */
  get(id: string): Promise<StoredGraph>;
  /** Stores a graph whose shape has been checked. */
  create(graph: Graph): Promise<StoredGraph>;
  /** Changes the document into this graph, keeping what is equal, so that open editors merge it in. */
  replace(id: string, graph: Graph): Promise<StoredGraph>;
  remove(id: string): Promise<void>;
  /**
   * One exchange with an editor: takes the editor's Yjs update (may be empty), gives what the editor, whose state
   * is `vector`, does not have yet.
   */
  sync(id: string, update: Uint8Array, vector: Uint8Array): Promise<Uint8Array>;
  /** Calls back with each change to the document made by anybody else than `origin`. */
  subscribe(id: string, onUpdate: (update: Uint8Array) => void): () => void;
}

/** What a page needs to show a run as it goes; at most one every 50 ms per subscriber. */
export interface RunProgress {
  /** Sequence number of the newest journal entry this speaks of. */
  seq: number;
  run: RunSummary;
  /** Results that have travelled each edge, by position in the document's `edges`. */
  edges: number[];
  /** Tasks ended per second, by node, over about the last second. */
  rates: Record<string, number>;
  /** Progress from 0 to 1 that running tasks reported, by node, where one did. */
  fractions?: Record<string, number>;
  /** How much longer it will take; absent while that cannot be told. */
  remaining?: Remaining;
  /** Errors and logs since the progress before, at most 20 of each. */
  errors: ErrorRecord[];
  logs: { node: string; task: string; at: string; message: string; data?: unknown }[];
}

export interface Statistics {
  runs: Record<RunStatus, number>;
  live: { runs: number; tasksRunning: number; tasksPending: number };
  workers: { parallelism: number; busy: number; alive: number };
}

/** The engine of this host, as the API uses it. Unknown runs reject with NotFoundError `run_not_found`. */
export interface RunService {
  /** @throws ValidationError when the graph cannot run; its issues name the places. */
  start(graph: Graph, options?: StartOptions): Promise<{ id: string }>;
  /** Everything that keeps this graph from running; empty when nothing does. */
  validate(graph: unknown): Promise<Issue[]>;
  cancel(id: string): Promise<void>;
  /** Sends out nothing more; what is under way comes to its end. */
  pause(id: string): Promise<void>;
  /** Goes on with a run that was paused, or whose host died. */
  unpause(id: string): Promise<void>;
  /** Ends the wait for tasks from outside. */
  close(id: string): Promise<void>;
  /** Adds tasks to a live run. @throws ValidationError `unknown_node` */
  inject(id: string, inputs: Record<string, unknown[]>): Promise<void>;
  /** Tries failed tasks again, in a run that lives or has ended. @returns how many */
  retry(id: string, which: { node?: string; error?: string; tasks?: string[] }): Promise<number>;
  /**
   * Starts a run of the same document in which a node gets again what was delivered to it, and nothing upstream is
   * run; with `only`, nothing downstream either.
   * @throws ValidationError `unknown_node`, ConflictError `nothing_delivered`
   */
  rerun(id: string, from: { node: string; only?: boolean }): Promise<{ id: string }>;
  /** @throws ConflictError `run_live` while it has not ended. */
  remove(id: string): Promise<void>;
  list(query: RunQuery): Promise<Page<RunSummary>>;
  summary(id: string): Promise<RunSummary>;
  /** The graph the run was started with. */
  document(id: string): Promise<Graph>;
  /** Outputs and errors capped at `cap` (100) per node and in all, with cursors to go on from. */
  report(id: string, cap?: number): Promise<RunReport>;
  tasks(id: string, query: PageQuery & { node?: string; status?: TaskStatus }): Promise<Page<Task>>;
  /** @throws NotFoundError `task_not_found` */
  task(id: string, task: string): Promise<Task>;
  /** Tasks that one came from, or that came from it, with every attempt. @throws NotFoundError `task_not_found` */
  lineage(
    id: string,
    task: string,
    query: PageQuery & { direction: 'ancestors' | 'descendants' },
  ): Promise<Page<Task>>;
  /** Outputs in the order they came; of one node, or of all. */
  outputs(id: string, query: PageQuery & { node?: string }): Promise<Page<unknown>>;
  errors(id: string, query: PageQuery & { node?: string; q?: string }): Promise<Page<ErrorRecord>>;
  /**
   * Calls back with progress after `afterSeq`, at once with where the run stands, until it has ended (the last
   * call shows its end) or the returned function is called.
   */
  subscribe(id: string, onProgress: (progress: RunProgress) => void, afterSeq?: number): Promise<() => void>;
  statistics(): Promise<Statistics>;
  /** Forgets the results kept for later runs. @returns how many there were */
  emptyCache(): Promise<number>;
  /** What is kept, by which limits, and what went by them. */
  retention(): Promise<RetentionReport>;
  /** Sets the limits, and removes at once what is beyond them. @throws ConflictError `retention_fixed` */
  setRetention(limits: Retention): Promise<RetentionReport>;
}

export interface Services {
  host: 'browser' | 'node';
  version: string;
  registry: NodeRegistry;
  graphs: GraphLibrary;
  runs: RunService;
  files: Files;
  tables: Tables;
  /** How tasks are kept apart: `sandbox` (opaque origin), `worker` (same origin, the fall-back), `threads`. */
  isolation(): 'sandbox' | 'worker' | 'threads';
}
