/**
 * What a node type is. One file under `src/nodes/<category>/` defines one type with {@link defineNode}; its
 * `examples` are at once its tests, its documentation and its preview in the palette.
 *
 * Five kinds:
 * - `map` handles each payload on its own. What the handler returns goes to the port `out`; {@link many},
 *   {@link to} and {@link none} say otherwise.
 * - `fold` keeps a state, steps it with each payload, one at a time, and gives the last state when everything
 *   upstream has ended.
 * - `collect` keeps the payloads themselves and gives them as one list when everything upstream has ended, in the
 *   order of the inputs they descend from.
 * - `join` has two input ports, `left` and `right`. Its handlers give the key of a payload; when everything upstream
 *   has ended, it gives `{ key, left, right }` for each pair of payloads with equal keys.
 * - `relay` holds a graph and passes each payload on into it; the engine lays the graph out.
 *
 * A definition module must stay light, since every host loads all of them: import heavy libraries lazily, inside
 * `create`.
 */
import type { z } from 'zod';
import type { TableRef } from '../schema/table.ts';

/** A text in every language of the interface. */
export interface Localized {
  en: string;
  zh: string;
}

export type PortType = 'any' | 'number' | 'string' | 'boolean' | 'array' | 'object' | 'table';

export interface PortSpec {
  name: string;
  /** What travels through it; `any` connects to everything. */
  type: PortType;
  title?: Localized;
}

/** What a definition may need while a run is prepared; kept out of the workers. */
export interface PrepareTools {
  /**
   * Turns JavaScript or TypeScript source (a function expression, or a module with a default export) into the
   * text of one JavaScript expression that evaluates to that function.
   * @throws ValidationError with line and column, naming `field`, when the source does not parse.
   */
  compile(source: string, field: string): string;
}

/** The files of the workspace: a directory on Node, OPFS or a picked folder in the browser. Paths use `/`. */
export interface Files {
  /** @throws HandloomError `file_not_found` naming the path. */
  read(path: string): Promise<Uint8Array>;
  /** Creates missing folders; replaces what was there as a whole or not at all. */
  write(path: string, data: Uint8Array | string): Promise<void>;
  delete(path: string): Promise<void>;
  list(prefix?: string): Promise<{ path: string; bytes: number }[]>;
}

/** Tables, kept by content hash and computed on by DuckDB. */
export interface Tables {
  /** Reads a CSV, JSON (array, or one object a line) or Parquet file of the workspace. */
  readFile(path: string, options?: { format?: 'csv' | 'json' | 'parquet' }): Promise<TableRef>;
  /** Makes a table of records; the columns are the union of their keys. */
  fromRows(rows: Record<string, unknown>[]): Promise<TableRef>;
  /** One SELECT over the named tables. A quoted file name in FROM reads that file of the workspace. */
  query(sql: string, tables?: Record<string, TableRef>): Promise<TableRef>;
  /** Records `offset` to `offset + limit` of a table (default: all). */
  rows(table: TableRef, range?: { offset?: number; limit?: number }): Promise<Record<string, unknown>[]>;
  /** Writes a table to a file of the workspace. */
  writeFile(table: TableRef, path: string, options?: { format?: 'csv' | 'json' | 'parquet' }): Promise<void>;
}

/** What every handler gets beside its payload: the only way a node touches the world. */
export interface NodeContext {
  readonly run: string;
  readonly node: string;
  readonly task: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The same for every attempt at this task: lets an outside system tell a repeat from a new request. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  /** Uniform in [0, 1), seeded by run and task, so that a replay draws the same numbers. */
  random(): number;
  /** Writes a line to the log of the run, with whatever else is to be seen beside it. */
  log(message: unknown, ...data: unknown[]): void;
  /** How far this task is, 0 to 1. */
  progress(fraction: number): void;
  /** Refused unless the graph's settings permit the host. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  readonly files: Files;
  readonly tables: Tables;
}

/** Results other than "this one value to the port `out`". */
export class Emission {
  readonly port: string | undefined;
  readonly values: Iterable<unknown> | AsyncIterable<unknown>;
  constructor(values: Iterable<unknown> | AsyncIterable<unknown>, port?: string) {
    this.values = values;
    this.port = port;
  }
}
/** Every value of an iterable is a result of its own. */
export const many = (values: Iterable<unknown> | AsyncIterable<unknown>, port?: string): Emission =>
  new Emission(values, port);
/** One result, to the named port. */
export const to = (port: string, value: unknown): Emission => new Emission([value], port);
/** No result. */
export const none: Emission = new Emission([]);

export type Handler = (payload: unknown, ctx: NodeContext) => unknown;

export interface Folder {
  /** The first state; when it gives `undefined` the first payload becomes the state. */
  initial(): unknown;
  step(state: unknown, payload: unknown, ctx: NodeContext): unknown;
}

/** What gives the key of a payload, by the input port of a join. */
export interface KeyHandlers {
  left: Handler;
  right: Handler;
}

export interface NodeExample {
  title?: Localized;
  params?: Record<string, unknown>;
  payloads: unknown[];
  /** How many of the payloads, from the end, come in at the port `right`, where there is one. */
  fromRight?: number;
  /** Results in order, from every port. */
  results: unknown[];
  /** Results by port, where it is not all `out`. */
  ports?: Record<string, unknown[]>;
  /** Names of errors the payloads give, in order, where some fail. */
  errors?: string[];
  /** Files the workspace holds before, as text by path. */
  files?: Record<string, string>;
  /** Files it holds afterwards, where the node writes some. */
  written?: Record<string, string>;
  /** What the network answers, by method and address: `GET https://…`; nothing else is there. */
  responses?: Record<string, { status?: number; headers?: Record<string, string>; body?: string }>;
}

interface NodeDefinitionBase<Params extends z.ZodObject> {
  /** `category.name`, as in graph files. */
  type: string;
  /** Raised when equal params and payload would give another result than before. */
  version: number;
  title: Localized;
  summary: Localized;
  /** Name of a Lucide icon, kebab-case. */
  icon: string;
  inputs: PortSpec[];
  outputs: PortSpec[] | ((params: z.output<Params>) => PortSpec[]);
  /** Fields may carry `.meta({ title, title_zh, description, description_zh, widget })` for the form. */
  params: Params;
  /**
   * Where its handler runs. `worker`: in the pool, for computing and for code of the user's. `host`: beside the
   * engine, for nodes that only wait for `ctx` (files, tables).
   */
  place: 'worker' | 'host';
  /** Gets one empty task at the start of a run when no edge and no input feeds it. */
  trigger?: boolean;
  /** One payload may give many results. */
  fansOut?: boolean;
  /** Changes something outside the run, so a repeat may be seen there. */
  effects?: boolean;
  /** What the graph must permit. */
  requires?: ('fetch' | 'files' | 'tables')[];
  /**
   * Checks the params beyond their schema and turns them into what `create` gets; runs once, when a run starts
   * or a graph is validated.
   * It may give a promise, so that it can load a library when it needs one.
   * @throws ValidationError with issues that name the field, and the line where there is one.
   */
  prepare?(params: z.output<Params>, tools: PrepareTools): unknown;
  examples: NodeExample[];
}

export interface MapDefinition<Params extends z.ZodObject = z.ZodObject> extends NodeDefinitionBase<Params> {
  kind: 'map';
  /** Makes the handler, once per worker. Gets the result of `prepare`, or the params. */
  create(prepared: never): Handler | Promise<Handler>;
}
export interface FoldDefinition<Params extends z.ZodObject = z.ZodObject> extends NodeDefinitionBase<Params> {
  kind: 'fold';
  create(prepared: never): Folder | Promise<Folder>;
}
export interface CollectDefinition<Params extends z.ZodObject = z.ZodObject>
  extends NodeDefinitionBase<Params> {
  kind: 'collect';
}

export interface JoinDefinition<Params extends z.ZodObject = z.ZodObject> extends NodeDefinitionBase<Params> {
  kind: 'join';
  /** Makes what gives the key of a payload, by the port it came in at; once per worker. */
  create(prepared: never): KeyHandlers | Promise<KeyHandlers>;
  /** Of which sides payloads without a partner are given, too. */
  keeps(params: z.output<Params>): { left: boolean; right: boolean };
}

export interface RelayDefinition<Params extends z.ZodObject = z.ZodObject>
  extends NodeDefinitionBase<Params> {
  kind: 'relay';
}

export type NodeDefinition<Params extends z.ZodObject = z.ZodObject> =
  | MapDefinition<Params>
  | JoinDefinition<Params>
  | RelayDefinition<Params>
  | FoldDefinition<Params>
  | CollectDefinition<Params>;

/** Declares a node type; the identity function, for its types. */
export function defineNode<Params extends z.ZodObject>(definition: NodeDefinition<Params>): NodeDefinition {
  return definition as unknown as NodeDefinition;
}

/** The ports a node with these params has; `params` have passed the definition's schema. */
export function outputsOf(definition: NodeDefinition, params: Record<string, unknown>): PortSpec[] {
  return typeof definition.outputs === 'function' ? definition.outputs(params) : definition.outputs;
}

/** Whether results of this type may be those of an earlier run: nothing outside the payload has a part in them. */
export const isCacheable = ({ kind, effects, requires }: NodeDefinition): boolean =>
  kind === 'map' && !effects && !requires?.length;

/** All node types a host knows. */
export interface NodeRegistry {
  get(type: string): NodeDefinition | undefined;
  list(): NodeDefinition[];
}
