/** `handloom resume`: goes on with a run whose process died. */
import { existsSync } from 'node:fs';
import { databaseFile } from '../data-folder.ts';
import { type NodeHost, openNodeHost } from '../node-host.ts';
import { isAlive } from '../process-name.ts';
import { BadInput } from './exit.ts';
import { checkWritable, type FollowOptions, followToEnd } from './follow-run.ts';

export interface ResumeCommandOptions extends FollowOptions {
  data: string;
  files?: string;
  workers?: number;
}

/** Resumes a run: the one named, or the newest that was interrupted. @returns the exit status @throws BadInput */
export async function resumeCommand(run: string | undefined, options: ResumeCommandOptions): Promise<number> {
  const { data, files, workers, report } = options;
  if (!existsSync(databaseFile(data))) throw new BadInput([`${data}: no runs are kept here`]);
  await checkWritable(report);
  const host = await openNodeHost({ dataDir: data, files, workers });
  try {
    const id = run ?? (await newestInterrupted(host));
    if (id === undefined) throw new BadInput([`${data}: no run was interrupted`]);
    await host.engine.resume(id).catch((error: Error) => {
      throw new BadInput([`run ${id}: ${error.message}`]);
    });
    return await followToEnd(host.engine, id, options);
  } finally {
    await host.close();
  }
}

async function newestInterrupted({ engine }: NodeHost): Promise<string | undefined> {
  const pages = await Promise.all(
    (['pending', 'running', 'paused'] as const).map((status) => engine.list({ status, limit: 1000 })),
  );
  const interrupted = pages
    .flatMap((page) => page.items)
    .filter(({ owner }) => owner === undefined || !isAlive(owner));
  return interrupted.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]?.id;
}
