/**
 * One open graph: what it holds, what is selected, and every command that changes it. The document keeps history
 * and merges with other tabs; this class turns it into values that components can draw.
 */
import type { Issue } from '../../errors.ts';
import type { Graph, GraphEdge, GraphNode, GraphSettings } from '../../schema/graph.ts';
import { toGraphText } from '../../schema/graph-file.ts';
import { errorPort } from '../../schema/names.ts';
import type { PolicyInput } from '../../schema/policy.ts';
import { pathTo } from '../../schema/subgraph.ts';
import type { GraphDocument } from '../../sync/graph-document.ts';
import type { GraphUndo } from '../../sync/graph-undo.ts';
import { type Catalog, portsFit } from './catalog.svelte.ts';
import { freePlace, type Point } from './place.ts';
import { threadKeys } from './run-view.svelte.ts';

export interface Ends {
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
}
/** A port that a new node is to be connected to. */
export interface PortPlace {
  node: string;
  port: string;
  side: 'in' | 'out';
}
export interface QuickAdd {
  screen: Point;
  from?: PortPlace;
}
/** What only the canvas can do, lent while it is on show. */
export interface CanvasView {
  toFlow: (screen: Point) => Point;
  fit: () => void;
  reveal: (node: string) => void;
  /** Moves the view just when a place is out of sight. */
  show: (place: Point) => void;
  /** The middle of what is in sight. */
  middle: () => Point;
  tidy: () => void;
}

/** How nodes travel on the clipboard: a graph like any other, so that it also pastes into a file. */
const column = 300;

export class Editor {
  readonly id: string;
  readonly document: GraphDocument;
  readonly catalog: Catalog;

  graph = $state.raw<Graph>(undefined as never);
  selection = $state.raw<ReadonlySet<string>>(new Set());
  edgeSelection = $state.raw<ReadonlySet<string>>(new Set());
  /** What keeps the graph from running, from the engine's last look at it. */
  issues = $state.raw<Issue[]>([]);
  quickAdd = $state.raw<QuickAdd | undefined>();
  connecting = $state.raw<string | undefined>();
  canUndo = $state(false);
  canRedo = $state(false);

  readonly nodes = $derived(new Map(this.graph.nodes.map((node) => [node.id, node])));
  readonly selected = $derived.by((): GraphNode | undefined => {
    const [only, ...others] = this.selection;
    return only === undefined || others.length ? undefined : this.nodes.get(only);
  });

  #view: CanvasView | undefined;
  readonly #undo: GraphUndo;
  readonly #stops: (() => void)[];

  constructor(id: string, document: GraphDocument, catalog: Catalog) {
    this.id = id;
    this.document = document;
    this.catalog = catalog;
    this.graph = document.toGraph();
    this.#undo = document.createUndo();
    this.#stops = [
      document.observe(() => this.#refresh()),
      this.#undo.observe(() => {
        this.canUndo = this.#undo.canUndo;
        this.canRedo = this.#undo.canRedo;
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#undo.destroy();
  }

  // What is selected

  select(nodes: Iterable<string>, edges: Iterable<string> = []): void {
    const next = new Set(nodes);
    const nextEdges = new Set(edges);
    if (!equalSets(next, this.selection)) this.selection = next;
    if (!equalSets(nextEdges, this.edgeSelection)) this.edgeSelection = nextEdges;
  }

  selectAll(): void {
    this.select(this.nodes.keys(), threadKeys(this.graph.edges));
  }

  /** Selects a node, or the subgraph that holds it, and brings it into view. */
  reveal(id: string): void {
    const node = pathTo(this.graph, id)?.[0]?.id;
    if (node === undefined) return;
    this.select([node]);
    this.#view?.reveal(node);
  }

  lendView(view: CanvasView): () => void {
    this.#view = view;
    return () => {
      if (this.#view === view) this.#view = undefined;
    };
  }

  /** Moves the view just when that node is out of sight. */
  bringIntoView(node: string): void {
    const place = this.nodes.get(node)?.position;
    if (place) this.#view?.show(place);
  }

  fit(): void {
    this.#view?.fit();
  }

  tidy(): void {
    this.#view?.tidy();
  }

  openQuickAdd(at?: QuickAdd): void {
    this.quickAdd = at ?? { screen: { x: innerWidth / 2, y: innerHeight / 3 } };
  }

  // Commands

  /**
   * Adds a node and selects it: at `screen` if given, else beside what is selected, else in the middle of the view.
   * It is connected to `from`, or to the selected node when that has a fitting output nobody uses yet.
   */
  add(type: string, at: { screen?: Point; from?: PortPlace | undefined } = {}): string {
    const beside = at.from ? this.nodes.get(at.from.node) : at.screen ? undefined : this.selected;
    const params = this.catalog.startingParams(type);
    const position = this.#placeFor(at, beside);
    const node: GraphNode = {
      id: newNodeId({ type }),
      type,
      position: { ...position },
      ...(Object.keys(params).length && { params }),
    };
    this.document.batch(() => {
      this.document.addNode(node);
      const ends = at.from ? this.#endsTo(at.from, node) : beside && this.#endsAfter(beside, node);
      if (ends) this.document.connect(toEdge(ends));
    });
    this.select([node.id]);
    if (!at.screen) this.#view?.show(position);
    return node.id;
  }

  removeSelected(): void {
    const keys = threadKeys(this.graph.edges);
    const edges = this.graph.edges.filter((_, index) => this.edgeSelection.has(keys[index] as string));
    const nodes = [...this.selection];
    if (!nodes.length && !edges.length) return;
    this.document.batch(() => {
      this.document.disconnect(edges);
      this.document.removeNodes(nodes);
    });
    this.select([]);
  }

  move(positions: Record<string, Point>): void {
    this.document.moveNodes(positions);
  }

  nudge(dx: number, dy: number): void {
    const positions: Record<string, Point> = {};
    for (const id of this.selection) {
      const at = this.nodes.get(id)?.position;
      if (at) positions[id] = { x: at.x + dx, y: at.y + dy };
    }
    if (Object.keys(positions).length) this.move(positions);
  }

  connect(ends: Ends): void {
    this.document.connect(toEdge(ends));
  }

  rename(name: string): void {
    this.document.setName(name.trim() || 'Untitled');
  }

  setLabel(node: string, label: string): void {
    this.document.setLabel(node, label.trim() || undefined);
  }

  setParam(node: string, name: string, value: unknown): void {
    this.document.setParam(node, name, value);
  }

  /** Sets fields of a node's policy; `undefined` takes a field back to its default. */
  setPolicy(node: string, change: Partial<PolicyInput>): void {
    this.document.setPolicy(node, change);
  }

  setInputs(node: string, payloads: unknown[]): void {
    this.document.setInputs(node, payloads.length ? payloads : undefined);
  }

  setDescription(description: string): void {
    this.document.setDescription(description || undefined);
  }

  setSettings(change: Partial<GraphSettings>): void {
    this.document.setSettings(change);
  }

  undo(): void {
    this.#undo.undo();
  }

  redo(): void {
    this.#undo.redo();
  }

  // The clipboard

  /** The selected nodes and what connects them, as the text of a graph file. */
  copyText(): string | undefined {
    const part = this.#copy();
    return part && toGraphText(part, 2);
  }

  #copy(): Graph | undefined {
    if (!this.selection.size) return undefined;
    const { format, version, name } = this.graph;
    const nodes = this.graph.nodes.filter((node) => this.selection.has(node.id));
    const edges = this.graph.edges.filter(
      (edge) => this.selection.has(edge.source) && this.selection.has(edge.target),
    );
    const inputs = Object.entries(this.graph.inputs ?? {}).filter(([id]) => this.selection.has(id));
    const part: Graph = {
      format,
      version,
      name,
      nodes,
      edges,
      ...(inputs.length && { inputs: Object.fromEntries(inputs) }),
    };
    return part;
  }

  /** Adds the nodes of a graph under new names, beside where they were copied from. */
  paste(part: Graph, offset: Point = { x: 36, y: 36 }): void {
    this.select(this.document.paste(part, offset));
  }

  duplicate(): void {
    const part = this.#copy();
    if (part) this.paste(structuredClone(part));
  }

  #refresh(): void {
    this.graph = this.document.toGraph();
    this.select(
      [...this.selection].filter((id) => this.nodes.has(id)),
      this.edgeSelection,
    );
    if (this.issues.length)
      this.issues = this.issues.filter((issue) => !issue.node || pathTo(this.graph, issue.node));
  }

  #placeFor(at: { screen?: Point; from?: PortPlace | undefined }, beside: GraphNode | undefined): Point {
    const others = this.graph.nodes.flatMap((node) => (node.position ? [node.position] : []));
    if (at.screen && this.#view) return freePlace(this.#view.toFlow(at.screen), others);
    const start = beside?.position;
    if (start)
      return freePlace({ x: start.x + (at.from?.side === 'in' ? -column : column), y: start.y }, others);
    const middle = this.#view?.middle() ?? { x: 0, y: 0 };
    return freePlace({ x: middle.x - 108, y: middle.y - 40 }, others);
  }

  /** The connection from a port to the first port of a new node that fits. */
  #endsTo(from: PortPlace, node: GraphNode): Ends | undefined {
    const other = this.nodes.get(from.node);
    if (!other) return undefined;
    if (from.side === 'in') {
      const type = this.catalog.inputs(other).find((port) => port.name === from.port)?.type ?? 'any';
      const out = this.catalog.outputs(node).find((port) => portsFit(port.type, type));
      return out && { source: node.id, sourcePort: out.name, target: from.node, targetPort: from.port };
    }
    const type =
      from.port === errorPort
        ? 'object'
        : (this.catalog.outputs(other).find((port) => port.name === from.port)?.type ?? 'any');
    const into = this.catalog.inputs(node).find((port) => portsFit(type, port.type));
    return into && { source: from.node, sourcePort: from.port, target: node.id, targetPort: into.name };
  }

  #endsAfter(before: GraphNode, node: GraphNode): Ends | undefined {
    const used = new Set(
      this.graph.edges.filter((edge) => edge.source === before.id).map((edge) => edge.sourcePort ?? 'out'),
    );
    const free = this.catalog.outputs(before).find((port) => !used.has(port.name));
    return free && this.#endsTo({ node: before.id, port: free.name, side: 'out' }, node);
  }
}

function toEdge({ source, sourcePort, target, targetPort }: Ends): GraphEdge {
  return {
    source,
    target,
    ...(sourcePort !== 'out' && { sourcePort }),
    ...(targetPort !== 'in' && { targetPort }),
  };
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A readable id that no other tab will choose: `filter-k3x9q`. */
export function newNodeId({ type }: { type: string }): string {
  const stem = (type.split('.').at(-1) ?? type).replace(/[^\w-]/g, '-');
  const random = [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => letters[byte % letters.length]);
  return `${stem}-${random.join('')}`;
}

function equalSets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
