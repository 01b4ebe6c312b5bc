/** `handloom run`: one graph from start to end. */
import { openNodeHost } from '../node-host.ts';
import { checkWritable, type FollowOptions, followToEnd } from './follow-run.ts';
import { type InputOption, readGraph } from './read-graph.ts';

export interface RunCommandOptions extends FollowOptions {
  input: InputOption[];
  data: string;
  files?: string;
  workers?: number;
}

/** Runs a graph file. @returns the exit status @throws BadInput */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const graph = await readGraph(file, options.input);
  await checkWritable(options.report);
  const { data, files, workers } = options;
  const host = await openNodeHost({ dataDir: data, files, workers });
  try {
    const { id } = await host.engine.start(graph);
    return await followToEnd(host.engine, id, options);
  } finally {
    await host.close();
  }
}
