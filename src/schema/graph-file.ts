/**
 * Graphs as text. A graph is plain JSON; where its payloads or params hold what JSON lacks (dates, big integers, NaN),
 * the whole text is typed JSON (`typed-json.ts`), and its field `encoding` says so.
 */
import type { Graph } from './graph.ts';
import { toJsonText } from './json.ts';
import { fromTyped } from './read-typed-json.ts';
import { toTypedText } from './typed-json.ts';

/** What `encoding` says of a graph in typed JSON. */
export const typedEncoding = 'handloom.values';

/** The text of a graph, which {@link fromGraphTree} takes back without a loss. */
export function toGraphText(graph: Graph, indent?: number): string {
  const isPlain = isJson(graph.inputs ?? {}) && graph.nodes.every(({ params = {} }) => isJson(params));
  if (isPlain) return toJsonText(graph, indent);
  const { format, version, ...rest } = graph;
  return toTypedText({ format, version, encoding: typedEncoding, ...rest }, indent);
}

/**
 * The document that parsed JSON stands for; anything but a graph in typed JSON is left as it is. Takes the tree over.
 * @throws ValidationError `bad_value`
 */
export function fromGraphTree(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return tree;
  const { encoding, ...document } = tree as Record<string, unknown>;
  return encoding === typedEncoding ? fromTyped(document) : tree;
}

/** Whether JSON gives this value back just as it is. */
function isJson(root: unknown): boolean {
  const open: unknown[] = [root];
  const met = new Set<object>();
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'number' ? !Number.isFinite(value) || Object.is(value, -0) : isForeign(value))
      return false;
    if (typeof value !== 'object' || value === null) continue;
    // In two places: it may hold itself.
    if (met.has(value)) return false;
    met.add(value);
    const keys = Object.keys(value);
    if (Array.isArray(value) ? keys.length !== value.length : Object.hasOwn(value, '__proto__')) return false;
    for (const key of keys) open.push((value as Record<string, unknown>)[key]);
  }
  return true;
}

/** Neither JSON's primitives nor a list or a plain object. */
function isForeign(value: unknown): boolean {
  if (typeof value !== 'object') return !['string', 'boolean', 'number'].includes(typeof value);
  if (value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== null;
}
