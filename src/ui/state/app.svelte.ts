/** Everything the page knows, made once in `main.ts` and handed down by context. */
import type { Client } from '../../api/client.ts';
import type { Health } from '../../schema/api.ts';
import { Catalog } from './catalog.svelte.ts';
import { Library } from './library.svelte.ts';
import { Notices } from './notices.svelte.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { Router } from './router.svelte.ts';
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
  sheet = $state<'graphs' | 'shortcuts' | 'palette' | 'inspector' | undefined>();

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

  /** Asks the engine what it is and what it can do; everything else waits for that. */
  async begin(): Promise<void> {
    this.failure = undefined;
    try {
      const [health, types] = await Promise.all([this.client.health(), this.client.nodeTypes()]);
      this.health = health;
      this.catalog.types = types;
      this.ready = true;
    } catch (error) {
      this.failure = error;
    }
  }
}
