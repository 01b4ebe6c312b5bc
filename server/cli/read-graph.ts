/** Graph and input files, read and checked before anything is opened or stored. */
import { readFile } from 'node:fs/promises';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { HandloomError, type Issue, ValidationError } from '../../src/errors.ts';
import { prepareTools } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { fromGraphTree } from '../../src/schema/graph-file.ts';
import { readJson } from '../../src/schema/read-json.ts';
import { readTypedJson } from '../../src/schema/read-typed-json.ts';
import { BadInput } from './exit.ts';
import { errorLines } from './issue-text.ts';

/** `NODE=FILE.json`, as it stands on the command line. */
export interface InputOption {
  node: string;
  file: string;
}

/**
 * Reads a graph and the inputs that replace its own. `typed`: all of them are typed JSON.
 * @throws BadInput with every problem of every file
 */
export async function readGraph(file: string, inputs: InputOption[] = [], typed = false): Promise<Graph> {
  const document = await readJsonFile(file, typed, fromGraphTree);
  const given = await readInputs(inputs, typed);
  try {
    const { graph } = await validateGraph(withInputs(document, given), registry, prepareTools);
    return graph;
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    // An unknown node in --input is no mistake of the graph's file.
    const fromOption = (issue: Issue) =>
      issue.path?.[0] === 'inputs' && Object.hasOwn(given, String(issue.path[1]));
    const own = error.issues.filter((issue) => !fromOption(issue));
    const others = error.issues
      .filter(fromOption)
      .map((issue) => `--input ${issue.path?.[1]}: ${issue.message}`);
    const lines = own.length > 0 || others.length === 0 ? errorLines(file, withIssues(error, own)) : [];
    throw new BadInput([...lines, ...others]);
  }
}

/** Payloads by node. @throws BadInput */
export async function readInputs(inputs: InputOption[], typed = false): Promise<Record<string, unknown[]>> {
  const given: Record<string, unknown[]> = {};
  for (const { node, file } of inputs) {
    const payloads = await readJsonFile(file, typed);
    if (!Array.isArray(payloads)) throw new BadInput([`${file}: a list of payloads for ${node} is expected`]);
    given[node] = [...(given[node] ?? []), ...payloads];
  }
  return given;
}

async function readJsonFile(
  file: string,
  typed: boolean,
  asSaid = (tree: unknown): unknown => tree,
): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new BadInput([`${file}: ${whyUnreadable(error as NodeJS.ErrnoException)}`]);
  }
  try {
    return typed ? readTypedJson(bytes) : asSaid(readJson(bytes));
  } catch (error) {
    if (error instanceof HandloomError) throw new BadInput(errorLines(file, error));
    throw error;
  }
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'this is a folder, not a file';
  if (code === 'EACCES') return 'it may not be read';
  return message;
}

function withInputs(document: unknown, given: Record<string, unknown[]>): unknown {
  if (Object.keys(given).length === 0 || typeof document !== 'object' || document === null) return document;
  const { inputs } = document as { inputs?: object };
  return { ...document, inputs: { ...inputs, ...given } };
}

const withIssues = (error: ValidationError, issues: Issue[]) =>
  new ValidationError(error.code, error.message, { issues });
