/**
 * A graph that several tabs may edit at once: a Yjs document behind the editor's commands.
 *
 * Each command is one transaction with this editor's origin, so undo takes back what was done here and nothing else.
 * A command on a node that is gone does nothing, since another tab may have removed it a moment ago. Graphs that
 * {@link GraphDocument.toGraph} gives are shared and must not be changed.
 */
import { nanoid } from 'nanoid';
import * as Y from 'yjs';
import { ValidationError } from '../errors.ts';
import type { Graph, GraphEdge, GraphNode, GraphSettings } from '../schema/graph.ts';
import type { PolicyInput } from '../schema/policy.ts';
import { type FieldMap, getField, replaceFields, setField } from './fields.ts';
import {
  edgeFields,
  edgeKey,
  graphFields,
  nodeFields,
  nodeKey,
  readEdge,
  readGraph,
  readNode,
} from './graph-fields.ts';
import { GraphUndo, type GraphUndoOptions } from './graph-undo.ts';
import { entriesOf, inOrder, nextOrder, type Parts, part, remember, replaceParts } from './parts.ts';

export interface Point {
  x: number;
  y: number;
}

/** Nodes with the edges between them, as the clipboard carries them. */
export interface GraphPart {
  nodes: GraphNode[];
  edges: GraphEdge[];
  inputs?: Record<string, unknown[]>;
}

export interface GraphDocumentOptions {
  doc?: Y.Doc;
  /** Marks the transactions of this editor; any value that is equal only to itself. */
  origin?: unknown;
  /** Ids of new nodes; must not repeat, also not in another tab. @default ten random letters */
  newId?: (node: { type: string }) => string;
}

export interface GraphChange {
  origin: unknown;
  /** Made by a command of this document, its undo included, rather than received. */
  local: boolean;
}

type NewNode = Partial<GraphNode> & { type: string };

export class GraphDocument {
  readonly doc: Y.Doc;
  readonly origin: unknown;
  readonly #newId: (node: { type: string }) => string;
  readonly #own: FieldMap;
  readonly #nodes: Parts;
  readonly #edges: Parts;
  readonly #undos = new Set<GraphUndo>();
  /** Parts read before, so that what did not change is the same object as before. */
  #readNodes = new WeakMap<FieldMap, GraphNode | undefined>();
  #readEdges = new WeakMap<FieldMap, GraphEdge | undefined>();
  #graph: Graph | undefined;

  constructor(options: GraphDocumentOptions = {}) {
    this.doc = options.doc ?? new Y.Doc();
    this.origin = options.origin ?? this;
    this.#newId = options.newId ?? (() => nanoid(10));
    this.#own = this.doc.getMap('graph');
    this.#nodes = this.doc.getMap('nodes');
    this.#edges = this.doc.getMap('edges');
    const forget = (events: Y.YEvent<Y.AbstractType<unknown>>[]) => {
      this.#graph = undefined;
      for (const { target } of events) {
        this.#readNodes.delete(target as unknown as FieldMap);
        this.#readEdges.delete(target as unknown as FieldMap);
      }
    };
    for (const map of [this.#own, this.#nodes, this.#edges]) map.observeDeep(forget as never);
  }

  /** A document of its own that holds this graph. */
  static fromGraph(graph: Graph, options: GraphDocumentOptions = {}): GraphDocument {
    const document = new GraphDocument(options);
    document.replace(graph);
    return document;
  }

  /** The graph as it stands: repaired where merging left parts that do not fit. */
  toGraph(): Graph {
    this.#graph ??= readGraph(
      this.#own,
      inOrder(this.#nodes, (map, key) => {
        const node = remember(this.#readNodes, map, readNode);
        return node && nodeKey(node.id) === key ? node : undefined;
      }),
      inOrder(this.#edges, (map) => remember(this.#readEdges, map, readEdge)),
    );
    return this.#graph;
  }

  /** Adds a node after the others and gives its id. A node of that id that is there already is replaced. */
  addNode(node: NewNode): string {
    const id = node.id ?? this.#newId(node);
    this.#change(() => this.#putNode({ ...node, id } as GraphNode, nextOrder(this.#nodes)));
    return id;
  }

  /** Removes nodes, with their edges and inputs. */
  removeNodes(ids: Iterable<string>): void {
    const gone = new Set(ids);
    this.#change(() => {
      for (const id of gone) {
        this.#nodes.delete(nodeKey(id));
        setField(this.#own, ['input', id], undefined);
      }
      for (const [key, map] of entriesOf(this.#edges)) {
        const edge = readEdge(map);
        if (edge && (gone.has(edge.source) || gone.has(edge.target))) this.#edges.delete(key);
      }
    });
  }

  /** Moves nodes to where they are named to be; drags that follow each other closely are one step of undo. */
  moveNodes(positions: Readonly<Record<string, Point>>): void {
    const moves = Object.entries(positions);
    this.#change(
      () => {
        for (const [id, { x, y }] of moves) {
          const map = this.#node(id);
          const old = map && (getField(map, ['field', 'position']) as Partial<Point> | undefined);
          this.#setNode(id, ['field', 'position'], { ...old, x, y });
        }
      },
      `move ${moves.map(([id]) => id)}`,
    );
  }

  /** Without a label, the node shows its type's title. */
  setLabel(node: string, label: string | undefined): void {
    this.#change(() => this.#setNode(node, ['field', 'label'], label), `label ${node}`);
  }

  /** `undefined` removes the parameter. */
  setParam(node: string, name: string, value: unknown): void {
    this.#change(() => this.#setNode(node, ['param', name], value), `param ${node} ${name}`);
  }

  /** Changes the fields named, and removes those that are named as `undefined`. */
  setPolicy(node: string, policy: Partial<PolicyInput>): void {
    const fields = Object.entries(policy);
    this.#change(
      () => {
        for (const [name, value] of fields) this.#setNode(node, ['policy', name], value);
      },
      `policy ${node} ${fields.map(([name]) => name)}`,
    );
  }

  /** Draws an edge between nodes that are there; an edge that is there already stays as it is. */
  connect(edge: GraphEdge): void {
    this.#change(() => {
      if (!this.#node(edge.source) || !this.#node(edge.target) || this.#edges.has(edgeKey(edge))) return;
      this.#putEdge(edge, nextOrder(this.#edges));
    });
  }

  disconnect(edges: Iterable<GraphEdge>): void {
    this.#change(() => {
      for (const edge of edges) this.#edges.delete(edgeKey(edge));
    });
  }

  /** The payloads a run delivers to this node first; `undefined` for none. */
  setInputs(node: string, payloads: unknown[] | undefined): void {
    this.#change(() => {
      if (this.#node(node)) setField(this.#own, ['input', node], payloads);
    }, `inputs ${node}`);
  }

  setName(name: string): void {
    this.#change(() => setField(this.#own, ['field', 'name'], name), 'name');
  }

  setDescription(description: string | undefined): void {
    this.#change(() => setField(this.#own, ['field', 'description'], description), 'description');
  }

  /** Changes the settings named, and removes those that are named as `undefined`. */
  setSettings(settings: Partial<GraphSettings>): void {
    this.#change(() => {
      for (const [name, value] of Object.entries(settings)) setField(this.#own, ['setting', name], value);
    });
  }

  /** Adds copies of these nodes, with their inputs and the edges among them, and gives the new ids in order. */
  paste(copied: GraphPart, offset: Point = { x: 0, y: 0 }): string[] {
    const ids = new Map(copied.nodes.map((node) => [node.id, this.#newId(node)]));
    this.#change(() => {
      for (const node of copied.nodes) {
        const id = ids.get(node.id) as string;
        const { position } = node;
        const moved = position && { ...position, x: position.x + offset.x, y: position.y + offset.y };
        this.#putNode({ ...node, id, ...(moved && { position: moved }) }, nextOrder(this.#nodes));
        const inputs =
          copied.inputs && Object.hasOwn(copied.inputs, node.id) ? copied.inputs[node.id] : undefined;
        if (inputs) setField(this.#own, ['input', id], inputs);
      }
      for (const edge of copied.edges) {
        const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
        if (source !== undefined && target !== undefined) {
          this.#putEdge({ ...edge, source, target }, nextOrder(this.#edges));
        }
      }
    });
    return [...ids.values()];
  }

  /**
   * Changes the document into this graph, touching only what differs, so that other tabs' edits merge with it. Parts
   * of what is given are kept, and must not be changed.
   */
  replace(graph: Graph): void {
    this.#change(() => {
      replaceFields(this.#own, graphFields(graph));
      const nodes = new Map(graph.nodes.map((node) => [nodeKey(node.id), node]));
      replaceParts(this.#nodes, nodes, nodeFields);
      replaceParts(this.#edges, new Map(graph.edges.map((edge) => [edgeKey(edge), edge])), edgeFields);
    });
  }

  /** Several commands as one transaction, and so one step of undo. */
  batch(commands: () => void): void {
    this.#change(commands);
  }

  /** Calls back after every transaction that changed something; the returned function ends it. */
  observe(onChange: (change: GraphChange) => void): () => void {
    const listener = (transaction: Y.Transaction) => {
      if (transaction.changed.size) onChange({ origin: transaction.origin, local: transaction.local });
    };
    this.doc.on('afterTransaction', listener);
    return () => this.doc.off('afterTransaction', listener);
  }

  /** Undo and redo of what this document's commands do from now on. */
  createUndo(options: GraphUndoOptions = {}): GraphUndo {
    const undo: GraphUndo = new GraphUndo(
      [this.#own, this.#nodes, this.#edges] as Y.AbstractType<unknown>[],
      this.origin,
      options,
      () => this.#undos.delete(undo),
    );
    this.#undos.add(undo);
    return undo;
  }

  /** What is known here, for another replica to say what is new to it. */
  vector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** Everything, or what a replica in the state `vector` does not have. */
  encode(vector?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, vector);
  }

  /**
   * Merges what another replica sent, in any order and any number of times.
   * @throws ValidationError `invalid_update`, the document unchanged, when it is not a Yjs update.
   */
  apply(update: Uint8Array, origin: unknown = 'remote'): void {
    try {
      // Applying reads as it goes, so a broken update would be half applied.
      Y.decodeUpdate(update);
    } catch (cause) {
      throw new ValidationError('invalid_update', 'The update is not one of a graph document.', { cause });
    }
    Y.applyUpdate(this.doc, update, origin);
  }

  /** Lets go of the document and its undo. */
  destroy(): void {
    for (const undo of [...this.#undos]) undo.destroy();
    this.doc.destroy();
  }

  #change(work: () => void, gesture?: string): void {
    for (const undo of this.#undos) undo.begin(gesture);
    this.doc.transact(work, this.origin);
  }

  #node(id: string): FieldMap | undefined {
    const map = this.#nodes.get(nodeKey(id));
    return map instanceof Y.Map ? map : undefined;
  }

  #setNode(id: string, key: [string, string], value: unknown): void {
    const map = this.#node(id);
    if (map) setField(map, key, value);
  }

  #putNode(node: GraphNode, order: number): void {
    replaceFields(part(this.#nodes, nodeKey(node.id)), nodeFields(node, order));
  }

  #putEdge(edge: GraphEdge, order: number): void {
    replaceFields(part(this.#edges, edgeKey(edge)), edgeFields(edge, order));
  }
}
