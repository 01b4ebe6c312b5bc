/** Starts runs: what of a document is to run, with which inputs, and how the run stands in the store. */
import type { Graph } from '../../schema/graph.ts';
import { emptyCounters, type RunSummary } from '../../schema/run.ts';
import type { RunStore } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import type { PreparedNode } from '../executor.ts';
import { restrictGraph } from '../graph/scope.ts';
import type { ValidGraph } from '../graph/validate.ts';
import type { KeptValues } from '../values/kept-values.ts';
import type { LiveRuns } from './live-runs.ts';
import type { Ownership } from './ownership.ts';
import type { LiveRun } from './run.ts';
import type { RunStates } from './run-states.ts';
import { type TakeoverOptions, takeOver } from './takeover.ts';

export interface StartOptions {
  inputs?: Record<string, unknown[]>;
  keepOpen?: boolean;
  graphId?: string;
  /** Run only the part of the graph that begins at this node; inputs of other nodes are left out. */
  from?: string;
  /** The part is that node alone. */
  only?: boolean;
  /** Give the node `from` what was delivered to it in this run, in place of inputs. */
  rerunOf?: string;
}

export interface RunStarterOptions {
  runs: RunStore;
  values: KeptValues;
  live: LiveRuns;
  states: RunStates;
  ownership: Ownership;
  clock: Clock;
  /** Gives a new id on each call. */
  newId: () => string;
  /** For a run that does again a part of another one. */
  takeover: TakeoverOptions;
}

export class RunStarter {
  readonly #options: RunStarterOptions;

  constructor(options: RunStarterOptions) {
    this.#options = options;
  }

  /** Starts a run of a graph that has been checked. */
  async start(valid: ValidGraph, options: StartOptions): Promise<{ id: string }> {
    const { values, newId, takeover } = this.#options;
    const id = newId();
    const run = await values.open(id, valid.nodes, true, () => this.#begin(id, valid, options));
    takeOver(run, takeover);
    return { id };
  }

  async #begin(id: string, { graph: given, nodes }: ValidGraph, options: StartOptions): Promise<LiveRun> {
    const { runs, values, live, states } = this.#options;
    const graph = given.inputs ? { ...given, inputs: await values.keepByNode(id, given.inputs) } : given;
    const summary = this.#summary(id, graph, nodes, options);
    // It waits for tasks from outside also while it takes over another run's.
    const isOpen = options.keepOpen || options.rerunOf !== undefined;
    const record = { ...summary, ...(isOpen && { keepOpen: true }) };
    await runs.create({ ...record, document: graph });
    const run = live.begin({ ...states.fresh(record, graph, nodes), summary, graph, nodes });
    // A store that refuses this says so again to the tasks that need it; the run lives, and must begin.
    if (given.inputs) await values.keepAgain(id, given.inputs).catch(() => {});
    run.send({ type: 'start' });
    return run;
  }

  #summary(id: string, graph: Graph, nodes: PreparedNode[], options: StartOptions): RunSummary {
    const { clock, ownership } = this.#options;
    const { graphId, from, only, rerunOf } = options;
    const dropping = nodes.filter(({ policy }) => policy.keepPayloads === 'failed').map((node) => node.id);
    return {
      id,
      graph: graph.name,
      ...(graphId !== undefined && { graphId }),
      status: 'pending',
      createdAt: new Date(clock.now()).toISOString(),
      ...(ownership.owner !== undefined && { owner: ownership.owner }),
      ...(rerunOf !== undefined && { rerunOf }),
      ...(from !== undefined && { from, ...(only && { only }) }),
      ...(dropping.length > 0 && { dropsPayloads: dropping }),
      nodes: Object.fromEntries(nodes.map((node) => [node.id, emptyCounters()])),
    };
  }
}

/** What of a document is to run, with the inputs it is to have. @throws ValidationError `unknown_node`, `from_within_cycle` */
export function partToRun(document: Graph, { inputs, from, only, rerunOf }: StartOptions): Graph {
  const given = inputs ? { ...document, inputs: { ...document.inputs, ...inputs } } : document;
  if (from === undefined) return given;
  const part = restrictGraph(given, { from, only });
  return rerunOf === undefined ? part : { ...part, inputs: {} };
}
