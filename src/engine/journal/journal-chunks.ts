/** Entries of a journal bundled into chunks, each with its summary. */

import { roughSize, roughSizeOfMany } from '../values/rough-size.ts';
import {
  attemptEnd,
  type ChunkSummary,
  countOf,
  type JournalChunk,
  type JournalEntry,
  journalVersion,
  type NodeSummary,
} from './journal.ts';

/** Tasks, counted once for each entry that names them, that make a chunk full. */
const fullAt = 5_000;
/** Bytes, roughly, that make a chunk full. */
const fullAtBytes = 256 * 1024;

/** Bundles entries, which follow each other without a gap, into chunks of a size that is quickly read. */
export function chunksOf(run: string, life: string, entries: JournalEntry[]): JournalChunk[] {
  const chunks: JournalChunk[] = [];
  let load: Load = { tasks: 0, bytes: 0 };
  let from = 0;
  entries.forEach((entry, i) => {
    add(load, loadOf(entry));
    if (!isFull(load) && i < entries.length - 1) return;
    chunks.push(chunkOf(run, life, entries.slice(from, i + 1)));
    from = i + 1;
    load = { tasks: 0, bytes: 0 };
  });
  return chunks;
}

function chunkOf(run: string, life: string, entries: JournalEntry[]): JournalChunk {
  const [first] = entries;
  const last = entries[entries.length - 1];
  // Without a prototype: a node may be called "constructor".
  const nodes: ChunkSummary['nodes'] = Object.create(null);
  for (const entry of entries) if ('node' in entry) summarise((nodes[entry.node] ??= emptySummary()), entry);
  return {
    version: journalVersion,
    run,
    life,
    first: first?.seq ?? 0,
    last: last?.seq ?? 0,
    at: last?.at ?? 0,
    nodes,
    entries,
  };
}

const emptySummary = (): NodeSummary => ({
  delivered: 0,
  succeeded: 0,
  failed: 0,
  duplicate: 0,
  cancelled: 0,
  redelivered: 0,
  outputs: 0,
  logs: 0,
});

function summarise(node: NodeSummary, entry: JournalEntry): void {
  switch (entry.kind) {
    case 'deliver':
      node.delivered += countOf(entry);
      node.created = widen(node.created, entry.first, entry.first + countOf(entry) - 1);
      return;
    case 'attempt': {
      const failed = entry.ends?.filter((end) => end === attemptEnd.failed).length ?? 0;
      const retried = entry.ends?.filter((end) => end === attemptEnd.retry).length ?? 0;
      node.failed += failed;
      node.succeeded += entry.tasks.length - failed - retried;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    }
    case 'duplicate':
    case 'cancel':
      node[entry.kind === 'cancel' ? 'cancelled' : 'duplicate'] += entry.tasks.length;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    case 'redeliver':
      node.redelivered += entry.tasks.length;
      node.touched = widenBy(node.touched, entry.tasks);
      return;
    case 'output':
      node.outputs += entry.packed?.count ?? entry.values.length;
      return;
    case 'log':
      node.logs++;
  }
}

const widen = (range: [number, number] | undefined, low: number, high: number): [number, number] =>
  range ? [Math.min(range[0], low), Math.max(range[1], high)] : [low, high];

function widenBy(range: [number, number] | undefined, tasks: number[]): [number, number] | undefined {
  if (tasks.length === 0) return range;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const task of tasks) {
    if (task < low) low = task;
    if (task > high) high = task;
  }
  return widen(range, low, high);
}

/** What entries weigh. */
export interface Load {
  tasks: number;
  bytes: number;
}

export function loadOf(entry: JournalEntry): Load {
  if ('packed' in entry && entry.packed)
    return { tasks: entry.packed.count, bytes: entry.packed.bytes.length };
  switch (entry.kind) {
    case 'deliver':
      return { tasks: entry.payloads.length, bytes: roughSizeOfMany(entry.payloads) };
    case 'output':
      return { tasks: entry.values.length, bytes: roughSizeOfMany(entry.values) };
    case 'start':
      return { tasks: 1, bytes: 0 };
    case 'state':
      return { tasks: 1, bytes: roughSize(entry.value) };
    default:
      return { tasks: 'tasks' in entry ? entry.tasks.length : 1, bytes: 0 };
  }
}

export function add(to: Load, { tasks, bytes }: Load): Load {
  to.tasks += tasks;
  to.bytes += bytes;
  return to;
}

export const isFull = ({ tasks, bytes }: Load): boolean => tasks >= fullAt || bytes >= fullAtBytes;
