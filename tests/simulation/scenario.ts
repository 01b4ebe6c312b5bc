/** What a seed stands for: a graph, what goes wrong while it runs, and what people do to it. */
import type { Graph } from '../../src/schema/graph.ts';
import { Oracle } from '../engine/oracle.ts';
import { Chance } from './chance.ts';
import { fateOf } from './fate.ts';
import { simulationRegistry } from './node-types.ts';
import { keepingFailed, randomGraph } from './random-graph.ts';
import { randomPayload } from './random-payload.ts';
import { type FlatGraph, unfolded } from './unfolded.ts';

/** Chances, 0 to 1, unless said otherwise. */
export interface FaultPlan {
  /** A batch comes back undone. */
  lost: number;
  /** A worker dies with a batch, and nobody knows at which task. */
  died: number;
  /** An attempt takes down its worker. */
  diedAt: number;
  /** A task takes down its host, whenever it is tried. */
  killsHost: number;
  /** An attempt exceeds its time, where the policy sets one. */
  timeout: number;
  /** A batch takes a hundred times as long. */
  stall: number;
  /** A batch comes back only when it is given up. */
  hang: number;
  /** An outcome reaches the scheduler twice. */
  repeat: number;
  /** Longest time a commit takes, in milliseconds. */
  storeMs: number;
  /** The store begins to refuse commits for a while. */
  refuse: number;
  /** The store fails, in a read or a write, for no reason it could tell. */
  fail: number;
  /** Reads take time as writes do. */
  slowReads: boolean;
  /** Bytes of waiting payloads that stay in memory. */
  queueMemory: number;
  /** What a batch of a splitter gives comes in parts. */
  parts: number;
  /** How given up batches come back. */
  onCancel: 'prompt' | 'late' | 'never';
}

/** What people ask of the host. */
export type Request = { turn: number } & (
  | { kind: 'pause' | 'unpause' | 'close' | 'cancel' | 'retry' | 'read' }
  | { kind: 'inject'; node: string; payloads: unknown[] }
);

/** What befalls a host, or comes beside it. */
export type Incident = { turn: number } & (
  | { kind: 'kill' }
  | { kind: 'leave' }
  | { kind: 'rival' }
  /** It dies, and a part of the run's journal is found damaged. */
  | { kind: 'damage' }
  | { kind: 'freeze'; ms: number }
);

export type Action = Request | Incident;

export interface Scenario {
  seed: number;
  graph: Graph;
  /** The same, its subgraphs laid out. */
  flat: FlatGraph;
  keepOpen: boolean;
  parallelism: number;
  faults: FaultPlan;
  /** Soonest first; turns count the timers that have fired. */
  actions: Action[];
  /** What befalls the host once the run has ended, while it lets go of payloads; turns count from the end. */
  aftermath: Incident[];
  /** How often failed tasks are tried again once the run has ended. */
  finalRetries: number;
  /** Whether all is read that can be, which costs more than the run itself. */
  readsAll: boolean;
  /** Whether lineage is looked at. */
  readsLineage: boolean;
  /** Whether the same graph is run once more afterwards. */
  runsTwice: boolean;
}

/** Tasks a simulated run may have; larger ones are drawn again. */
const largestRun = 200;

export async function scenarioOf(seed: number): Promise<Scenario> {
  const chance = new Chance(seed, 'scenario');
  const faults = randomFaults(chance, new Chance(seed, 'parts'), new Chance(seed, 'hosts'));
  const keepOpen = chance.happens(0.25);
  const parallelism = chance.int(1, 4);
  const isDamaged = chance.happens(0.03);
  const finalRetries = chance.happens(isDamaged ? 0 : 0.25) ? chance.int(1, 2) : 0;
  const readsAll = chance.happens(0.08);
  const readsLineage = chance.happens(0.25);
  const again = chance.next();
  const late = new Chance(seed, 'payloads');
  const letsGo = late.happens(0.2);
  const aftermath = letsGo ? randomAftermath(late) : [];
  for (let draw = 0; ; draw++) {
    const drawn = randomGraph(new Chance(seed, `graph ${draw}`));
    const graph = letsGo ? keepingFailed(drawn, new Chance(seed, `payloads ${draw}`)) : drawn;
    const flat = unfolded(graph);
    const oracle = await Oracle.of(flat, {
      registry: simulationRegistry,
      fate: fateOf(seed, flat, faults),
      limit: largestRun,
    });
    if (!oracle.run()) continue;
    const actions = randomActions(
      new Chance(seed, `actions ${draw}`),
      flat,
      { keepOpen, isDamaged },
      10 + oracle.taken * 2,
    );
    if (!oracle.inject(actions.flatMap(injections))) continue;
    let retries = finalRetries + actions.filter(({ kind }) => kind === 'retry').length;
    while (retries > 0 && oracle.retry()) retries--;
    if (retries > 0) continue;
    const runsTwice = again < (flat.nodes.some(({ policy }) => policy?.cache) ? 0.6 : 0.02);
    return {
      runsTwice,
      seed,
      graph,
      flat,
      keepOpen,
      parallelism,
      faults,
      actions,
      aftermath,
      finalRetries,
      readsAll,
      readsLineage,
    };
  }
}

const injections = (action: Action) =>
  action.kind === 'inject' ? action.payloads.map((payload) => ({ node: action.node, payload })) : [];

function randomFaults(chance: Chance, partChance: Chance, hostChance: Chance): FaultPlan {
  const sometimes = (share: number, most: number) =>
    chance.happens(share) ? Math.round(chance.next() * most * 1000) / 1000 : 0;
  return {
    lost: sometimes(0.4, 0.2),
    died: sometimes(0.4, 0.3),
    diedAt: sometimes(0.3, 0.1),
    killsHost: hostChance.happens(0.1) ? hostChance.pick([0.01, 0.03]) : 0,
    timeout: sometimes(0.4, 0.2),
    stall: sometimes(0.3, 0.1),
    hang: sometimes(0.1, 0.02),
    repeat: sometimes(0.4, 0.3),
    storeMs: sometimes(0.5, 300),
    refuse: sometimes(0.2, 0.2),
    fail: sometimes(0.2, 0.1),
    slowReads: chance.happens(0.3),
    queueMemory: chance.pick([0, 100, 1000, 1_000_000]),
    parts: partChance.happens(0.3) ? partChance.pick([0.5, 1]) : 0,
    onCancel: chance.pick(['prompt', 'late', 'never']),
  };
}

function randomActions(
  chance: Chance,
  graph: Graph,
  { keepOpen, isDamaged }: { keepOpen: boolean; isDamaged: boolean },
  turns: number,
): Action[] {
  const actions: Action[] = [];
  const at = () => Math.floor(chance.next() ** 2 * turns);
  const add = (share: number, most: number, make: (turn: number) => Action[]) => {
    if (!chance.happens(share)) return;
    for (let i = chance.int(1, most); i > 0; i--) actions.push(...make(at()));
  };
  add(0.2, 2, (turn) => [
    { kind: 'pause', turn },
    { kind: 'unpause', turn: turn + chance.int(1, 60) },
  ]);
  add(keepOpen ? 0.8 : 0.1, 3, (turn) => [randomInjection(chance, graph, turn)]);
  add(keepOpen ? 0.8 : 0.05, 1, (turn) => [{ kind: 'close', turn: turn + turns / 2 }]);
  add(0.08, 1, (turn) => [{ kind: 'cancel', turn }]);
  add(0.12, 3, (turn) => [{ kind: 'retry', turn }]);
  add(0.2, 3, (turn) => [{ kind: 'read', turn }]);
  add(0.5, 4, (turn) => [{ kind: chance.happens(0.8) ? 'kill' : 'leave', turn }]);
  add(0.15, 2, (turn) => [{ kind: 'freeze', turn, ms: chance.int(1, chance.pick([300, 3000])) }]);
  add(0.1, 2, (turn) => [{ kind: 'rival', turn }]);
  if (isDamaged) actions.push({ kind: 'damage', turn: at() });
  // A damaged journal is found by whoever goes on with it, if nobody has it in mind any more.
  const isPossible = ({ kind }: Action) => !(isDamaged && ['retry', 'freeze', 'rival'].includes(kind));
  return actions.filter(isPossible).sort((a, b) => a.turn - b.turn);
}

function randomAftermath(chance: Chance): Incident[] {
  return chance.list(chance.pick([0, 0, 1, 2]), () => {
    const turn = chance.int(0, 12);
    return chance.happens(0.6) ? { kind: 'kill', turn } : { kind: 'freeze', turn, ms: chance.int(1, 3000) };
  });
}

function randomInjection(chance: Chance, graph: Graph, turn: number): Action {
  const plain = graph.nodes.some(
    ({ type, params }) => type === 'flow.reduce' && params?.initial === undefined,
  );
  const payloads = chance.list(chance.int(1, 5), () => randomPayload(chance, plain));
  return { kind: 'inject', turn, node: chance.pick(graph.nodes).id, payloads };
}
