/** Everything the page knows, made once in `main.ts` and handed down by context. */
import type { Client } from '../../api/client.ts';
import type { Health } from '../../schema/api.ts';
import { hasEnded } from '../../schema/names.ts';
import { m } from '../paraglide/messages.js';
import { Catalog } from './catalog.svelte.ts';
import { Library } from './library.svelte.ts';
import { Notices } from './notices.svelte.ts';
import type { Preferences } from './preferences.svelte.ts';
import { type Router, runPath } from './router.svelte.ts';
import { Workspace } from './workspace.svelte.ts';

export class App {
  readonly client: Client;
  readonly preferences: Preferences;
  readonly router: Router;
  readonly catalog: Catalog;
  readonly library: Library;
  readonly notices = new Notices();
  readonly workspace: Workspace;
  health = $state.raw<Health | undefined>();
  /** Why the engine could not be reached, if so. */
  failure = $state.raw<unknown>();
  ready = $state(false);
  /** Where the engine lives as seen from this page. */
  engine = $state.raw<
    { phase: string; isolation: string | undefined; role: string | undefined } | undefined
  >();
  /** Whether the palette and the inspector are sheets over the canvas, for want of room beside it. */
  narrow = $state(false);
  /** Which of the sheets over the page is open. */
  sheet = $state<'graphs' | 'shortcuts' | 'palette' | 'inspector' | 'analysis' | undefined>();
  /** Whether the panel of a graph that has not run yet was opened nevertheless. */
  peek = $state(false);

  readonly #told = new Set<string>();

  constructor(client: Client, preferences: Preferences, router: Router) {
    this.client = client;
    this.preferences = preferences;
    this.router = router;
    this.catalog = new Catalog(preferences);
    this.library = new Library(client);
    this.workspace = new Workspace(client);
    const room = matchMedia('(max-width: 52rem)');
    this.narrow = room.matches;
    room.addEventListener('change', () => (this.narrow = room.matches));
  }

  /** Says which runs were interrupted and have gone on since this page was opened, or go on now; each once. */
  async tellResumed(): Promise<void> {
    const { items } = await this.client.listRuns({ limit: 50 });
    for (const { id, graph, status, resumedAt } of items) {
      if (!resumedAt || this.#told.has(id + resumedAt)) continue;
      if (hasEnded(status) && Date.parse(resumedAt) < performance.timeOrigin) continue;
      this.#told.add(id + resumedAt);
      const show = { label: m.show_run(), run: () => this.router.go(runPath(id)) };
      if (status === 'paused') this.notices.ask(m.run_still_paused({ name: graph }), show);
      else this.notices.ask(m.run_resumed({ name: graph }), show, m.run_resumed_about());
    }
  }

  /** Asks the engine what it is and what it can do; everything else waits for that. */
  async begin(): Promise<void> {
    this.failure = undefined;
    try {
      const [health, types] = await Promise.all([this.client.health(), this.client.nodeTypes()]);
      this.health = health;
      this.catalog.types = types;
      this.ready = true;
      // Without this list nothing is told; whoever looks for a run finds it.
      this.tellResumed().catch(() => {});
    } catch (error) {
      this.failure = error;
    }
  }
}
