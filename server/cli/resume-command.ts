/** `handloom resume`: goes on with a run whose process died, or that was paused where it lives. */
import { hasEnded, type RunSummary } from '../../src/schema/run.ts';
import { openNodeHost } from '../node-host.ts';
import { isLive } from '../reach-host.ts';
import type { HostOptions } from './again-command.ts';
import { findRun, hostOf, refusedFor } from './find-run.ts';
import { checkWritable, type FollowOptions, followElsewhere, followToEnd } from './follow-run.ts';

/** Resumes a run: the one named, or the newest that was interrupted or paused. @returns the exit status @throws BadInput */
export async function resumeCommand(
  run: string | undefined,
  options: HostOptions & FollowOptions,
): Promise<number> {
  const { data, files, workers } = options;
  await checkWritable(options.report);
  const found = await findRun(data, run, { fits: waits, none: 'no run was interrupted', newest: true });
  if (isLive(found) && found.status === 'paused') {
    const client = await hostOf(data, found);
    if (client) {
      await client.resumeRun(found.id).catch(refusedFor(found.id));
      if (!options.quiet) process.stderr.write(`run ${found.id}: goes on in ${found.owner}\n`);
      return options.report === undefined ? 0 : followElsewhere(client, data, found.id, options);
    }
  }
  const host = await openNodeHost({ dataDir: data, files, workers });
  try {
    await host.engine.unpause(found.id).catch(refusedFor(found.id));
    return await followToEnd(host.engine, found.id, options);
  } finally {
    await host.close();
  }
}

const waits = (run: RunSummary): boolean =>
  !hasEnded(run.status) && (run.status === 'paused' || !isLive(run));
