/**
 * How much longer a run will take, from what has been measured so far.
 *
 * Nodes work side by side, as a pipeline does, so their times do not add up; nor is it enough to look at what waits at
 * each node now. Three steps:
 *
 * 1. **Tasks.** To what waits at a node come the tasks that results of nodes upstream will become. How many results a
 *    task gives along an edge has been measured; within a cycle they come round again, as a geometric series, of which
 *    nothing can be told unless it converges.
 * 2. **Bounds.** A node ends no sooner than (a) its own work takes at its speed, from when its first task can begin;
 *    (b) one task after what feeds it has ended; (c) on workers it shares, all that is served before it has been done.
 *    A node that waits for everything upstream to end begins only then. The greatest bound is the estimate: in a
 *    pipeline the narrowest place sets the pace, and the others wait for it.
 * 3. **The run** ends with its last node, and no sooner than the shared workers have done all of their work.
 *
 * What has not been measured is not guessed: a node that works without having brought a task to its end leaves the
 * whole unknown; one whose turn comes later makes the estimate a lower bound.
 */
import type { Components } from '../graph/topology.ts';

/** A node, as far as time goes. Work is the time of one worker, in milliseconds. */
export interface Step {
  /** Tasks delivered that have not ended. */
  waiting: number;
  /** Share of the tasks delivered to it that are no duplicates, 0 to 1. */
  fresh: number;
  /** Work per task; undefined until one has ended. */
  cost: number | undefined;
  /** Work done already on tasks that have not ended. */
  underway: number;
  /** Takes nothing until everything upstream has ended, which it has not. */
  isHeld: boolean;
  /** Gives out what it has gathered once everything upstream has ended. */
  gathers: boolean;
  /** Whether it is served by the workers that nodes share. */
  isShared: boolean;
  /** Work it can get done per millisecond, if there is enough of it: the workers it may keep busy, or what was measured. */
  speed: number;
  /** Most tasks it may send out per millisecond, where there is a limit. */
  rateLimit?: number;
}

export interface Link {
  source: number;
  target: number;
  /** Results along it per task that ends at its source; undefined until one has ended. */
  ratio: number | undefined;
  /** It carries what its source has gathered, `ratio` results in all. */
  atEnd: boolean;
}

export interface RunFigures {
  steps: readonly Step[];
  links: readonly Link[];
  components: Components;
  /** Nodes in the order in which those on shared workers are served. */
  served: readonly number[];
  /** Work that the shared workers get done per millisecond. */
  sharedSpeed: number;
}

export interface RemainingTime {
  /** Milliseconds. */
  run: number;
  /** There is work to come that cannot be told yet. */
  atLeast: boolean;
  /** Milliseconds by node; undefined where nothing is left or it is unknown. */
  nodes: (number | undefined)[];
}

/** Passes over a cycle after which its series is taken for one that does not converge, and visits of nodes in all. */
const mostPasses = 400;
const mostVisits = 1_000_000;
/** Where a series is broken off: its next member, as a share of its first. */
const negligible = 0.002;

/** @returns undefined where nothing can be told, or nothing is left to do. O(nodes + edges), but for cycles. */
export function estimateRemaining(figures: RunFigures): RemainingTime | undefined {
  const outgoing: Link[][] = figures.steps.map(() => []);
  for (const link of figures.links) outgoing[link.source]?.push(link);
  const tasks = expectTasks(figures, outgoing);
  if (!tasks) return undefined;
  const nodes = endTimes(figures, outgoing, tasks.expected);
  const shared = figures.steps.reduce(
    (sum, step, i) => sum + (step.isShared ? workOf(step, tasks.expected[i] ?? 0) : 0),
    0,
  );
  const run = nodes.reduce((most, end) => Math.max(most, end), shared / figures.sharedSpeed);
  if (!(run > 0) || !Number.isFinite(run)) return undefined;
  const isKnown = (i: number) => (tasks.expected[i] ?? 0) >= 0.5 && !tasks.isOpen[i];
  return {
    run,
    atLeast: tasks.isOpen.includes(true),
    nodes: nodes.map((end, i) => (isKnown(i) && Number.isFinite(end) ? end : undefined)),
  };
}

/** Work left at a node; none where its cost is unknown. */
const workOf = ({ cost = 0, underway }: Step, tasks: number): number => Math.max(0, tasks * cost - underway);

interface ExpectedTasks {
  /** Tasks by node that have not ended or are still to come. */
  expected: number[];
  /** Whether there may be more than that, or their cost is unknown. */
  isOpen: boolean[];
}

function expectTasks({ steps, components }: RunFigures, outgoing: Link[][]): ExpectedTasks | undefined {
  const expected = steps.map((step) => step.waiting);
  const isOpen = steps.map(() => false);
  for (const [component, members] of components.members.entries()) {
    const isInside = (link: Link) => components.of[link.target] === component;
    if (!sumSeries(steps, members, outgoing, isInside, expected)) return undefined;
    for (const node of members) {
      const step = steps[node] as Step;
      const count = expected[node] ?? 0;
      if (count > 0 && step.cost === undefined) {
        if (step.waiting > 0 && !step.isHeld) return undefined;
        isOpen[node] = true;
      }
      for (const { target, ratio, atEnd } of outgoing[node] ?? []) {
        if (components.of[target] === component) continue;
        const { fresh } = steps[target] as Step;
        if (ratio === undefined) isOpen[target] ||= atEnd || count > 0;
        else expected[target] = (expected[target] ?? 0) + (atEnd ? ratio : count * ratio) * fresh;
        isOpen[target] ||= isOpen[node] ?? false;
      }
    }
  }
  return { expected, isOpen };
}

/** Adds to the tasks of a cycle those they will become in it. @returns whether that comes to an end */
function sumSeries(
  steps: readonly Step[],
  members: readonly number[],
  outgoing: Link[][],
  isInside: (link: Link) => boolean,
  expected: number[],
): boolean {
  const inside = members.map((node) => (outgoing[node] ?? []).filter(isInside));
  if (inside.every((links) => links.length === 0)) return true;
  // A collection in a cycle gives out again and again; how often cannot be told.
  if (inside.flat().some((link) => link.atEnd)) return false;
  let wave = new Map(members.map((node) => [node, expected[node] ?? 0]));
  const begun = members.reduce((sum, node) => sum + (expected[node] ?? 0), 0);
  for (let pass = 0; pass < mostPasses && pass * members.length < mostVisits; pass++) {
    const next = new Map<number, number>();
    let added = 0;
    for (const links of inside) {
      for (const { source, target, ratio = 0 } of links) {
        const count = (wave.get(source) ?? 0) * ratio * (steps[target] as Step).fresh;
        if (count === 0) continue;
        next.set(target, (next.get(target) ?? 0) + count);
        expected[target] = (expected[target] ?? 0) + count;
        added += count;
      }
    }
    if (added <= begun * negligible) return true;
    wave = next;
  }
  return false;
}

/** What is known of a node's upstream when its turn comes. */
interface Upstream {
  /** When the last of it ends. */
  end: number;
  /** When the last task comes from it; undefined when none does. */
  lastTask: number | undefined;
  /** When the first task may come from it. */
  firstTask: number;
  /** Position, in the order of service, of the last that tasks wait at. */
  rank: number;
}

/** Milliseconds until each node has ended. */
function endTimes(figures: RunFigures, outgoing: Link[][], expected: readonly number[]): number[] {
  const { steps, components, served, sharedSpeed } = figures;
  const subtree = subtreeWork(figures, outgoing);
  const done = doneBefore(steps, served, subtree);
  const rankOf = new Map(served.map((node, rank) => [node, rank]));
  const upstream = steps.map((step, node): Upstream => {
    const rank = step.waiting > 0 && !step.isHeld ? (rankOf.get(node) ?? -1) : -1;
    return { end: 0, lastTask: undefined, firstTask: step.waiting > 0 ? 0 : Number.POSITIVE_INFINITY, rank };
  });
  const ends = steps.map(() => 0);

  for (const members of components.members) {
    const up = members.map((node) => upstream[node] as Upstream);
    const before = Math.max(...up.map(({ end }) => end));
    const first = Math.min(...up.map(({ firstTask }) => firstTask));
    const rank = Math.max(...up.map((of) => of.rank));
    // Tasks that go round a cycle are worked on by no more workers than there are tasks.
    const inCycle = members.reduce((sum, node) => sum + (steps[node] as Step).waiting, 0);
    const isFed = up.some(({ lastTask }) => lastTask !== undefined);
    let end = 0;
    members.forEach((node, i) => {
      const step = steps[node] as Step;
      const tasks = expected[node] ?? 0;
      if (tasks <= 0) return;
      const concurrent = members.length > 1 && !isFed ? inCycle : tasks;
      const begins = step.isHeld ? before : Number.isFinite(first) ? first : 0;
      const { lastTask } = up[i] as Upstream;
      const servedBefore = step.isHeld
        ? before + (tasks * (subtree[node] ?? 0)) / sharedSpeed
        : ((rank >= 0 ? done[rank] : 0) ?? 0) / sharedSpeed;
      end = Math.max(
        end,
        begins + ownTime(step, tasks, concurrent),
        lastTask === undefined ? 0 : lastTask + (step.cost ?? 0),
        step.isShared ? servedBefore : 0,
      );
    });
    for (const node of members) {
      const { gathers, isHeld } = steps[node] as Step;
      ends[node] = gathers ? Math.max(end, before) : end;
      for (const { target, ratio = 0, atEnd } of outgoing[node] ?? []) {
        const to = upstream[target] as Upstream;
        to.end = Math.max(to.end, ends[node] ?? 0, before);
        const results = atEnd ? ratio : ratio * (expected[node] ?? 0);
        if (results <= 0) continue;
        to.lastTask = Math.max(to.lastTask ?? 0, ends[node] ?? 0);
        to.firstTask = Math.min(to.firstTask, atEnd ? (ends[node] ?? 0) : isHeld ? before : first);
        if (!atEnd && !steps[target]?.isHeld) to.rank = Math.max(to.rank, rank);
      }
    }
  }
  return ends.map((end, node) => ((expected[node] ?? 0) > 0 ? end : 0));
}

/** Time for a node's own work, if nothing kept it from its work. */
function ownTime(step: Step, tasks: number, concurrent: number): number {
  const working = workOf(step, tasks) / Math.min(step.speed, Math.max(1, concurrent));
  return step.rateLimit === undefined ? working : Math.max(working, step.waiting / step.rateLimit);
}

/** Work for shared workers that follows from one task at each node, there and in what becomes of its results. */
function subtreeWork({ steps, components }: RunFigures, outgoing: Link[][]): number[] {
  const work = steps.map((step) => (step.isShared ? (step.cost ?? 0) : 0));
  const own = [...work];
  for (const members of [...components.members].reverse()) {
    const passes = members.length > 1 ? Math.min(mostPasses, mostVisits / members.length) : 1;
    for (let pass = 0; pass < passes; pass++) {
      let change = 0;
      for (const node of members) {
        let sum = own[node] ?? 0;
        for (const { target, ratio = 0, atEnd } of outgoing[node] ?? []) {
          const to = steps[target] as Step;
          if (!atEnd && !to.isHeld && target !== node) sum += ratio * to.fresh * (work[target] ?? 0);
        }
        change = Math.max(change, Math.abs(sum - (work[node] ?? 0)) / (sum || 1));
        work[node] = sum;
      }
      if (change <= negligible) break;
    }
  }
  return work;
}

/** Work that has been done when all that waits now at nodes up to a position in the order of service is through. */
function doneBefore(steps: readonly Step[], served: readonly number[], subtree: readonly number[]): number[] {
  let sum = 0;
  return served.map((node) => {
    const step = steps[node] as Step;
    const begun = step.isShared ? step.underway : 0;
    if (!step.isHeld) sum += Math.max(0, step.waiting * (subtree[node] ?? 0) - begun);
    return sum;
  });
}
