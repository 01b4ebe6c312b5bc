/** What is wrong with a file, as lines for a terminal: `graph.json: nodes[3] "split": params.code line 2: …`. */
import { warningsOf } from '../../src/engine/graph/warnings.ts';
import type { HandloomError, Issue } from '../../src/errors.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { pathText } from '../../src/schema/read-json.ts';
import { printable } from './printable.ts';

/** One line per issue; an error without issues is one line. */
export function errorLines(file: string, error: HandloomError): string[] {
  const issues = error.issues.length > 0 ? error.issues : [{ code: error.code, message: error.message }];
  return issues.map((issue) => issueLine(file, issue));
}

export function issueLine(file: string, issue: Issue): string {
  return [file, ...place(issue), withoutPlace(issue)].map(printable).join(': ');
}

/** What is likely a mistake in a graph that can run, each on a line of its own. */
export const warningText = (file: string, graph: Graph): string =>
  warningsOf(graph, registry)
    .map(({ message }) => `${printable(`${file}: warning: ${message}`)}\n`)
    .join('');

function place(issue: Issue): string[] {
  const path = issue.path ?? [];
  const line = issue.line === undefined ? '' : `line ${issue.line}`;
  if (path.length === 0 || issue.code === 'not_json') {
    const where = [
      issue.node && `node ${JSON.stringify(issue.node)}`,
      issue.field,
      issue.code === 'not_json' ? '' : line,
    ];
    const text = where.filter(Boolean).join(' ');
    return text ? [text] : [];
  }
  // The thing in its list, then what is wrong within it.
  const [list, index, ...rest] = path;
  const isItem = typeof index === 'number';
  const item = isItem ? pathText([list as string, index]) : '';
  const name = list === 'nodes' && issue.node !== undefined ? ` ${JSON.stringify(issue.node)}` : '';
  const inside = [pathText(isItem ? rest : path), line].filter(Boolean).join(' ');
  return [item + name, inside].filter(Boolean);
}

/** The message without the place it may begin with, which the line has told already. */
function withoutPlace({ message, node, path }: Issue): string {
  if (!path) return message;
  const where = `${pathText(path)}: `;
  if (message.startsWith(where)) return message.slice(where.length);
  if (node === undefined) return message;
  const start = `Node ${JSON.stringify(node)}`;
  if (!message.startsWith(`${start},`) && !message.startsWith(`${start}:`)) return message;
  const rest = message.slice(start.length);
  return rest.slice(rest.indexOf(': ') + 2);
}
