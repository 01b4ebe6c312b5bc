/** Puts the page together: the engine behind a port, the state over it, and the components over that. */
import './theme.css';
import { mount } from 'svelte';
import { createClient } from '../api/client.ts';
import App from './App.svelte';
import { connectEngine } from './engine-host.ts';
import { m } from './paraglide/messages.js';
import { getLocale } from './paraglide/runtime.js';
import { registerServiceWorker } from './service-worker-registration.ts';
import { App as AppState } from './state/app.svelte.ts';
import { Preferences } from './state/preferences.svelte.ts';
import { Router } from './state/router.svelte.ts';

const engine = connectEngine();
const app = new AppState(createClient(engine.fetch), new Preferences(getLocale()), new Router());
void app.begin();
void registerServiceWorker({
  onUpdate: (activate) => app.notices.ask(m.update_ready(), { label: m.update_now(), run: activate }),
});
engine.onChange(() => {
  // Another tab's engine may have died, and this one have gone on with its runs.
  if (app.ready && engine.phase === 'ready' && app.engine?.phase !== 'ready')
    app.tellResumed().catch(() => {});
  app.engine = { phase: engine.phase, isolation: engine.isolation, role: engine.role };
});

mount(App, { target: document.getElementById('app') as HTMLElement, props: { app } });
