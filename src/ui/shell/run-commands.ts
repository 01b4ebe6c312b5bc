/** Starting and ending a run, with a word when it does not work. */
import { HandloomError } from '../../errors.ts';
import { m } from '../paraglide/messages.js';
import type { App } from '../state/app.svelte.ts';
import type { Session } from '../state/session.svelte.ts';

export async function startRun(app: App, session: Session): Promise<void> {
  try {
    await session.start();
    if (!app.preferences.panel) app.preferences.panel = true;
  } catch (error) {
    app.notices.error(m.run_refused(), error);
    const first = error instanceof HandloomError ? error.issues.find((issue) => issue.node) : undefined;
    if (first?.node) session.editor.reveal(first.node);
  }
}

export async function cancelRun(app: App, session: Session): Promise<void> {
  try {
    await session.cancel();
  } catch (error) {
    app.notices.error(m.cancel_failed(), error);
  }
}
