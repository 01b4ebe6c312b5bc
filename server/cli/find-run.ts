/** Which run a command means, and whether it lives in another process. */
import { existsSync } from 'node:fs';
import type { Client } from '../../src/api/client.ts';
import { NotFoundError } from '../../src/errors.ts';
import { hasEnded, type RunSummary } from '../../src/schema/run.ts';
import { databaseFile } from '../data-folder.ts';
import { isAlive } from '../process-name.ts';
import { reachHost } from '../reach-host.ts';
import { createSqliteStore } from '../store/sqlite-store.ts';
import { BadInput } from './exit.ts';

export interface Wanted {
  /** Whether the command can do something with a run, where none is named. */
  fits: (run: RunSummary) => boolean;
  /** What is said when there is none. */
  none: string;
  /** The command takes the newest; otherwise several that fit are a question. */
  newest?: boolean;
}

/** The run named, or the one that fits. @throws BadInput */
export async function findRun(data: string, id: string | undefined, wanted: Wanted): Promise<RunSummary> {
  if (!existsSync(databaseFile(data))) throw new BadInput([`${data}: no runs are kept here`]);
  const found = await readRuns(data, id === undefined ? wanted.fits : (run) => run.id === id, wanted.newest);
  const [run, another] = found;
  if (!run)
    throw new BadInput([
      id === undefined ? `${data}: ${wanted.none}` : `run ${id}: ${new NotFoundError('run', id).message}`,
    ]);
  if (another && !wanted.newest) {
    const names = found.map((each) => `  ${each.id}  ${each.status}  ${each.graph}`);
    throw new BadInput([`${data}: which run is meant?`, ...names]);
  }
  return run;
}

/** Runs that fit, newest first; no more than it takes. */
async function readRuns(data: string, fits: Wanted['fits'], newest?: boolean): Promise<RunSummary[]> {
  const store = await createSqliteStore(databaseFile(data));
  try {
    const found: RunSummary[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof store.runs.list>> = await store.runs.list({
        limit: 1000,
        ...(cursor && { cursor }),
      });
      found.push(...page.items.filter(fits));
      cursor = page.nextCursor;
    } while (cursor && !(newest && found.length > 0));
    return found;
  } finally {
    await store.close();
  }
}

/**
 * The host where a run lives; undefined when it lives nowhere.
 * @param isNew what is to be done there begins a run of its own
 * @throws BadInput when its process lives but does not answer
 */
export async function hostOf(data: string, run: RunSummary, isNew = false): Promise<Client | undefined> {
  if (run.owner === undefined || !isAlive(run.owner)) return undefined;
  // A process that ends with its run is no place for what comes after.
  const after = isNew || hasEnded(run.status);
  const client = await reachHost(data, { owner: run.owner, stays: after });
  if (!client && !after) {
    throw new BadInput([
      `run ${run.id}: it is under way in another process, ${run.owner}, which does not answer`,
    ]);
  }
  return client;
}

/** Ends with a message that names the run. */
export const refusedFor =
  (id: string) =>
  (error: Error): never => {
    throw new BadInput([`run ${id}: ${error.message}`]);
  };
