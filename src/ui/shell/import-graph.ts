/** Ways in and out for graphs as files. A file that is no sound graph is refused whole, with the place named. */
import { HandloomError } from '../../errors.ts';
import type { Graph } from '../../schema/graph.ts';
import { fromGraphTree, toGraphText } from '../../schema/graph-file.ts';
import { m } from '../paraglide/messages.js';
import type { App } from '../state/app.svelte.ts';
import { graphPath } from '../state/router.svelte.ts';
import { download } from './download.ts';

/** Reads a graph's text, has the engine judge it, and gives it. @throws HandloomError naming the places. */
export async function readGraph(app: App, text: string): Promise<Graph> {
  const { readJson } = await import('../../schema/read-json.ts');
  const document = fromGraphTree(readJson(text));
  const { issues } = await app.client.validateGraph(document);
  const refused = issues.filter((issue) => !mendable.has(issue.code));
  if (refused.length)
    throw new HandloomError(refused[0]?.code ?? 'bad_graph', refused[0]?.message ?? '', { issues: refused });
  return document as Graph;
}

/** What keeps a graph from running but not from being opened: it is shown at its node, to be put right there. */
const mendable = new Set<string>();

/** Stores the graph of a file and opens it. Whatever is wrong is told; nothing is stored then. */
export async function importGraph(app: App, name: string, text: string): Promise<void> {
  try {
    const graph = await readGraph(app, text);
    const id = await app.library.create(graph);
    app.sheet = undefined;
    app.router.go(graphPath(id));
    app.notices.info(m.imported({ name: graph.name || name }));
  } catch (error) {
    app.notices.error(m.import_refused({ name }), error);
  }
}

export function chooseGraphFile(app: App): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,application/json';
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void file.text().then((text) => importGraph(app, file.name, text));
  });
  input.click();
}

export function exportGraph(graph: Graph): void {
  const stem = graph.name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'graph';
  download(`${stem}.json`, `${toGraphText(graph, 2)}\n`, 'application/json');
}
