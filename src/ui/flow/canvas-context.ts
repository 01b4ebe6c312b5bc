/** What the cards and threads on a canvas need to know beyond their own data. */
import { createContext } from 'svelte';
import type { Issue } from '../../errors.ts';
import type { Catalog } from '../state/catalog.svelte.ts';
import type { RunView } from '../state/run-view.svelte.ts';

export interface CanvasContext {
  readonly catalog: Catalog;
  /** The run whose figures are shown, if any. */
  readonly run: RunView | undefined;
  readonly readOnly: boolean;
  /** So many nodes that nothing may move for its own sake. */
  readonly large: boolean;
  issuesOf(node: string): Issue[];
  /** Whether an edge leaves this node's error port. */
  hasErrorEdge(node: string): boolean;
}

export const [getCanvas, setCanvas] = createContext<CanvasContext>();
