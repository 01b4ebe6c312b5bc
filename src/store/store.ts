/**
 * What Handloom keeps, whoever keeps it. Three adapters (memory, Dexie, SQLite) pass one contract suite,
 * `tests/contracts/store-contract.ts`.
 *
 * Every method that writes does so in one transaction: all of it or nothing. A failed write rejects with a
 * StoreError (`store_full`, `store_busy`, `store_closed`, `store_failed`) and leaves what was there before.
 */
import type { ChunkSummary, JournalChunk } from '../engine/journal/journal.ts';
import type { Graph } from '../schema/graph.ts';
import type { ReadProblem, RunStatus, RunSummary } from '../schema/run.ts';

export interface Page<T> {
  items: T[];
  /** Pass it on to read further; null at the end. */
  nextCursor: string | null;
  /**
   * What of it cannot be read: the list ends before its end, as all that comes after cannot be; or it holds values whose
   * content is missing (`payload_missing`, `value_damaged`), and says so in their place.
   */
  problem?: ReadProblem;
}
export interface PageQuery {
  /** Default 100, at most 1,000. */
  limit?: number;
  cursor?: string;
}

/** What a list of graphs shows; the graph itself is a Yjs document. Times are ISO 8601. */
export interface GraphRecord {
  id: string;
  name: string;
  description?: string;
  nodes: number;
  edges: number;
  createdAt: string;
  updatedAt: string;
}

export interface GraphStore {
  /** Newest change first. */
  list(query?: PageQuery): Promise<Page<GraphRecord>>;
  get(id: string): Promise<GraphRecord | undefined>;
  /** The Yjs updates that make up the document, oldest first; undefined when there is none. */
  load(id: string): Promise<Uint8Array[] | undefined>;
  /** Adds an update to the document's log (and makes the document, the first time) and sets its record. */
  append(record: GraphRecord, update: Uint8Array): Promise<void>;
  /** Replaces the document's log by one update that holds it all. */
  compact(id: string, snapshot: Uint8Array): Promise<void>;
  delete(id: string): Promise<boolean>;
}

/** A run with what is needed to go on with it: the graph as it was when the run began. */
export interface RunRecord extends RunSummary {
  /** The document, with the inputs this run was started with. */
  document: Graph;
  keepOpen?: boolean;
}

export interface RunQuery extends PageQuery {
  status?: RunStatus;
  /** Id or name of the graph. */
  graph?: string;
}

export interface RunStore {
  create(run: RunRecord): Promise<void>;
  get(id: string): Promise<RunRecord | undefined>;
  /** Without the document, which may be large: it holds the inputs. */
  summary(id: string): Promise<RunSummary | undefined>;
  /** Newest first; without documents. */
  list(query?: RunQuery): Promise<Page<RunSummary>>;
  /**
   * Appends chunks to the journal and sets the run's summary, together.
   * @param after last entry of the journal as the writer knows it, also where there are no chunks; without it, only the
   * chunks say
   * @throws ConflictError `journal_conflict` when that is not the last entry stored, or they do not begin right after it
   * @throws NotFoundError `run_not_found` when the run has been removed
   */
  append(run: RunSummary, chunks: JournalChunk[], after?: number): Promise<void>;
  /** Summaries of the chunks that hold entries after `after` (a sequence number, default 0), in order. */
  summaries(run: string, after?: number): Promise<ChunkSummary[]>;
  /** The chunk whose first entry has this sequence number. @throws StoreError `chunk_damaged` naming it, `journal_newer`. */
  chunk(run: string, first: number): Promise<JournalChunk | undefined>;
  /**
   * Puts a chunk in the place of the stored one that begins and ends with the same entries.
   * @throws ConflictError `journal_conflict` when there is none, or it lacks payloads by now that this one has;
   * StoreError `chunk_damaged`
   */
  replace(chunk: JournalChunk): Promise<void>;
  /** Changes these fields of a run and leaves all others as they are. @returns whether there is such a run */
  amend(id: string, change: Partial<Omit<RunRecord, 'id' | 'keepOpen'>>): Promise<boolean>;
  /** Removes the run, its journal, and the artifacts nobody else uses. */
  delete(id: string): Promise<boolean>;
  /** Bytes of each run, or of these, about: its journal and the artifacts it uses. */
  sizes(ids?: readonly string[]): Promise<Map<string, number>>;
  /** Runs by status, over all. */
  counts(): Promise<Record<RunStatus, number>>;
}

/** An artifact a run uses; with its bytes where it may be new. */
export interface Claim {
  hash: string;
  bytes?: Uint8Array;
}

/**
 * Large values by content hash. What a run uses stays for as long as the run; what nobody uses goes with the run that
 * used it last, or with the next {@link ArtifactStore.sweep}.
 */
export interface ArtifactStore {
  /**
   * Storing the same hash again changes nothing, but that the artifact now waits to be claimed: until then no
   * deletion of a run takes it away.
   */
  put(hash: string, bytes: Uint8Array): Promise<void>;
  /** Says that a run, which need not be there yet, uses these artifacts, and stores those that come with bytes. */
  claim(run: string, claims: readonly Claim[]): Promise<void>;
  /** Says that a run uses these no longer, and removes those that nobody else uses. */
  release(run: string, hashes: readonly string[]): Promise<void>;
  get(hash: string): Promise<Uint8Array | undefined>;
  has(hash: string): Promise<boolean>;
  delete(hash: string): Promise<boolean>;
  /**
   * Removes all that neither a run nor the cache uses. Only while no run lives: what a live one has put and not yet claimed would go, too.
   * @returns how many artifacts went
   */
  sweep(): Promise<number>;
}

/** The result of a task, for later runs. */
export interface CacheEntry {
  /** What it was made of, in short; no run has such an id. */
  key: string;
  bytes: Uint8Array;
  /** Hashes of the artifacts it refers to, which stay as long as it does. */
  uses: string[];
  /** Bytes it takes, about: those of its artifacts included. @default those of `bytes` */
  size?: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Results that a later run need not find again. */
export interface CacheStore {
  /** In the order of the keys. */
  get(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** What a key has already stays. */
  put(entries: readonly CacheEntry[]): Promise<void>;
  /** Removes entries put before that time, or all. @returns how many */
  delete(before?: number): Promise<number>;
  /** Removes the oldest entries beyond so many bytes together. @returns how many */
  trim(bytes: number): Promise<number>;
  size(): Promise<{ entries: number; bytes: number }>;
}

/** What is set for all that work on this store, as JSON. */
export interface SettingsStore {
  get(key: string): Promise<unknown>;
  /** `undefined` takes it away. */
  set(key: string, value: unknown): Promise<void>;
}

/** How a store writes single values, and what it calls the bytes by. */
export interface ValueCodec {
  /** @throws StoreError `value_not_storable` */
  encode(value: unknown): Uint8Array;
  /** @throws StoreError `value_damaged` */
  decode(bytes: Uint8Array): unknown;
  /** Each of the values by itself: what two of them share comes back as two. @throws StoreError `value_not_storable` */
  encodeList(values: unknown[]): Uint8Array;
  /** @throws StoreError `value_damaged` */
  decodeList(bytes: Uint8Array): unknown[];
  /** Equal bytes have one name. */
  hash(bytes: Uint8Array): Promise<string>;
}

export interface Store {
  readonly graphs: GraphStore;
  readonly runs: RunStore;
  readonly artifacts: ArtifactStore;
  readonly values: ValueCodec;
  readonly cache: CacheStore;
  readonly settings: SettingsStore;
  close(): Promise<void>;
}
