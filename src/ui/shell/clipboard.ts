/** Nodes on the clipboard are the JSON of a graph, so they travel between tabs, files and messages. */
import type { Graph } from '../../schema/graph.ts';
import { graphFormat } from '../../schema/names.ts';
import { m } from '../paraglide/messages.js';
import type { App } from '../state/app.svelte.ts';
import type { Editor } from '../state/editor.svelte.ts';
import { readGraph } from './import-graph.ts';

/** Whether a text looks like nodes of ours, sound or not. */
export const looksLikeGraph = (text: string): boolean => /^\s*\{/.test(text) && text.includes(graphFormat);

/** Adds the nodes of a text to the open graph; what is wrong with them is told and nothing is added. */
export async function pasteText(app: App, editor: Editor, text: string): Promise<void> {
  if (!looksLikeGraph(text)) {
    app.notices.info(m.paste_nothing());
    return;
  }
  try {
    const graph: Graph = await readGraph(app, text);
    editor.paste(graph);
  } catch (error) {
    app.notices.error(m.paste_refused(), error);
  }
}
