/** The runs that live in an engine, from when they come to life until they have ended or are let go of. */
import type { Graph } from '../../schema/graph.ts';
import type { RunSummary } from '../../schema/run.ts';
import type { Clock } from '../clock.ts';
import type { Executor, PreparedNode } from '../executor.ts';
import type { JournalSink } from '../journal/journal-writer.ts';
import type { step } from '../scheduler/scheduler.ts';
import type { KeptValues } from '../values/kept-values.ts';
import { LiveRun } from './run.ts';
import type { RunState, RunStates } from './run-states.ts';

export interface LiveRunsOptions {
  executor: Executor;
  journal: JournalSink;
  /** What is kept of a run is opened by who brings it to life, and closed here. */
  values: Pick<KeptValues, 'close'>;
  states: RunStates;
  clock: Clock;
  /** Gives a new id on each call. */
  newId: () => string;
  step?: typeof step | undefined;
  onBegun: (run: string, graph: Graph) => void;
  /** Not called for runs that have been let go of. */
  onEnded: (run: RunSummary) => void;
}

interface Beginning extends RunState {
  summary: RunSummary;
  graph: Graph;
  nodes: PreparedNode[];
}

export class LiveRuns {
  readonly #options: LiveRunsOptions;
  readonly #runs = new Map<string, LiveRun>();

  constructor(options: LiveRunsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#runs.size;
  }

  has(id: string): boolean {
    return this.#runs.has(id);
  }

  get(id: string): LiveRun | undefined {
    return this.#runs.get(id);
  }

  all(): LiveRun[] {
    return [...this.#runs.values()];
  }

  /** One that still takes events. Ask and send at once: after an `await` it may have ended. */
  goingOn(id: string): LiveRun | undefined {
    const run = this.#runs.get(id);
    return run?.isEnding ? undefined : run;
  }

  /** Brings a run to life, which does nothing before it is sent its first event. */
  begin({ summary, state, spill, nodes, graph }: Beginning): LiveRun {
    const { executor, journal, states, clock, newId, step, onBegun } = this.#options;
    const run = new LiveRun({
      summary,
      state,
      executor,
      life: newId(),
      journal,
      spill,
      clock,
      rebuild: () => states.rebuilt(summary.id, nodes),
      ...(step && { step }),
    });
    this.#runs.set(run.id, run);
    onBegun(run.id, graph);
    executor.open({ id: run.id, nodes, settings: graph.settings ?? {} });
    void run.ended.then(() => this.#end(run, summary));
    return run;
  }

  /** Forgets a run that was brought to life for nothing. */
  letGo(run: LiveRun): void {
    const { executor, values } = this.#options;
    this.#runs.delete(run.id);
    run.abandon();
    executor.close(run.id);
    values.close(run.id);
  }

  /** Brings into the store all that has happened, and marks it as in order. */
  async prepareToLeave(): Promise<void> {
    await Promise.all(this.all().map((run) => run.prepareToLeave()));
  }

  /** Lets go of all: what has happened is brought into the store, and what their tasks still give counts no more. */
  async leave(): Promise<void> {
    const runs = this.all();
    this.#runs.clear();
    await Promise.all(runs.map((run) => run.leave()));
  }

  #end(run: LiveRun, summary: RunSummary): void {
    if (this.#runs.get(run.id) !== run) return;
    this.#runs.delete(run.id);
    this.#options.values.close(run.id);
    this.#options.onEnded(summary);
  }
}
