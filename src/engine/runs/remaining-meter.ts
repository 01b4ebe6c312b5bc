/** Watches a run as it goes and tells how much longer it will take; what it makes of it is `remaining-time.ts`. */
import { errorPort } from '../../schema/graph.ts';
import type { Remaining } from '../../schema/run.ts';
import type { PlannedNode } from '../graph/plan.ts';
import { serviceOrder } from '../scheduler/initial-state.ts';
import type { NodeState, SchedulerState } from '../scheduler/scheduler-state.ts';
import { estimateRemaining, type Link, type RunFigures, type Step } from './remaining-time.ts';

/** Before this much of a run has been seen nothing is told, in milliseconds. */
const leastMs = 1_000;
/** Milliseconds between two samples, and for each node and edge of the graph besides. */
const sampleMs = 250;
const samplePerPartMs = 0.05;
/** Samples kept: speeds are those of about the last five seconds. */
const kept = 20;
/**
 * An end once told moves towards a new estimate within about this share of the time that is left, so that it does not
 * jump; at least and at most so many milliseconds.
 */
const smoothing = { share: 0.2, leastMs: 500, mostMs: 10_000 };
/** For so long an estimate goes on by itself when none can be made. */
const bridgedMs = 2_000;

interface Sample {
  at: number;
  /** Work done by node, that on tasks under way included. */
  done: number[];
  /** Whether each node had tasks to send. */
  hadTasks: boolean[];
  /** Whether there was more to do for the shared workers than they could do. */
  isFull: boolean;
}

/** When, in milliseconds since 1970, the run and its nodes are expected to end. */
interface Ends {
  madeAt: number;
  run: number;
  atLeast: boolean;
  nodes: (number | undefined)[];
}

export class RemainingMeter {
  readonly #state: SchedulerState;
  readonly #workers: number;
  readonly #everyMs: number;
  readonly #links: { source: number; target: number; edge: number | undefined; isGathered: boolean }[];
  readonly #served: number[];
  #samples: Sample[] = [];
  /** Since when the run has been seen to go on. */
  #since: number | undefined;
  #ends: Ends | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;

  /** @param workers how many work at once on what nodes share */
  constructor(state: SchedulerState, workers: number) {
    this.#state = state;
    this.#workers = Math.max(1, workers);
    this.#everyMs = sampleMs + samplePerPartMs * (state.nodes.length + state.edges.length);
    this.#served = serviceOrder(state.plan);
    this.#links = state.plan.nodes.flatMap((node) =>
      [...node.edges].flatMap(([port, edges]) =>
        edges.map(({ index, target }) => ({
          source: node.index,
          target,
          edge: index,
          isGathered: gathers(node) && port !== errorPort,
        })),
      ),
    );
  }

  /** To be called whenever something has happened; takes note now and then. */
  observe(now: number): void {
    if (!this.#isMeasurable) {
      this.#samples = [];
      this.#since = undefined;
      this.#ends = undefined;
      return;
    }
    this.#since ??= now;
    if (now - (this.#samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY) < this.#everyMs) return;
    this.#samples.push(this.#sample(now));
    if (this.#samples.length > kept) this.#samples.shift();
  }

  /** What is left; undefined while that cannot be told. */
  remaining(now: number): Remaining | undefined {
    this.observe(now);
    if (this.#since === undefined || now - this.#since < leastMs) return undefined;
    if (now - this.#triedAt >= this.#everyMs) this.#update(now);
    const ends = this.#ends;
    if (!ends || ends.run <= now || now - ends.madeAt > bridgedMs + this.#everyMs) return undefined;
    const nodes: Record<string, number> = {};
    ends.nodes.forEach((end, i) => {
      const { id } = (this.#state.nodes[i] as NodeState).plan;
      if (end !== undefined && end > now) nodes[id] = Math.round(end - now);
    });
    return { runMs: Math.round(ends.run - now), ...(ends.atLeast && { atLeast: true }), nodes };
  }

  /** A run that is held, or waits for tasks from outside, ends when somebody wants it to. */
  get #isMeasurable(): boolean {
    return this.#state.status === 'running' && !this.#state.keepOpen;
  }

  #update(now: number): void {
    this.#triedAt = now;
    const found = estimateRemaining(this.#figures(now));
    if (!found) return;
    const before = this.#ends;
    const pace = Math.min(smoothing.mostMs, Math.max(smoothing.leastMs, found.run * smoothing.share));
    const weight = before ? 1 - Math.exp((before.madeAt - now) / pace) : 1;
    const approach = (old: number | undefined, left: number) =>
      old === undefined ? now + left : old + weight * (now + left - old);
    this.#ends = {
      madeAt: now,
      run: approach(before?.run, found.run),
      atLeast: found.atLeast,
      nodes: found.nodes.map((left, i) =>
        left === undefined ? undefined : approach(before?.nodes[i], left),
      ),
    };
  }

  #sample(at: number): Sample {
    const { nodes } = this.#state;
    const underway = this.#underway(at);
    const hadTasks = nodes.map((node) => !this.#isHeld(node) && node.queue.length + node.suspects.length > 0);
    const isWide = (node: NodeState) =>
      node.isShared && node.lanes >= this.#workers && node.plan.policy.rateLimit === undefined;
    return {
      at,
      done: nodes.map((node, i) => node.cost.busyMs + (underway[i] ?? 0)),
      hadTasks,
      isFull: nodes.some((node, i) => hadTasks[i] && isWide(node)),
    };
  }

  #isHeld({ plan }: NodeState): boolean {
    const component = this.#state.plan.components.of[plan.index] as number;
    return plan.staged && (this.#state.components[component]?.waitingFor ?? 0) > 0;
  }

  /**
   * Work done already on batches that have not come back, by node. On shared workers more batches are out than there
   * are workers, so that each has had but a share of the time.
   */
  #underway(now: number): number[] {
    const { nodes, inFlight, sharedOut } = this.#state;
    const share = Math.min(1, this.#workers / Math.max(1, sharedOut));
    const underway = nodes.map(() => 0);
    for (const { node: index, batch, sentAt } of inFlight.values()) {
      const node = nodes[index] as NodeState;
      const spent = (now - sentAt) * (node.isShared ? share : 1);
      const whole = (costOf(node) ?? Number.POSITIVE_INFINITY) * batch.tasks.length;
      underway[index] = (underway[index] ?? 0) + Math.min(spent, whole);
    }
    return underway;
  }

  #figures(now: number): RunFigures {
    const { nodes, edges, plan } = this.#state;
    const underway = this.#underway(now);
    const sharedSpeed = this.#measuredSpeed(
      ({ isFull }) => isFull,
      ({ done }) => done.reduce((sum, work, i) => sum + (nodes[i]?.isShared ? work : 0), 0),
    );
    const steps = nodes.map((node, i): Step => {
      const { counters, isShared } = node;
      const { rateLimit } = node.plan.policy;
      return {
        waiting: counters.input - processedBy(node) - counters.duplicate - counters.cancelled,
        fresh: counters.input > 0 ? 1 - counters.duplicate / counters.input : 1,
        cost: costOf(node),
        underway: underway[i] ?? 0,
        isHeld: this.#isHeld(node),
        gathers: gathers(node.plan),
        isShared,
        speed: this.#speedOf(node, i, sharedSpeed !== undefined),
        ...(rateLimit && { rateLimit: rateLimit.count / rateLimit.perMs }),
      };
    });
    const within = this.#resultsWithin();
    const links = this.#links.map(({ source, target, edge, isGathered }): Link => {
      const node = nodes[source] as NodeState;
      const processed = processedBy(node);
      const perTask = edge === undefined ? within[target] : (edges[edge] ?? 0) / processed;
      const known = processed > 0 ? perTask : undefined;
      return { source, target, ratio: isGathered ? resultsGathered(node) : known, atEnd: isGathered };
    });
    return {
      steps,
      links,
      components: plan.components,
      served: this.#served,
      sharedSpeed: Math.min(sharedSpeed ?? this.#workers, this.#workers),
    };
  }

  /**
   * Results per task along edges within subgraphs, by target: they are not counted one by one, so that what came to a
   * node otherwise than by edges that are is taken to have come from all their sources alike.
   */
  #resultsWithin(): number[] {
    const { nodes, edges } = this.#state;
    const came = nodes.map(({ counters }) => counters.input);
    const from = nodes.map(() => 0);
    for (const { source, target, edge, isGathered } of this.#links) {
      if (edge !== undefined) came[target] = (came[target] ?? 0) - (edges[edge] ?? 0);
      else if (!isGathered) from[target] = (from[target] ?? 0) + processedBy(nodes[source] as NodeState);
    }
    return came.map((count, i) => Math.max(0, count) / Math.max(1, from[i] ?? 0));
  }

  /** A node that has had tasks to send all the while has shown its speed, unless it was others that kept it waiting. */
  #speedOf(node: NodeState, index: number, sharedAreFull: boolean): number {
    // Of tasks that wait side by side in one worker, each costs the less the more there are.
    const most =
      node.plan.policy.mode === 'async'
        ? Number.POSITIVE_INFINITY
        : Math.min(node.lanes, node.isShared ? this.#workers : node.lanes);
    if (node.isShared && sharedAreFull) return most;
    const measured = this.#measuredSpeed(
      ({ hadTasks, isFull }) => (hadTasks[index] ?? false) && !(node.isShared && isFull),
      ({ done }) => done[index] ?? 0,
    );
    return Math.min(most, measured ?? most);
  }

  /** Work done per millisecond over the newest samples that fit, if they span enough time and any was done. */
  #measuredSpeed(fits: (sample: Sample) => boolean, work: (sample: Sample) => number): number | undefined {
    let first = this.#samples.length;
    while (first > 0 && fits(this.#samples[first - 1] as Sample)) first--;
    const from = this.#samples[first];
    const to = this.#samples.at(-1);
    if (!from || !to || to.at - from.at < leastMs) return undefined;
    const speed = (work(to) - work(from)) / (to.at - from.at);
    return speed > 0 ? speed : undefined;
  }
}

const processedBy = ({ counters }: NodeState): number => counters.succeeded + counters.failed;

/** Gives out nothing until everything upstream has ended. */
const gathers = ({ definition: { kind } }: PlannedNode): boolean =>
  kind === 'fold' || kind === 'collect' || kind === 'join';

/** Work per task; what needs no worker has none to do. */
function costOf(node: NodeState): number | undefined {
  if (['collect', 'relay'].includes(node.plan.definition.kind)) return 0;
  const processed = processedBy(node);
  return processed > 0 ? node.cost.busyMs / processed : undefined;
}

/** Results that are still to come of what a node gathers; undefined where that depends on what it is. */
function resultsGathered({ plan, flushed }: NodeState): number | undefined {
  if (flushed) return 0;
  return plan.definition.kind === 'join' ? undefined : 1;
}
