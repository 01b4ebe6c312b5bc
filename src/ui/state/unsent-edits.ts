/**
 * Edits that a page was left with before it could hand them over. A page that goes away takes its engine with it and
 * is given no time, so they are put where that takes no waiting, and handed over when their graph is opened again.
 */
import { fromBase64, toBase64 } from '../../schema/base64.ts';

const prefix = (graph: string) => `handloom.unsent.${graph}.`;

/** Keeps a Yjs update; each page's are kept apart, since several may leave at once. */
export function keepUnsent(graph: string, update: Uint8Array): void {
  try {
    localStorage.setItem(prefix(graph) + crypto.randomUUID(), toBase64(update));
  } catch {
    // Storage refused or full: what was typed in the last moment is all that can be lost.
  }
}

/** The updates kept for a graph, and a function that forgets them: to be called when they have been handed over. */
export function takeUnsent(graph: string): { updates: Uint8Array[]; forget: () => void } {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix(graph)));
    const updates = keys.map((key) => fromBase64(localStorage.getItem(key) ?? ''));
    const forget = () => {
      for (const key of keys) localStorage.removeItem(key);
    };
    return { updates, forget };
  } catch {
    return { updates: [], forget: () => {} };
  }
}
