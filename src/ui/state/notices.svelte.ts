/** Short messages that come and go; errors stay until dismissed. */
import type { Issue } from '../../errors.ts';
import { failureText } from '../i18n/problem-text.svelte.ts';
import { issueWithPlace } from '../parts/issue-text.ts';

export interface Notice {
  id: number;
  kind: 'info' | 'error';
  title: string;
  detail?: string | undefined;
  /** Places, one a line. */
  lines?: string[] | undefined;
  action?: { label: string; run: () => void } | undefined;
}

/** Milliseconds an information stays. */
const stay = 5000;

export class Notices {
  list = $state.raw<Notice[]>([]);
  #next = 1;

  info(title: string, more: Partial<Notice> = {}): void {
    const id = this.#add({ ...more, kind: 'info', title });
    setTimeout(() => this.dismiss(id), stay);
  }

  /** A message that stays until it is answered or dismissed. */
  ask(title: string, action: { label: string; run: () => void }, detail?: string): void {
    this.#add({ kind: 'info', title, action, detail });
  }

  /** What has been done, but not as it should be: stays until it is dismissed. */
  warn(title: string, detail: string): void {
    this.#add({ kind: 'error', title, detail });
  }

  /** Shows what went wrong; errors of the family tell their places. */
  error(title: string, cause?: unknown): void {
    const detail = cause instanceof Error ? failureText(cause) : undefined;
    const issues = (cause as { issues?: Issue[] } | undefined)?.issues ?? [];
    const lines = issues.slice(0, 6).map(issueWithPlace);
    if (issues.length > lines.length) lines.push(`… ${issues.length - lines.length}`);
    this.#add({ kind: 'error', title, detail: lines.length ? undefined : detail, lines });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(notice: Omit<Notice, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...notice, id }].slice(-4);
    return id;
  }
}
