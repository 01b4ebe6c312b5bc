/** The scheduler's states of runs: of those that begin, and of those that their journals tell of. */
import type { Graph } from '../../schema/graph.ts';
import type { RunRecord, RunStore } from '../../store/store.ts';
import type { Executor, PreparedNode } from '../executor.ts';
import { planGraph } from '../graph/plan.ts';
import { chunkAt } from '../journal/chunk-reader.ts';
import { refuseNewer } from '../journal/journal-versions.ts';
import { SpillReader } from '../journal/spill-reader.ts';
import { readAgain } from '../journal/store-patience.ts';
import { createState } from '../scheduler/initial-state.ts';
import { Replay } from '../scheduler/replay.ts';
import type { SchedulerState } from '../scheduler/scheduler-state.ts';
import { storedRecord } from './stored-run.ts';

export interface RunStatesOptions {
  runs: RunStore;
  executor: Pick<Executor, 'parallelism'>;
  /** Uniform in [0, 1). @default Math.random */
  random?: () => number;
  /** Bytes that the waiting payloads of a run may take in memory. */
  queueMemory?: number;
}

/** How far a run has come. */
export interface RunState {
  state: SchedulerState;
  /** Knows where in the journal the payloads are that the state leaves there. */
  spill: SpillReader;
}

export class RunStates {
  readonly #options: RunStatesOptions;

  constructor(options: RunStatesOptions) {
    this.#options = options;
  }

  /** Before anything has happened. */
  fresh(run: Omit<RunRecord, 'document'>, graph: Graph, nodes: PreparedNode[]): RunState {
    const { runs, executor, random = Math.random, queueMemory } = this.#options;
    const state = createState(planGraph(graph, nodes), {
      run: run.id,
      parallelism: executor.parallelism,
      keepOpen: run.keepOpen ?? false,
      isFed: run.rerunOf !== undefined,
      random,
      ...(queueMemory !== undefined && { queueMemory }),
    });
    return { state, spill: new SpillReader(runs, run.id) };
  }

  /** Where the run's journal leaves it. @throws StoreError `chunk_damaged`, `journal_newer` */
  async replayed(record: RunRecord, graph: Graph, nodes: PreparedNode[]): Promise<RunState> {
    const { runs } = this.#options;
    const { state, spill } = this.fresh(record, graph, nodes);
    const replay = new Replay(state);
    for (const summary of await runs.summaries(record.id)) {
      refuseNewer(record.id, summary.version);
      const read = () => chunkAt(runs, record.id, summary.first);
      replay.take((await readAgain(read)).entries);
      spill.committed(summary);
    }
    replay.finish();
    return { state, spill };
  }

  /** As {@link replayed}, for a run that is under way, which does not hold its inputs: its graph is read again. */
  async rebuilt(run: string, nodes: PreparedNode[]): Promise<SchedulerState> {
    const record = await storedRecord(this.#options.runs, run);
    return (await this.replayed(record, record.document, nodes)).state;
  }
}
