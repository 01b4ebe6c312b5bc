/**
 * Keeps graphs: Yjs documents in memory while they are used, their updates in a store. Writes of one graph follow
 * each other; an update is stored before anybody else hears of it.
 */
import { nanoid } from 'nanoid';
import type { GraphLibrary, StoredGraph } from '../api/services.ts';
import { NotFoundError, StoreError } from '../errors.ts';
import type { Graph } from '../schema/graph.ts';
import type { GraphRecord, GraphStore } from '../store/store.ts';
import { GraphDocument } from './graph-document.ts';

export interface GraphLibraryOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Ids of new graphs. @default random */
  newId?: () => string;
  /** Documents kept in memory while nobody uses them. @default 16 */
  idleDocuments?: number;
  /** Bytes of their updates, together; a document in memory takes several times as much. @default 4 MB */
  idleBytes?: number;
  /** Stored updates after which they are made one. @default 100 */
  compactAfter?: number;
}

interface OpenGraph {
  document: GraphDocument;
  record: GraphRecord;
  /** Updates in the store's log. */
  updates: number;
  /** What they take together. */
  bytes: number;
}

/** The library of graphs that this store keeps. */
export function createGraphLibrary(store: GraphStore, options: GraphLibraryOptions): GraphLibrary {
  const { now, newId = () => nanoid(), idleDocuments = 16, idleBytes = 4e6, compactAfter = 100 } = options;
  // In order of last use, so that the first is the first to go.
  const open = new Map<string, OpenGraph>();
  const queues = new Map<string, Promise<unknown>>();
  const subscribers = new Map<string, Set<(update: Uint8Array) => void>>();

  /** Runs the work on a graph after all that was asked of it before. */
  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (queues.get(id) ?? Promise.resolve()).then(work, work);
    queues.set(id, turn);
    const done = () => {
      if (queues.get(id) === turn) queues.delete(id);
      evict();
    };
    turn.then(done, done);
    return turn;
  }

  function evict(): void {
    const idle = [...open].filter(([id]) => !queues.has(id) && !subscribers.has(id));
    let kept = idle.length;
    let bytes = idle.reduce((sum, [, graph]) => sum + graph.bytes, 0);
    // One that is too large alone does not drive out the others.
    const isLarge = ([, graph]: [string, OpenGraph]) => graph.bytes > idleBytes;
    for (const [id, graph] of [...idle.filter(isLarge), ...idle.filter((each) => !isLarge(each))]) {
      if (kept <= idleDocuments && bytes <= idleBytes) return;
      forget(id);
      kept--;
      bytes -= graph.bytes;
    }
  }

  function forget(id: string): void {
    open.get(id)?.document.destroy();
    open.delete(id);
  }

  async function load(id: string): Promise<OpenGraph> {
    let graph = open.get(id);
    if (!graph) {
      const [record, updates] = await Promise.all([store.get(id), store.load(id)]);
      if (!record || !updates) throw new NotFoundError('graph', id);
      const document = new GraphDocument({ origin: library });
      try {
        document.doc.transact(() => {
          for (const update of updates) document.apply(update, library);
        });
      } catch (cause) {
        throw new StoreError('graph_damaged', `The stored graph ${id} is damaged.`, {
          details: { id },
          cause,
        });
      }
      graph = { document, record, updates: updates.length, bytes: sizeOf(updates) };
    }
    open.delete(id);
    open.set(id, graph);
    return graph;
  }

  /** Changes the document, stores what that changed, and tells the subscribers. */
  async function change(
    id: string,
    graph: OpenGraph,
    work: (document: GraphDocument) => void,
  ): Promise<void> {
    const { document } = graph;
    const changes: Uint8Array[] = [];
    const collect = (update: Uint8Array) => changes.push(update);
    document.doc.on('update', collect);
    try {
      // One transaction, so that one command or one exchange is one update.
      document.doc.transact(() => work(document), library);
    } finally {
      document.doc.off('update', collect);
    }
    const [update] = changes;
    if (!update) return;
    const record = toRecord(document.toGraph(), id, graph.record.createdAt, new Date(now()).toISOString());
    try {
      await store.append(record, update);
    } catch (error) {
      // The document is ahead of the store now: read it again when it is next asked for.
      forget(id);
      throw error;
    }
    graph.record = record;
    graph.updates++;
    graph.bytes += update.length;
    for (const notify of subscribers.get(id) ?? []) notify(update);
    if (graph.updates > compactAfter) await compact(id, graph);
  }

  async function compact(id: string, graph: OpenGraph): Promise<void> {
    try {
      const whole = graph.document.encode();
      await store.compact(id, whole);
      graph.updates = 1;
      graph.bytes = whole.length;
    } catch {
      // The log is whole as it is; the next change tries again.
    }
  }

  const library: GraphLibrary = {
    list: (query) => store.list(query),
    get: (id) => inTurn(id, async () => toStored(await load(id))),
    create: (graph) => {
      const id = newId();
      return inTurn(id, async () => {
        const time = new Date(now()).toISOString();
        const record = toRecord(graph, id, time, time);
        const fresh = { document: new GraphDocument({ origin: library }), record, updates: 0, bytes: 0 };
        open.set(id, fresh);
        await change(id, fresh, (document) => document.replace(withoutRecord(graph)));
        return toStored(fresh);
      });
    },
    replace: (id, graph) =>
      inTurn(id, async () => {
        const stored = await load(id);
        await change(id, stored, (document) => document.replace(withoutRecord(graph)));
        return toStored(stored);
      }),
    remove: (id) =>
      inTurn(id, async () => {
        if (!(await store.delete(id))) throw new NotFoundError('graph', id);
        forget(id);
      }),
    sync: (id, update, vector) =>
      inTurn(id, async () => {
        const graph = await load(id);
        if (update.length) await change(id, graph, (document) => document.apply(update, library));
        return graph.document.encode(vector.length ? vector : undefined);
      }),
    subscribe: (id, onUpdate) => {
      const own = subscribers.get(id) ?? new Set();
      subscribers.set(id, own);
      // Wrapped, so that one function may subscribe twice.
      const notify = (update: Uint8Array) => onUpdate(update);
      own.add(notify);
      return () => {
        own.delete(notify);
        if (own.size === 0 && subscribers.get(id) === own) subscribers.delete(id);
        evict();
      };
    },
  };
  return library;
}

const sizeOf = (updates: readonly Uint8Array[]): number =>
  updates.reduce((sum, { length }) => sum + length, 0);

function toRecord(graph: Graph, id: string, createdAt: string, updatedAt: string): GraphRecord {
  const { name, description, nodes, edges } = graph;
  return {
    id,
    name,
    ...(description !== undefined && { description }),
    nodes: nodes.length,
    edges: edges.length,
    createdAt,
    updatedAt,
  };
}

/** The fields a keeper adds are not part of the document, also when a client sends back what it was given. */
function withoutRecord(graph: Graph): Graph {
  const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...own } = graph as StoredGraph;
  return own as Graph;
}

function toStored({ document, record }: OpenGraph): StoredGraph {
  const { id, createdAt, updatedAt } = record;
  return { ...document.toGraph(), id, createdAt, updatedAt };
}
