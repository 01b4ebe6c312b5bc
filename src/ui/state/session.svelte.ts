/** One graph open in the editor, with its keeper and the run on show. */
import type { Client } from '../../api/client.ts';
import { HandloomError, type Issue } from '../../errors.ts';
import { lacksPayloads } from '../../schema/names.ts';
import type { RunSummary } from '../../schema/run.ts';
import type { GraphDocument } from '../../sync/graph-document.ts';
import type { Catalog } from './catalog.svelte.ts';
import { DocumentSync } from './document-sync.svelte.ts';
import { Editor } from './editor.svelte.ts';
import { RunControl } from './run-control.svelte.ts';
import type { RunView } from './run-view.svelte.ts';
import { watchRun } from './watch-run.ts';

/** How much of the graph is run, and with what. */
export interface StartChoice {
  keepOpen?: boolean;
  from?: string;
  only?: string;
  rerunOf?: string;
}

/** Runs of the graph among which one is looked for that has given a node something. */
const recentRuns = 20;
/** Milliseconds of rest after a change before the engine is asked whether the graph can run. */
const restBeforeCheck = 500;

export class Session {
  readonly editor: Editor;
  readonly sync: DocumentSync;
  run = $state.raw<RunView | undefined>();
  starting = $state(false);
  /** Runs of this graph before the one on show, newest first. */
  #before = $state.raw<RunSummary[]>([]);
  readonly running = $derived(this.run?.live ?? false);

  readonly control: RunControl;

  readonly #client: Client;
  #stopRun: (() => void) | undefined;
  #check: ReturnType<typeof setTimeout> | undefined;
  readonly #stopEffects: () => void;

  private constructor(client: Client, editor: Editor, sync: DocumentSync) {
    this.#client = client;
    this.editor = editor;
    this.sync = sync;
    const current = () => this.run;
    this.control = new RunControl(client, {
      get run() {
        return current();
      },
      follow: (id) => this.#show(id),
    });
    this.#stopEffects = $effect.root(() => {
      $effect(() => {
        void this.editor.graph;
        clearTimeout(this.#check);
        // An engine that is just changing tabs cannot tell; the next change asks again, and so does a run.
        this.#check = setTimeout(() => void this.check().catch(() => {}), restBeforeCheck);
      });
    });
  }

  /** @throws HandloomError `graph_not_found` */
  static async open(client: Client, id: string, document: GraphDocument, catalog: Catalog): Promise<Session> {
    const sync = new DocumentSync(client, id, document);
    try {
      await sync.open();
    } catch (error) {
      sync.dispose();
      throw error;
    }
    const session = new Session(client, new Editor(id, document, catalog), sync);
    await session.#showNewest();
    return session;
  }

  /** Asks the engine what keeps the graph from running. */
  async check(): Promise<Issue[]> {
    const asked = this.editor.graph;
    const { issues } = await this.#client.validateGraph(asked);
    if (this.editor.graph === asked) this.editor.issues = issues as Issue[];
    return issues as Issue[];
  }

  /** Keeps what was changed, then starts a run. Whatever stands in the way appears at its node. */
  async start(options: StartChoice = {}): Promise<void> {
    if (this.starting || this.running) return;
    this.starting = true;
    try {
      await this.sync.flush();
      const { id } = await this.#client.startRun(this.editor.id, options);
      await this.#show(id);
    } catch (error) {
      if (error instanceof HandloomError && error.issues.length) this.editor.issues = error.issues;
      throw error;
    } finally {
      this.starting = false;
    }
  }

  /** The newest run that has given the node something. */
  originOf(node: string): string | undefined {
    return this.#runs().find((run) => (run.nodes[node]?.input ?? 0) > 0 && !lacksPayloads(run, node))?.id;
  }

  /** Whether a run has given the node something that is no longer kept. */
  hasDropped(node: string): boolean {
    return this.#runs().some((run) => lacksPayloads(run, node));
  }

  #runs(): RunSummary[] {
    const shown = this.run?.summary;
    return shown ? [shown, ...this.#before.filter(({ id }) => id !== shown.id)] : this.#before;
  }

  /** Whether there is something to give a node where a run would begin. */
  canStartAt(id: string): boolean {
    const { graph, nodes, catalog } = this.editor;
    const node = nodes.get(id);
    if (!node) return false;
    if (graph.inputs?.[id]?.length || this.originOf(id) !== undefined) return true;
    return (catalog.get(node.type)?.trigger ?? false) && !graph.edges.some(({ target }) => target === id);
  }

  /** Takes the run off the canvas; it stays in the list of runs. */
  hideRun(): void {
    this.#stopRun?.();
    this.#stopRun = undefined;
    if (this.run) this.#before = [this.run.summary, ...this.#before].slice(0, recentRuns);
    this.run = undefined;
  }

  dispose(): void {
    clearTimeout(this.#check);
    this.#stopEffects();
    this.hideRun();
    this.editor.dispose();
    this.sync.dispose();
  }

  async #show(id: string): Promise<void> {
    const { view, stop } = await watchRun(this.#client, id);
    this.hideRun();
    this.#stopRun = stop;
    this.run = view;
  }

  async #showNewest(): Promise<void> {
    try {
      this.#before = (await this.#client.listRuns({ graph: this.editor.id, limit: recentRuns })).items;
      const [newest] = this.#before;
      if (newest) await this.#show(newest.id);
    } catch {
      // The graph can be edited without its last run on show.
    }
  }
}
