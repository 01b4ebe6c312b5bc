/**
 * Hands what is asked about a run that lives in another process of this data folder (`handloom run` beside `handloom
 * serve`) to that process: there it can be followed as it goes, and steered.
 */
import type { RunService } from '../src/api/services.ts';
import { owner } from './process-name.ts';
import { isLive, reachable } from './reach-host.ts';

/** @returns the answer; undefined where the run is this process's own, lives nowhere, or cannot be reached */
export type ForwardRun = (request: Request, basePath: string) => Promise<Response | undefined>;

export function runForwarder(runs: Pick<RunService, 'summary'>, dataDir: string): ForwardRun {
  return async (request, basePath) => {
    const { pathname, search } = new URL(request.url);
    const path = pathname.slice(basePath.length);
    const [, id, action] = /^\/runs\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
    // What begins a run of its own begins it here: the other process ends with its run.
    if (id === undefined || action === 'rerun') return undefined;
    const run = await runs.summary(id).catch(() => undefined);
    if (!run?.owner || run.owner === owner || !isLive(run)) return undefined;
    const ask = await reachable(dataDir, { owner: run.owner });
    return ask?.(`/api${path}${search}`, request);
  };
}
