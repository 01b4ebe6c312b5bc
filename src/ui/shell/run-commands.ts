/** Starting a run and steering it, with a word when it does not work. */
import { HandloomError } from '../../errors.ts';
import { m } from '../paraglide/messages.js';
import type { App } from '../state/app.svelte.ts';
import type { RunControl, Which } from '../state/run-control.svelte.ts';
import type { Session, StartChoice } from '../state/session.svelte.ts';

export async function startRun(app: App, session: Session, options: StartChoice = {}): Promise<void> {
  try {
    await session.start(options);
    app.preferences.panel = true;
  } catch (error) {
    app.notices.error(m.run_refused(), error);
    const first = error instanceof HandloomError ? error.issues.find((issue) => issue.node) : undefined;
    if (first?.node) session.editor.reveal(first.node);
  }
}

/** Why no run can begin at the node; undefined when one can. */
export function whyNotFrom(session: Session, node: string | undefined): string | undefined {
  if (node === undefined) return m.run_from_select();
  if (session.starting || session.running) return m.run_from_busy();
  if (session.canStartAt(node)) return undefined;
  return session.hasDropped(node) ? m.run_from_dropped() : m.run_from_nothing();
}

/** Runs a node and what it leads to, or it alone; where that cannot be, says why. */
export async function runFrom(
  app: App,
  session: Session,
  node: string | undefined,
  only: boolean,
): Promise<void> {
  const hindrance = whyNotFrom(session, node);
  if (hindrance !== undefined || node === undefined) return void app.notices.info(hindrance ?? '');
  const rerunOf = session.originOf(node);
  await startRun(app, session, {
    ...(only ? { only: node } : { from: node }),
    ...(rerunOf !== undefined && { rerunOf }),
  });
}

async function attempt(app: App, what: Promise<void>, otherwise: string): Promise<boolean> {
  try {
    await what;
    return true;
  } catch (error) {
    app.notices.error(otherwise, error);
    return false;
  }
}

export const cancelRun = (app: App, control: RunControl) => attempt(app, control.cancel(), m.cancel_failed());
export const pauseRun = (app: App, control: RunControl) => attempt(app, control.pause(), m.pause_failed());
export const resumeRun = (app: App, control: RunControl) => attempt(app, control.resume(), m.resume_failed());
export const closeRun = (app: App, control: RunControl) =>
  attempt(app, control.close(), m.close_run_failed());
export const retryTasks = (app: App, control: RunControl, which: Which = {}) =>
  attempt(app, control.retry(which), m.retry_failed());
/** @returns whether the tasks were taken */
export const addTasks = (app: App, control: RunControl, node: string, payloads: unknown[]) =>
  attempt(app, control.inject(node, payloads), m.add_tasks_failed());
