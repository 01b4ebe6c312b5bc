/** `handloom pause`, `close`, `inject`, `cancel`: a word to a run, which lives in another process. */
import type { Client } from '../../src/api/client.ts';
import { hasEnded, type RunSummary } from '../../src/schema/run.ts';
import { openNodeHost } from '../node-host.ts';
import { isLive } from '../reach-host.ts';
import { BadInput } from './exit.ts';
import { findRun, hostOf, refusedFor, type Wanted } from './find-run.ts';
import { type InputOption, readInputs } from './read-graph.ts';

export interface ControlCommandOptions {
  data: string;
  quiet?: boolean;
}

interface Word {
  wanted: Wanted;
  say: (client: Client, id: string) => Promise<unknown>;
  done: string;
}

const live = (none: string, fits: (run: RunSummary) => boolean = () => true): Wanted => ({
  fits: (run) => isLive(run) && fits(run),
  none,
});

/** Sends out nothing more of a run until it is resumed. @returns the exit status @throws BadInput */
export const pauseCommand = (run: string | undefined, options: ControlCommandOptions) =>
  tell(run, options, {
    wanted: live('no run is under way', ({ status }) => status !== 'paused'),
    say: (client, id) => client.pauseRun(id),
    done: 'paused',
  });

/** Takes no more tasks into a run that was kept open. @returns the exit status @throws BadInput */
export const closeCommand = (run: string | undefined, options: ControlCommandOptions) =>
  tell(run, options, {
    wanted: live('no run is kept open', ({ open }) => open ?? false),
    say: (client, id) => client.closeRun(id),
    done: 'closed',
  });

/** Adds tasks to a run. @returns the exit status @throws BadInput */
export async function injectCommand(
  run: string | undefined,
  options: ControlCommandOptions & { input: InputOption[]; typed?: boolean },
): Promise<number> {
  if (options.input.length === 0)
    throw new BadInput(['--input NODE=FILE.json: what is to be added is missing']);
  const inputs = await readInputs(options.input, options.typed);
  const count = Object.values(inputs).reduce((sum, payloads) => sum + payloads.length, 0);
  return tell(run, options, {
    wanted: live('no run is under way'),
    say: (client, id) => client.inject(id, inputs),
    done: `tasks added: ${count}`,
  });
}

/** Ends a run, also one whose process died. @returns the exit status @throws BadInput */
export async function cancelCommand(
  run: string | undefined,
  options: ControlCommandOptions,
): Promise<number> {
  const { data } = options;
  const found = await findRun(data, run, {
    fits: ({ status }) => !hasEnded(status),
    none: 'no run is left to cancel',
  });
  refuseEnded(found);
  const client = await hostOf(data, found);
  if (client) await client.cancelRun(found.id).catch(refusedFor(found.id));
  else {
    const host = await openNodeHost({ dataDir: data });
    await host.engine
      .cancel(found.id)
      .catch(refusedFor(found.id))
      .finally(() => host.close());
  }
  return report(found, 'cancelled', options);
}

async function tell(run: string | undefined, options: ControlCommandOptions, word: Word): Promise<number> {
  const found = await findRun(options.data, run, word.wanted);
  refuseEnded(found);
  const client = await hostOf(options.data, found);
  if (!client) {
    const how = `handloom resume ${found.id}`;
    throw new BadInput([
      `run ${found.id}: it is not live, since its process has ended; ${how} goes on with it`,
    ]);
  }
  await word.say(client, found.id).catch(refusedFor(found.id));
  return report(found, word.done, options);
}

function refuseEnded({ id, status }: RunSummary): void {
  if (hasEnded(status)) throw new BadInput([`run ${id}: it has ended already: ${status}`]);
}

function report({ id }: RunSummary, done: string, { quiet }: ControlCommandOptions): number {
  if (!quiet) process.stderr.write(`run ${id}: ${done}\n`);
  return 0;
}
