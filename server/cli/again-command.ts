/** `handloom retry`, `handloom rerun`: work done before, done again, in the process where the run lives or in this one. */
import type { Client } from '../../src/api/client.ts';
import type { RunSummary } from '../../src/schema/run.ts';
import { openNodeHost } from '../node-host.ts';
import { BadInput } from './exit.ts';
import { findRun, hostOf, refusedFor } from './find-run.ts';
import { checkWritable, type FollowOptions, followElsewhere, followToEnd } from './follow-run.ts';

export interface HostOptions {
  data: string;
  files?: string;
  workers?: number;
}

export interface RetryCommandOptions extends HostOptions, FollowOptions {
  node?: string;
  error?: string;
  task: string[];
}

export interface RerunCommandOptions extends HostOptions, FollowOptions {
  node: string;
  only?: boolean;
}

/** Tries failed tasks of a run again. @returns the exit status @throws BadInput */
export async function retryCommand(run: string | undefined, options: RetryCommandOptions): Promise<number> {
  const { data, node, error, task } = options;
  await checkWritable(options.report);
  const found = await findRun(data, run, {
    fits: ({ nodes }) =>
      Object.entries(nodes).some(([id, { failed }]) => failed > 0 && isCalled(id, node ?? id)),
    none: 'no run has failed tasks',
    newest: true,
  });
  const which = {
    ...(node !== undefined && { node }),
    ...(error !== undefined && { error }),
    ...(task.length > 0 && { tasks: task }),
  };
  return again(found, options, {
    there: async (client) => {
      const { tasks } = await client.retryRun(found.id, which);
      return { id: found.id, done: `failed tasks tried again: ${tasks}`, tasks };
    },
    here: async (engine) => ({ id: found.id, tasks: await engine.retry(found.id, which) }),
  });
}

/** Runs a run's graph again from a node on. @returns the exit status @throws BadInput */
export async function rerunCommand(run: string | undefined, options: RerunCommandOptions): Promise<number> {
  const { data, node, only = false } = options;
  await checkWritable(options.report);
  const found = await findRun(data, run, {
    fits: ({ nodes }) => (nodes[node]?.input ?? 0) > 0,
    none: `no run has delivered anything to ${JSON.stringify(node)}`,
    newest: true,
  });
  return again(
    found,
    options,
    {
      there: async (client) => {
        const { id } = await client.rerun(found.id, { node, only });
        return { id, done: `run again as ${id}`, tasks: 1 };
      },
      here: async (engine) => ({ ...(await engine.rerun(found.id, { node, only })), tasks: 1 }),
    },
    true,
  );
}

/** Whether a node is called so, or may lie within a subgraph that is. */
const isCalled = (id: string, name: string): boolean => id === name || id.startsWith(`${name}/`);

type Engine = Awaited<ReturnType<typeof openNodeHost>>['engine'];

interface Ways {
  there: (client: Client) => Promise<{ id: string; done: string; tasks: number }>;
  here: (engine: Engine) => Promise<{ id: string; tasks: number }>;
}

async function again(
  found: RunSummary,
  options: HostOptions & FollowOptions,
  ways: Ways,
  isNew = false,
): Promise<number> {
  const { data, files, workers } = options;
  const nothing = () => new BadInput([`run ${found.id}: no failed task fits`]);
  const client = await hostOf(data, found, isNew);
  if (client) {
    const { id, done, tasks } = await ways.there(client).catch(refusedFor(found.id));
    if (tasks === 0) throw nothing();
    if (!options.quiet) process.stderr.write(`run ${found.id}: ${done}, by ${found.owner}\n`);
    return options.report === undefined ? 0 : followElsewhere(client, data, id, options);
  }
  const host = await openNodeHost({ dataDir: data, files, workers });
  try {
    const { id, tasks } = await ways.here(host.engine).catch(refusedFor(found.id));
    if (tasks === 0) throw nothing();
    return await followToEnd(host.engine, id, options);
  } finally {
    await host.close();
  }
}
