/** The words and the dye of a run's status. */
import type { RunStatus } from '../../schema/run.ts';
import { problemText } from '../i18n/problem-text.svelte.ts';
import { m } from '../paraglide/messages.js';
import type { RunView } from '../state/run-view.svelte.ts';

export function statusTitle(status: RunStatus): string {
  switch (status) {
    case 'pending':
      return m.status_pending();
    case 'running':
      return m.status_running();
    case 'paused':
      return m.status_paused();
    case 'succeeded':
      return m.status_succeeded();
    case 'partial':
      return m.status_partial();
    case 'failed':
      return m.status_failed();
    case 'cancelled':
      return m.status_cancelled();
  }
}

export function statusDye(status: RunStatus): string {
  if (status === 'succeeded') return 'var(--ok)';
  if (status === 'failed' || status === 'partial') return 'var(--fail)';
  if (status === 'cancelled') return 'var(--ink-3)';
  return 'var(--busy)';
}

/** What of a run cannot be read, or why it stands as it does, where its status alone does not say. */
export function reasonOf({ summary, problem }: RunView): { text: string; isFault: boolean } | undefined {
  if (problem) return { text: problemText(problem), isFault: true };
  const { status, reason: message, reasonCode } = summary;
  if (!message || !(reasonCode || status === 'failed' || status === 'cancelled')) return undefined;
  return { text: problemText({ code: 'run_reason', message }), isFault: status === 'failed' };
}
