/**
 * The structure of a graph document: the format's shape, ids that are unique, edges and inputs whose nodes are there.
 * What nodes do, and whether they can, is `validate.ts`.
 */
import type { z } from 'zod';
import { type Issue, ValidationError } from '../../errors.ts';
import { type Graph, graphFormat, graphSchema, graphVersion } from '../../schema/graph.ts';
import { pathTo } from '../../schema/subgraph.ts';

export type Report = (issue: Issue) => void;

/** A document as a graph, whatever the types of its nodes. @throws ValidationError whose `issues` name every place */
export function readStructure(document: unknown): Graph {
  const issues: Issue[] = [];
  const graph = checkStructure(document, (issue) => issues.push(issue));
  if (!graph || issues.length > 0) throw invalid(issues);
  return graph;
}

/** Reports all that is wrong with the structure. @returns undefined when there is not even a graph to look at */
export function checkStructure(document: unknown, report: Report): Graph | undefined {
  const graph = checkShape(document, report);
  if (graph) {
    checkIds(graph, report);
    checkEnds(graph, report);
    checkInputs(graph, report);
  }
  return graph;
}

/** One error for all that is wrong with a document. */
export function invalid(issues: Issue[]): ValidationError {
  const [first] = issues;
  const single = issues.length === 1 && first;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new ValidationError(single ? first.code : 'invalid_graph', `${first?.message}${rest}`, { issues });
}

/** The shape alone: the format's schema. The document itself is given back, so that unknown fields stay. */
function checkShape(document: unknown, report: Report): Graph | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    report({ code: 'not_a_graph', message: 'This is not a graph: an object is expected.', path: [] });
    return undefined;
  }
  const { format, version } = document as { format?: unknown; version?: unknown };
  if (format !== graphFormat) {
    const message = `This is not a graph: "format" must be "${graphFormat}", not ${show(format)}.`;
    report({ code: 'unknown_format', message, path: ['format'] });
    return undefined;
  }
  if (version !== graphVersion) {
    const newer = typeof version === 'number' && version > graphVersion;
    const message = newer
      ? `This graph has format version ${version}; this Handloom reads version ${graphVersion}. A newer Handloom is needed.`
      : `"version" must be ${graphVersion}, not ${show(version)}.`;
    report({ code: newer ? 'newer_version' : 'unknown_version', message, path: ['version'] });
    return undefined;
  }
  const parsed = graphSchema.safeParse(withoutPayloads(document));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) report(shapeIssue(issue, document));
    return undefined;
  }
  const graph = document as Graph;
  return { ...graph, name: graph.name ?? parsed.data.name, edges: graph.edges ?? [] };
}

/** Payloads may be anything and may be a million, so the schema is only shown that they come in lists. */
function withoutPayloads(document: object): object {
  const { inputs } = document as { inputs?: unknown };
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) return document;
  const lists = Object.entries(inputs).map(([node, list]) => [node, Array.isArray(list) ? [] : list]);
  return { ...document, inputs: Object.fromEntries(lists) };
}

function shapeIssue(issue: z.core.$ZodIssue, document: object): Issue {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const node = nodeIdAt(document, path);
  const field = path[0] === 'nodes' ? path.slice(2).join('.') : undefined;
  const code = field === 'policy.mode' ? 'unknown_mode' : 'invalid_field';
  return {
    code,
    message: `${place(path, node)}: ${wording(issue)}`,
    path,
    ...(node !== undefined && { node }),
    ...(field && { field }),
  };
}

function nodeIdAt(document: object, path: (string | number)[]): string | undefined {
  if (path[0] !== 'nodes' || typeof path[1] !== 'number') return undefined;
  const id = (document as { nodes?: { id?: unknown }[] }).nodes?.[path[1]]?.id;
  return typeof id === 'string' ? id : undefined;
}

function checkIds(graph: Graph, report: Report): void {
  const seen = new Set<string>();
  graph.nodes.forEach(({ id }, index) => {
    if (seen.has(id)) {
      const message = `Two nodes have the id ${show(id)}.`;
      report({ code: 'duplicate_node_id', message, path: ['nodes', index, 'id'], node: id });
    }
    seen.add(id);
  });
}

function checkEnds(graph: Graph, report: Report): void {
  const known = new Set(graph.nodes.map((node) => node.id));
  graph.edges.forEach((edge, index) => {
    for (const end of ['source', 'target'] as const) {
      if (known.has(edge[end])) continue;
      const message = `Edge ${index} names ${show(edge[end])} as its ${end}, and there is no such node.`;
      report({ code: 'unknown_node', message, path: ['edges', index, end] });
    }
  });
}

/** Inputs may go to nodes within subgraphs, too. */
function checkInputs(graph: Graph, report: Report): void {
  for (const id of Object.keys(graph.inputs ?? {})) {
    if (pathTo(graph, id)) continue;
    const message = `The inputs name ${show(id)}, and there is no such node.`;
    report({ code: 'unknown_node', message, path: ['inputs', id] });
  }
}

/** The library's message, in words for those who draw graphs. */
export const wording = (issue: z.core.$ZodIssue): string =>
  issue.message.replace('Invalid input: ', '').replace(', received undefined', ', and it is missing');

const place = (path: (string | number)[], node: string | undefined): string => {
  if (node !== undefined) return `Node ${show(node)}, ${path.slice(2).join('.')}`;
  return path.join('.') || 'The graph';
};

/** A value as a message names it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
