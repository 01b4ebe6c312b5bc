/**
 * Carries out batches for the engine: picks the pool a node's policy asks for, or runs the batch right here for nodes
 * that only wait for `ctx`.
 */
import type { Clock } from '../engine/clock.ts';
import type { Batch, BatchOutcome, Executor, ExecutorRun, PreparedNode } from '../engine/executor.ts';
import type { Pack } from '../engine/values/packed.ts';
import { HandloomError, NotFoundError } from '../errors.ts';
import { BatchFrame } from './batch-frame.ts';
import { ContextBroker, type RequestRecord, type World } from './context-broker.ts';
import { failWhole, type LoadedProgram, loadProgram, runBatch } from './node-runner.ts';
import { PartCollector } from './part-collector.ts';
import { type Program, programOf } from './program.ts';
import { type Spawn, warmedWorkers } from './worker-handle.ts';
import { type PoolStats, WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';

export interface PoolExecutorOptions {
  /** Processor cores to use. */
  cores: number;
  clock: Clock;
  /** Makes the workers of the shared pool. */
  thread: Spawn;
  /** Makes the workers of nodes with mode `process`. */
  process: Spawn;
  world: World;
  /** Hears how far a task is, 0 to 1. */
  onProgress?: (batch: Batch, index: number, fraction: number) => void;
  /** Hears of every request to the outside. */
  onRequest?: (record: RequestRecord) => void;
}

interface OpenNode {
  node: PreparedNode;
  program: Program;
  /** Of nodes that run here. */
  loaded?: Promise<LoadedProgram>;
  /** Of nodes with workers of their own. */
  pool?: WorkerPool;
}

interface InlineFlight {
  frame: BatchFrame;
  cancel(): void;
}

/** Most workers of the shared pool, whatever a policy asks for. */
const sharedLimit = 64;

export class PoolExecutor implements Executor {
  readonly parallelism: number;
  readonly #options: PoolExecutorOptions;
  readonly #broker: ContextBroker;
  readonly #shared: WorkerPool;
  readonly #async: WorkerPool;
  readonly #runs = new Map<string, Map<string, OpenNode>>();
  readonly #inline = new Map<Batch, InlineFlight>();
  #batches = 0;

  constructor(options: PoolExecutorOptions) {
    this.#options = options;
    this.parallelism = Math.max(1, options.cores);
    this.#broker = new ContextBroker(options.world, options.onRequest);
    this.#shared = this.#pool('thread', options.thread, this.parallelism, 'two');
    // One event loop for all tasks that wait rather than compute.
    this.#async = this.#pool('async', options.thread, 1, 'sideBySide');
  }

  /** Whether workers of mode `process` can be ended by their tasks without harm to this process. */
  get #hasProcesses(): boolean {
    return this.#options.process !== this.#options.thread;
  }

  get stats(): PoolStats {
    const pools = [this.#shared, this.#async, ...this.#ownPools()];
    const sum = { alive: 0, busy: 0 };
    for (const { stats } of pools) {
      sum.alive += stats.alive;
      sum.busy += stats.busy;
    }
    return sum;
  }

  /** Starts workers of the shared pool, so that the first run need not wait for them. */
  warm(): void {
    this.#shared.warm(Math.min(this.parallelism, warmedWorkers));
  }

  open(run: ExecutorRun): void {
    this.#broker.open(run.id, run.settings);
    const nodes = run.nodes.map((node): [string, OpenNode] => [
      node.id,
      { node, program: programOf(run.id, node) },
    ]);
    this.#runs.set(run.id, new Map(nodes));
    this.#fitShared();
  }

  async execute(given: Batch, pack?: Pack): Promise<BatchOutcome> {
    // Every run numbers its batches from 1, but a worker may have those of several runs at once.
    const batch = { ...given, id: ++this.#batches };
    if (given.chain) batch.chain = given.chain.map((link) => ({ ...link, id: ++this.#batches }));
    const nodes = this.#runs.get(batch.run);
    const open = nodes?.get(batch.node);
    if (!open) return { kind: 'done', result: failWhole(batch, new NotFoundError('node', batch.node)) };
    const { node, program } = open;
    if (node.definition.place === 'host') return this.#runHere(open, batch, pack);
    const { mode, workers } = node.policy;
    if (mode === 'process' || (batch.apart && this.#hasProcesses)) {
      // What its results go on to is sent out by itself.
      delete batch.chain;
      const most = workers ?? this.parallelism;
      // In mode `async` that is how many tasks wait side by side, no number of processes.
      const limit = mode === 'process' ? most : Math.min(most, this.parallelism);
      open.pool ??= this.#pool('process', this.#options.process, limit);
      return open.pool.submit(program, batch, pack);
    }
    if (mode === 'async' && !batch.apart) return this.#async.submit(program, batch, pack);
    const chain = batch.chain?.flatMap((link) => nodes?.get(link.node)?.program ?? []);
    return this.#shared.submit(program, batch, pack, chain);
  }

  cancel(runId: string): void {
    this.#broker.cancel(runId);
    for (const [batch, flight] of this.#inline) if (batch.run === runId) flight.cancel();
    for (const pool of [this.#shared, this.#async, ...this.#ownPools(runId)]) pool.cancel(runId);
  }

  close(runId: string): void {
    this.cancel(runId);
    for (const pool of this.#ownPools(runId)) pool.close();
    this.#shared.forget(runId);
    this.#async.forget(runId);
    this.#broker.close(runId);
    this.#runs.delete(runId);
    this.#fitShared();
  }

  /** Resolves when no worker has anything to do. */
  async drain(): Promise<void> {
    await Promise.all([this.#shared, this.#async, ...this.#ownPools()].map((pool) => pool.drain()));
  }

  /** Ends every worker of every run. */
  shutdown(): void {
    for (const run of [...this.#runs.keys()]) this.close(run);
    this.#shared.close();
    this.#async.close();
  }

  async #runHere(open: OpenNode, batch: Batch, pack?: Pack): Promise<BatchOutcome> {
    const { program, node } = open;
    const { onProgress } = this.#options;
    const parts = pack && new PartCollector(batch.tasks.length, pack);
    const frame = new BatchFrame(batch, program.timeoutMs, {
      access: () => this.#broker.access(batch.run, batch.node),
      ...(onProgress && { progressed: (index, fraction) => onProgress(batch, index, fraction) }),
      ...(parts && { part: (index, port, values) => parts.take(index, port, values) }),
    });
    open.loaded ??= loadProgram(program, node.definition);
    const cancelled = new Promise<BatchOutcome>((resolve) => {
      const cancel = () => {
        frame.abort(new HandloomError('cancelled', 'The run was cancelled.'));
        resolve({ kind: 'cancelled' });
      };
      this.#inline.set(batch, { frame, cancel });
    });
    const done = open.loaded
      .then((loaded) => runBatch(loaded, frame))
      .catch((error: unknown) => failWhole(batch, error))
      .then((result) => parts?.end(result) ?? result)
      .then((result): BatchOutcome => ({ kind: 'done', result: { ...result, worker: 'host' } }));
    try {
      return await Promise.race([cancelled, done]);
    } finally {
      this.#inline.delete(batch);
    }
  }

  #pool(kind: string, spawn: Spawn, limit: number, intake: WorkerPoolOptions['intake'] = 'one'): WorkerPool {
    const { clock, onProgress } = this.#options;
    const broker = this.#broker;
    return new WorkerPool({
      kind,
      spawn,
      limit,
      intake,
      broker,
      clock,
      ...(onProgress && { onProgress }),
    });
  }

  *#ownPools(runId?: string): Generator<WorkerPool> {
    for (const [id, nodes] of this.#runs) {
      if (runId !== undefined && id !== runId) continue;
      for (const { pool } of nodes.values()) if (pool) yield pool;
    }
  }

  /** As many shared workers as there are cores, or as an open run asks for. */
  #fitShared(): void {
    let most = this.parallelism;
    for (const nodes of this.#runs.values()) {
      for (const { node } of nodes.values()) {
        const { mode, workers = 0 } = node.policy;
        if (mode === 'thread' && node.definition.place === 'worker') most = Math.max(most, workers);
      }
    }
    this.#shared.setLimit(Math.max(this.parallelism, Math.min(most, sharedLimit)));
  }
}
