/** Which panes stand beside the canvas, and what the buttons and keys that open and close them do. */
import type { App } from '../state/app.svelte.ts';
import type { Session } from '../state/session.svelte.ts';

const anySelected = ({ editor }: Session) => editor.selection.size + editor.edgeSelection.size > 0;

/** Unless somebody chose otherwise, the inspector takes room only while there is something selected to inspect. */
export function inspectorShown({ preferences }: App, session: Session): boolean {
  return preferences.inspector === 'open' || (preferences.inspector === 'auto' && anySelected(session));
}

/** Closing it with nothing selected, or opening it with something selected, is what it would do by itself. */
export function toggleInspector(app: App, session: Session): void {
  const shown = inspectorShown(app, session);
  const selected = anySelected(session);
  app.preferences.inspector = shown === selected ? (shown ? 'closed' : 'open') : 'auto';
}

/** Before a first run there is nothing to show, so the panel is a bar until it is asked for. */
export function panelShown(app: App, hasRun: boolean): boolean {
  return hasRun ? app.preferences.panel : app.peek;
}

export function setPanel(app: App, hasRun: boolean, open: boolean): void {
  if (hasRun) app.preferences.panel = open;
  else app.peek = open;
}
