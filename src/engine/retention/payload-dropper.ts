/**
 * Lets go of the payloads of tasks that ended well, at nodes whose policy says `keepPayloads: 'failed'`. Done when a
 * run has ended, chunk by chunk, so that a run under way pays nothing for it; whatever interrupts it, it can be done
 * again, also when the run has gone on in between: what went once goes each time, so nothing is left half done. What
 * a further attempt at a failed task needs stays, what is gathered and not given out yet, and outputs.
 */
import { ConflictError } from '../../errors.ts';
import type { NodeRegistry } from '../../nodes/define-node.ts';
import type { Graph } from '../../schema/graph.ts';
import { hasEnded } from '../../schema/run.ts';
import { graphWithin } from '../../schema/subgraph.ts';
import type { RunRecord, RunStore, Store } from '../../store/store.ts';
import { BitSet } from '../bit-set.ts';
import { chunkAt } from '../journal/chunk-reader.ts';
import { dropFrom } from '../journal/dropped-payloads.ts';
import { attemptEnd, type DeliverEntry, type JournalChunk, type JournalEntry } from '../journal/journal.ts';
import { seenKey } from '../scheduler/delivery.ts';
import { References } from '../values/artifact-references.ts';
import type { KeptValues } from '../values/kept-values.ts';

export interface DropOptions {
  store: Store;
  values: KeptValues;
  registry: NodeRegistry;
  /** Milliseconds since 1970. */
  now: number;
}

/** What is dropped of a node's tasks. */
interface DroppingNode {
  isJoin: boolean;
  /** Tasks that ended well and whose payloads the node holds until it gives out; absent where it gathers nothing. */
  gathered?: number[];
  dedupes: boolean;
}

/** @throws StoreError where the journal cannot be read or written; what has been dropped by then stays so */
export async function dropPayloads(record: RunRecord, options: DropOptions): Promise<void> {
  const nodes = droppingNodes(record, options.registry);
  if (!hasEnded(record.status) || nodes.size === 0) return;
  const { store, values, now } = options;
  const summaries = await store.runs.summaries(record.id);
  const last = summaries.at(-1)?.last ?? 0;
  const ended = new BitSet();
  const references = new References(values);
  const rest: number[] = [];
  for (const { first, nodes: counts } of summaries) {
    const { entries } = await chunkAt(store.runs, record.id, first);
    for (const entry of entries) noteEnded(ended, entry, nodes);
    if ([...nodes.keys()].some((node) => counts[node]?.delivered)) rest.push(first);
    else references.keep(entries);
  }
  const shrink = (chunk: JournalChunk) =>
    replaceBy((stored) => withoutPayloads(stored, nodes, ended), chunk, store.runs);
  // Artifacts go before what refers to them: who is interrupted in between finds again which ones those are.
  const referring: number[] = [];
  for (const first of rest) {
    const chunk = await chunkAt(store.runs, record.id, first);
    const kept = withoutPayloads(chunk, nodes, ended);
    references.keep(kept.entries);
    if (kept === chunk) continue;
    if (references.drop(chunk.entries)) referring.push(first);
    else await shrink(chunk);
  }
  // Of a run that was ended before it began, the document alone has what it was given.
  const hasBegun = record.startedAt !== undefined;
  const document = hasBegun ? withoutInputs(record.document, nodes) : record.document;
  references.drop(record.document);
  references.keep(document);
  const unused = await references.unused();
  // Where another process has brought the run back to life, it may use them again.
  if (await hasGoneOn(record.id, last, store)) return;
  if (unused.length > 0) await store.artifacts.release(record.id, unused);
  for (const first of referring) {
    await shrink(await chunkAt(store.runs, record.id, first));
  }
  await store.runs.amend(record.id, { document, payloadsDroppedAt: new Date(now).toISOString() });
}

/** Puts in the place of a chunk what is left of it: of what another host has left of it, where that was faster. */
async function replaceBy(
  leave: (chunk: JournalChunk) => JournalChunk,
  chunk: JournalChunk,
  runs: RunStore,
): Promise<void> {
  const kept = leave(chunk);
  if (kept === chunk) return;
  try {
    await runs.replace(kept);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    await replaceBy(leave, await chunkAt(runs, chunk.run, chunk.first), runs);
  }
}

/** Whether a run has been brought back to life, and may have ended again, since its journal was read. */
async function hasGoneOn(run: string, last: number, { runs }: Store): Promise<boolean> {
  const status = (await runs.summary(run))?.status;
  return !hasEnded(status ?? 'running') || (await runs.summaries(run, last)).length > 0;
}

/** Nodes of a run whose payloads may go now. */
function droppingNodes(record: RunRecord, registry: NodeRegistry): Map<string, DroppingNode> {
  const wanted = new Set(record.dropsPayloads);
  const found = new Map<string, DroppingNode>();
  const look = (graph: Graph, prefix: string): void => {
    for (const node of graph.nodes) {
      const id = prefix + node.id;
      const kind = registry.get(node.type)?.kind;
      const gathers = kind === 'collect' || kind === 'join';
      const dedupes = node.policy?.dedupe === true;
      if (wanted.has(id))
        found.set(id, { isJoin: kind === 'join', dedupes, ...(gathers && { gathered: [] }) });
      const within = graphWithin(node);
      if (within) look(within, `${id}/`);
    }
  };
  look(record.document, '');
  return found;
}

/**
 * Takes in which tasks of these nodes ended well, or were not run since they were duplicates. What a collection or a
 * join holds is in its deliveries alone until it gives out.
 */
function noteEnded(ended: BitSet, entry: JournalEntry, nodes: ReadonlyMap<string, DroppingNode>): void {
  if (entry.kind !== 'attempt' && entry.kind !== 'duplicate' && entry.kind !== 'flush') return;
  const node = nodes.get(entry.node);
  if (!node) return;
  if (entry.kind === 'flush') {
    for (const task of node.gathered?.splice(0) ?? []) ended.add(task);
    return;
  }
  const ends = entry.kind === 'attempt' ? entry.ends : undefined;
  entry.tasks.forEach((task, i) => {
    if ((ends?.[i] ?? attemptEnd.succeeded) !== attemptEnd.succeeded) return;
    if (entry.kind === 'attempt' && node.gathered) node.gathered.push(task);
    else ended.add(task);
  });
}

function withoutPayloads(
  chunk: JournalChunk,
  nodes: ReadonlyMap<string, DroppingNode>,
  ended: BitSet,
): JournalChunk {
  let isChanged = false;
  const entries = chunk.entries.map((entry) => {
    const node = entry.kind === 'deliver' ? nodes.get(entry.node) : undefined;
    if (!node) return entry;
    const delivery = entry as DeliverEntry;
    const { first, port } = delivery;
    const keyOf = (payload: unknown) => seenKey(node.isJoin, port, payload);
    const kept = dropFrom(delivery, (i) => ended.has(first + i), node.dedupes ? keyOf : undefined);
    isChanged ||= kept !== entry;
    return kept;
  });
  return isChanged ? { ...chunk, entries } : chunk;
}

/**
 * The document without the inputs of these nodes: the journal has those that are still of use. What a node within a
 * subgraph begins with stays: it is part of that graph, and decides where the subgraph takes in what comes to it.
 */
function withoutInputs(graph: Graph, nodes: ReadonlyMap<string, unknown>): Graph {
  if (!graph.inputs) return graph;
  const inputs = Object.entries(graph.inputs).filter(([id]) => !nodes.has(id));
  return { ...graph, inputs: Object.fromEntries(inputs) };
}
