/** The graphs this host keeps, and the ways a new one comes about. */
import type { Client } from '../../api/client.ts';
import type { Graph } from '../../schema/graph.ts';
import { emptyGraph } from '../../schema/names.ts';
import type { GraphRecord } from '../../store/store.ts';

const lastKey = 'handloom.lastGraph';

export class Library {
  graphs = $state.raw<GraphRecord[]>([]);
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async load(): Promise<GraphRecord[]> {
    this.graphs = (await this.#client.listGraphs({ limit: 1000 })).items;
    return this.graphs;
  }

  async create(graph: Graph = emptyGraph()): Promise<string> {
    const { id } = await this.#client.createGraph(graph);
    return id;
  }

  async duplicate(id: string, name: (name: string) => string): Promise<string> {
    const { id: _id, createdAt: _created, updatedAt: _updated, ...graph } = await this.#client.getGraph(id);
    return this.create({ ...graph, name: name(graph.name) } as Graph);
  }

  async remove(id: string): Promise<void> {
    await this.#client.deleteGraph(id);
    this.graphs = this.graphs.filter((graph) => graph.id !== id);
  }

  /** The graph to open where none is named: the one that was open last, else the newest. */
  async last(): Promise<string | undefined> {
    const graphs = await this.load();
    const kept = readLast();
    return (graphs.find((graph) => graph.id === kept) ?? graphs[0])?.id;
  }

  remember(id: string): void {
    try {
      localStorage.setItem(lastKey, id);
    } catch {
      // Storage refused: the newest graph opens instead.
    }
  }
}

function readLast(): string | null {
  try {
    return localStorage.getItem(lastKey);
  } catch {
    return null;
  }
}
