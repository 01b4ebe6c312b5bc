/**
 * Whether a document is a graph that can run: its shape, then its meaning. Finds all that is wrong, each with its
 * place, rather than the first thing.
 */
import { type Issue, ValidationError } from '../../errors.ts';
import {
  isCacheable,
  type NodeDefinition,
  type NodeRegistry,
  outputsOf,
  type PrepareTools,
} from '../../nodes/define-node.ts';
import { errorPort, type Graph, type GraphNode } from '../../schema/graph.ts';
import { policySchema } from '../../schema/policy.ts';
import type { PreparedNode } from '../executor.ts';
import { checkStructure, invalid, type Report, show, wording } from './graph-structure.ts';
import { adjacency, sourcePortOf } from './plan.ts';
import { deepestSubgraph, entriesOf } from './subgraphs.ts';
import { components, isCyclic } from './topology.ts';

export interface ValidGraph {
  graph: Graph;
  /** In the document's order, those within a subgraph right after it. */
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
  const validation: Validation = { registry, tools, nodes: [], levels: new Map() };
  const outermost = { depth: 0, prefix: '', isFed: false, isStaged: false, report };
  const graph = await checkLevel(validation, document, outermost);
  if (!graph || issues.length > 0) throw invalid(issues);
  return { graph, nodes: validation.nodes };
}

interface Validation {
  registry: NodeRegistry;
  tools: PrepareTools;
  /** Those ready to run, of every level. */
  nodes: PreparedNode[];
  /** By the id a node has in the run. */
  levels: Map<string, Level>;
}

/** The document itself, or a graph that one of its nodes holds. */
interface Level {
  depth: number;
  /** What the ids of its nodes begin with. */
  prefix: string;
  /** Whether something leads to the node that holds it. */
  isFed: boolean;
  isStaged: boolean;
  /** Takes issues whose places are in this graph. */
  report: Report;
}

async function checkLevel(
  validation: Validation,
  document: unknown,
  level: Level,
): Promise<Graph | undefined> {
  const { registry, tools } = validation;
  const { report } = level;
  const graph = checkStructure(document, report);
  if (!graph) return undefined;
  checkClashes(graph, validation, level);
  const isStaged = level.isStaged || graph.settings?.schedule === 'staged';
  const byId = new Map<string, PreparedNode>();
  for (const [index, node] of graph.nodes.entries()) {
    const prepared = await prepareNode(node, index, registry, tools, report);
    if (!prepared) continue;
    byId.set(node.id, prepared);
    validation.nodes.push({ ...prepared, id: level.prefix + node.id });
    if (prepared.definition.kind !== 'relay') continue;
    const isFed = isFedAt(graph, node, level, registry);
    await checkSubgraph(validation, node, index, { ...level, isFed, isStaged });
  }
  checkEdges(graph, byId, report);
  if (isStaged) checkSchedule(graph, report);
  return graph;
}

/** @param around the level of the node that holds the graph, with what the graph takes on from there */
async function checkSubgraph(
  validation: Validation,
  node: GraphNode,
  index: number,
  around: Level,
): Promise<void> {
  const path = ['nodes', index, 'params', 'graph'];
  const refuse = (code: string, problem: string) => {
    const message = `Node ${show(node.id)}, graph: ${problem}`;
    around.report({ code, message, path, node: node.id, field: 'graph' });
  };
  const depth = around.depth + 1;
  if (depth > deepestSubgraph) {
    return refuse('subgraph_too_deep', `graphs lie within each other more than ${deepestSubgraph} deep.`);
  }
  const report: Report = (issue) => around.report(fromWithin(issue, node.id, path));
  const inner = { ...around, depth, prefix: `${around.prefix}${node.id}/`, report };
  const graph = await checkLevel(validation, node.params?.graph, inner);
  if (graph && around.isFed && entriesOf(graph, inputTest(validation.registry)).length === 0) {
    const why = graph.nodes.length === 0 ? 'it has no nodes' : 'an edge leads to each of its nodes';
    refuse('subgraph_no_entry', `no value can come in, since ${why}.`);
  }
}

/** An issue of a graph that a node holds, as one of the graph around it. */
function fromWithin(issue: Issue, holder: string, path: (string | number)[]): Issue {
  const node = issue.node === undefined ? holder : `${holder}/${issue.node}`;
  const names = ['Node', 'In'].find((word) => issue.message.startsWith(`${word} ${show(issue.node)}`));
  const message = names
    ? `${names} ${show(node)}${issue.message.slice(`${names} ${show(issue.node)}`.length)}`
    : `In ${show(holder)}: ${issue.message}`;
  return { ...issue, message, path: [...path, ...(issue.path ?? [])], node };
}

/** Whether something leads to a node: an edge, inputs, or what comes to the subgraph whose entry it is. */
function isFedAt(graph: Graph, node: GraphNode, level: Level, registry: NodeRegistry): boolean {
  if (graph.edges.some((edge) => edge.target === node.id) || graph.inputs?.[node.id]?.length) return true;
  return level.isFed && entriesOf(graph, inputTest(registry)).includes(node);
}

/** Tells types that have an input port. */
const inputTest =
  (registry: NodeRegistry) =>
  (type: string): boolean =>
    registry.get(type)?.inputs.length !== 0;

/** A node of the document may not be called what one within a subgraph is called. */
function checkClashes(graph: Graph, { levels }: Validation, level: Level): void {
  graph.nodes.forEach(({ id }, index) => {
    const other = levels.get(level.prefix + id);
    levels.set(level.prefix + id, level);
    if (!other || other === level) return;
    const message = `The id ${show(level.prefix + id)} is that of a node and of one within a subgraph.`;
    level.report({ code: 'node_id_clash', message, path: ['nodes', index, 'id'], node: id });
  });
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
  if (node.policy?.cache && !isCacheable(definition)) {
    const message = `Node ${show(node.id)}: Results of ${node.type} cannot be kept for later runs, since they depend on more than the payload.`;
    const where = { path: [...path, 'policy', 'cache'], node: node.id, field: 'policy.cache' };
    report({ code: 'not_cacheable', message, ...where });
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
