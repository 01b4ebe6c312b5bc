/** `handloom run`: one graph from start to end. */
import { restrictGraph } from '../../src/engine/graph/scope.ts';
import { ValidationError } from '../../src/errors.ts';
import type { Spawn } from '../../src/pool/worker-handle.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { openNodeHost } from '../node-host.ts';
import { BadInput } from './exit.ts';
import { checkWritable, type FollowOptions, followToEnd } from './follow-run.ts';
import { warningText } from './issue-text.ts';
import { type InputOption, readGraph } from './read-graph.ts';

export interface RunCommandOptions extends FollowOptions {
  input: InputOption[];
  data: string;
  files?: string;
  workers?: number;
  keepOpen?: boolean;
  from?: string;
  only?: string;
}

/** Runs a graph file. @returns the exit status @throws BadInput */
export async function runCommand(file: string, options: RunCommandOptions, threads: Spawn): Promise<number> {
  const graph = await readGraph(file, options.input, options.typed);
  if (!options.quiet) process.stderr.write(warningText(file, graph));
  await checkWritable(options.report);
  const { data, files, workers, keepOpen = false } = options;
  const part = partOf(graph, options);
  const host = await openNodeHost({ dataDir: data, files, workers, threads });
  try {
    const { id } = await host.engine.start(graph, { keepOpen, ...part });
    if (keepOpen && !options.quiet) {
      process.stderr.write(`run ${id}: kept open; handloom inject adds tasks, handloom close ends it\n`);
    }
    return await followToEnd(host.engine, id, options);
  } finally {
    await host.close();
  }
}

/** @throws BadInput */
function partOf(graph: Graph, { from, only }: RunCommandOptions): { from?: string; only?: boolean } {
  const node = from ?? only;
  if (node === undefined) return {};
  if (from !== undefined && only !== undefined) throw new BadInput(['--from and --only do not go together']);
  const scope = { from: node, only: only !== undefined };
  try {
    restrictGraph(graph, scope);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const why = error.code === 'unknown_node' ? 'there is no such node' : error.message;
    throw new BadInput([`--${from === undefined ? 'only' : 'from'} ${node}: ${why}`]);
  }
  return scope;
}
