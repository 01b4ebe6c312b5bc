/** What people ask of an engine in a simulated world, and what they may rely on when it answers. */
import { ConflictError } from '../../src/errors.ts';
import type { Host } from './host.ts';
import { must, same } from './run-model.ts';
import type { Request } from './scenario.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

/** Settles with the engine's answer. */
export async function ask(
  { engine }: Host,
  run: string,
  request: Request,
  disk: SimulatedDisk,
): Promise<void> {
  switch (request.kind) {
    case 'pause':
      return engine.pause(run);
    case 'unpause':
      return engine.unpause(run);
    case 'close':
      return engine.close(run);
    case 'cancel':
      return engine.cancel(run);
    case 'retry':
      await engine.retry(run);
      return;
    case 'read':
      await engine.report(run);
      return;
    case 'inject': {
      const { node, payloads } = request;
      const entries = () => disk.entries.get(run) ?? [];
      const before = entries().length;
      await engine.inject(run, { [node]: payloads });
      const isTaken = entries()
        .slice(before)
        .some(
          (entry) =>
            entry.kind === 'deliver' &&
            entry.node === node &&
            entry.parents === undefined &&
            same(disk.whole(entry.payloads), payloads),
        );
      must(isTaken, () => `the run was said to have taken ${payloads.length} tasks, and has not`);
    }
  }
}

/**
 * A second host tries all that would bring the run to life in it, or change it, while another one keeps it.
 * @param isKept whether the other one has kept it all the time, as far as anybody can tell
 */
export async function tryInVain(rival: Host, run: string, isKept: () => boolean): Promise<void> {
  const { engine } = rival;
  const attempts = {
    recover: () => engine.recover(),
    resume: () => engine.resume(run),
    unpause: () => engine.unpause(run),
    pause: () => engine.pause(run),
    close: () => engine.close(run),
    cancel: () => engine.cancel(run),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    const answer = await attempt().then(
      () => 'was carried out',
      (error: unknown) => error,
    );
    if (!isKept()) return;
    must(!rival.keeps(run), () => `the run lives a second time, in ${rival.name}, after ${name}`);
    const isRefused = name === 'recover' || answer instanceof Error;
    must(isRefused, () => `${name} ${answer} where another host keeps the run`);
    if (answer instanceof ConflictError && answer.code === 'run_ended') return;
  }
}
