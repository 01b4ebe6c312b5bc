/**
 * Whether a document is a graph that can run: its shape, then its meaning. Finds all that is wrong, each with its
 * place, rather than the first thing.
 */
import { type Issue, ValidationError } from '../errors.ts';
import {
  type NodeDefinition,
  type NodeRegistry,
  outputsOf,
  type PrepareTools,
} from '../nodes/define-node.ts';
import { errorPort, type Graph, type GraphNode } from '../schema/graph.ts';
import { policySchema } from '../schema/policy.ts';
import type { PreparedNode } from './executor.ts';
import { checkStructure, invalid, type Report, show, wording } from './graph-structure.ts';
import { adjacency, sourcePortOf } from './plan.ts';
import { components, isCyclic } from './topology.ts';

export interface ValidGraph {
  graph: Graph;
  /** In the document's order. */
  nodes: PreparedNode[];
}

/** Checks a document and makes its nodes ready to run. @throws ValidationError whose `issues` name every place. */
export async function validateGraph(
  document: unknown,
  registry: NodeRegistry,
  tools: PrepareTools,
): Promise<ValidGraph> {
  const issues: Issue[] = [];
  const report: Report = (issue) => issues.push(issue);
  const graph = checkStructure(document, report);
  if (!graph) throw invalid(issues);

  const nodes: (PreparedNode | undefined)[] = [];
  for (const [index, node] of graph.nodes.entries())
    nodes.push(await prepareNode(node, index, registry, tools, report));
  const byId = new Map(nodes.flatMap((node) => (node ? [[node.id, node] as const] : [])));
  checkEdges(graph, byId, report);
  checkSchedule(graph, report);
  if (issues.length > 0) throw invalid(issues);
  return { graph, nodes: nodes as PreparedNode[] };
}

async function prepareNode(
  node: GraphNode,
  index: number,
  registry: NodeRegistry,
  tools: PrepareTools,
  report: Report,
): Promise<PreparedNode | undefined> {
  const path = ['nodes', index];
  const definition = registry.get(node.type);
  if (!definition) {
    const message = `Node ${show(node.id)} has the unknown type ${show(node.type)}.`;
    report({ code: 'unknown_node_type', message, path: [...path, 'type'], node: node.id });
    return undefined;
  }
  const params = definition.params.safeParse(node.params ?? {});
  if (!params.success) {
    for (const issue of params.error.issues) {
      const where = issue.path.map(String);
      const field = where.join('.') || 'params';
      const message = `Node ${show(node.id)}, ${field}: ${wording(issue)}`;
      report({ code: 'invalid_params', message, path: [...path, 'params', ...where], node: node.id, field });
    }
    return undefined;
  }
  const prepared = await prepareParams(node, path, definition, params.data, tools, report);
  if (!prepared) return undefined;
  return {
    id: node.id,
    type: node.type,
    definition,
    params: params.data,
    prepared: prepared.value,
    policy: policySchema.parse(node.policy ?? {}),
    outputs: outputsOf(definition, params.data).map((port) => port.name),
  };
}

/** The definition's own check, which also compiles code. */
async function prepareParams(
  node: GraphNode,
  path: (string | number)[],
  definition: NodeDefinition,
  params: Record<string, unknown>,
  tools: PrepareTools,
  report: Report,
): Promise<{ value: unknown } | undefined> {
  try {
    return { value: definition.prepare ? await definition.prepare(params, tools) : params };
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const found = error.issues.length > 0 ? error.issues : [{ code: error.code, message: error.message }];
    for (const issue of found) {
      const at = [issue.field, issue.line && `line ${issue.line}`].filter(Boolean).join(', ');
      const message = `Node ${show(node.id)}${at && `, ${at}`}: ${issue.message}`;
      const field = issue.field ? [issue.field] : [];
      report({ ...issue, message, node: node.id, path: [...path, 'params', ...field] });
    }
    return undefined;
  }
}

function checkEdges(graph: Graph, prepared: ReadonlyMap<string, PreparedNode>, report: Report): void {
  graph.edges.forEach((edge, index) => {
    const path = ['edges', index];
    const source = prepared.get(edge.source);
    if (source && !hasOutput(source, sourcePortOf(edge, source.outputs))) {
      const message =
        edge.sourcePort === undefined
          ? `Edge ${index} must say which port of ${show(source.id)} it leaves: ${list(source.outputs)}.`
          : `Edge ${index} leaves port ${show(edge.sourcePort)} of ${show(source.id)}, which has ${list(source.outputs)}.`;
      report({ code: 'unknown_port', message, path: [...path, 'sourcePort'], node: source.id });
    }
    const target = prepared.get(edge.target);
    const inputs = target?.definition.inputs.map((port) => port.name) ?? [];
    if (
      target &&
      (inputs.length === 0 || (edge.targetPort !== undefined && !inputs.includes(edge.targetPort)))
    ) {
      const asked = edge.targetPort === undefined ? '' : ` port ${show(edge.targetPort)} of`;
      const message = `Edge ${index} leads to${asked} ${show(target.id)}, which has ${list(inputs)}.`;
      report({ code: 'unknown_port', message, path: [...path, 'targetPort'], node: target.id });
    }
  });
}

const hasOutput = (node: PreparedNode, port: string | undefined): boolean =>
  port === errorPort || (port !== undefined && node.outputs.includes(port));

function checkSchedule(graph: Graph, report: Report): void {
  if (graph.settings?.schedule !== 'staged') return;
  const indexOf = new Map(graph.nodes.map((node, index) => [node.id, index]));
  const successors = adjacency(graph, indexOf);
  const cycle = components(successors).members.find((members) => isCyclic(members, successors));
  if (!cycle) return;
  const ids = cycle.map((index) => show(graph.nodes[index]?.id));
  const message = `A staged schedule needs a graph without cycles; ${ids.slice(0, 5).join(', ')} form one.`;
  report({ code: 'staged_cycle', message, path: ['settings', 'schedule'] });
}

const list = (ports: string[]): string =>
  ports.length === 0
    ? 'no such ports'
    : `the port${ports.length > 1 ? 's' : ''} ${ports.map(show).join(', ')}`;
