/** What can be done to one node, in the menu at its card and elsewhere. */
import Cable from '@lucide/svelte/icons/cable';
import Copy from '@lucide/svelte/icons/copy';
import ListStart from '@lucide/svelte/icons/list-start';
import SquarePlay from '@lucide/svelte/icons/square-play';
import Trash2 from '@lucide/svelte/icons/trash-2';
import { m } from '../paraglide/messages.js';
import type { MenuEntry } from '../parts/menu-entry.ts';
import type { App } from '../state/app.svelte.ts';
import type { Session } from '../state/session.svelte.ts';
import { runFrom, whyNotFrom } from './run-commands.ts';
import { mod } from './shortcuts.ts';

/** The ways to run a part of the graph. */
export function partEntries(app: App, session: Session, node: string | undefined): MenuEntry[] {
  const hindrance = whyNotFrom(session, node);
  const about = hindrance ?? (session.originOf(node ?? '') ? m.run_from_about() : m.run_from_inputs());
  const disabled = hindrance !== undefined;
  const run = (only: boolean) => () => void runFrom(app, session, node, only);
  return [
    { label: m.run_from(), icon: ListStart, keys: 'R', about, disabled, run: run(false) },
    { label: m.run_only(), icon: SquarePlay, keys: '⇧ R', disabled, run: run(true) },
  ];
}

/** The menu at a node's card. The node is the one selected. */
export function nodeMenu(app: App, session: Session, node: string): MenuEntry[] {
  const { editor } = session;
  return [
    ...partEntries(app, session, node),
    'line',
    { label: m.connect(), icon: Cable, keys: 'C', run: () => (editor.connecting = node) },
    { label: m.duplicate(), icon: Copy, keys: `${mod} D`, run: () => editor.duplicate() },
    { label: m.remove(), icon: Trash2, danger: true, keys: 'Delete', run: () => editor.removeSelected() },
  ];
}
