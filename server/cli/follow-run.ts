/** What `run`, `resume`, `retry` and `rerun` share: following a run to its end, and writing its report. */
import { constants } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Client } from '../../src/api/client.ts';
import type { RunProgress } from '../../src/api/services.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { hasEnded, type ReadProblem, type RunSummary } from '../../src/schema/run.ts';
import { openNodeHost } from '../node-host.ts';
import { BadInput, exitStatus, exitStatusOf } from './exit.ts';
import { printable } from './printable.ts';
import { createProgressView } from './progress-view.ts';
import { reportText } from './report-text.ts';

export interface FollowOptions {
  report?: string;
  quiet?: boolean;
  /** The report, and the files that are read, as typed JSON. */
  typed?: boolean;
}

/** Errors shown in a terminal; the report has them all. */
const shownErrors = 5;

/** Shows how a live run goes on, waits for its end and writes its report. @returns the exit status */
export async function followToEnd(engine: Engine, id: string, options: FollowOptions): Promise<number> {
  const stopListening = onInterrupt(() => void engine.cancel(id).catch(() => {}));
  const view = options.quiet
    ? undefined
    : await createProgressView(process.stderr, await engine.structure(id));
  const unsubscribe = view && (await engine.subscribe(id, (progress: RunProgress) => view.update(progress)));
  await engine.ended(id);
  stopListening();
  unsubscribe?.();
  const summary = await engine.summary(id);
  view?.end(summary);
  // Two that resume a run at the same moment: one gives way.
  if (!hasEnded(summary.status))
    throw new BadInput([`run ${id}: it goes on in another process, ${summary.owner}`]);
  if (!options.quiet)
    for (const line of await errorSummary(engine, summary)) process.stderr.write(`${line}\n`);
  if (options.report !== undefined) await writeReport(engine, id, options.report, options.typed);
  return exitStatusOf(summary.status);
}

/** Waits for the end of a run in another process, and writes its report. @returns the exit status */
export async function followElsewhere(
  client: Client,
  data: string,
  id: string,
  { report, typed }: FollowOptions,
): Promise<number> {
  await client.followRun(id, () => {});
  const host = await openNodeHost({ dataDir: data });
  try {
    if (report !== undefined) await writeReport(host.engine, id, report, typed);
    return exitStatusOf((await host.engine.summary(id)).status);
  } finally {
    await host.close();
  }
}

/** The first signal calls back; the second ends the process at once. */
function onInterrupt(cancel: () => void): () => void {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(exitStatus.cancelled);
    asked = true;
    cancel();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

/** Whether the report can be written, asked before the work begins. @throws BadInput */
export async function checkWritable(file: string | undefined): Promise<void> {
  if (file === undefined || file === '-') return;
  const folder = dirname(resolve(file));
  const reason = await access(folder, constants.W_OK).then(
    () =>
      stat(file).then(
        (there) => (there.isDirectory() ? 'it is a folder' : undefined),
        () => undefined,
      ),
    () => `the folder ${folder} cannot be written to`,
  );
  if (reason) throw new BadInput([`--report ${file}: ${reason}`]);
}

/** Writes the report of a run, and warns where not all of it can be read. */
async function writeReport(engine: Engine, id: string, target: string, typed = false): Promise<void> {
  const warn = ({ message }: ReadProblem) =>
    process.stderr.write(`${printable(`warning: the report is not whole: ${message}`)}\n`);
  await writeText(target, reportText(engine, id, typed, warn));
}

/** Writes a text piece by piece: into a file as a whole or not at all, or to the standard output (`-`). */
async function writeText(target: string, pieces: AsyncIterable<string>): Promise<void> {
  if (target === '-') {
    for await (const piece of pieces)
      await new Promise<void>((done) => process.stdout.write(piece, () => done()));
    return;
  }
  const isDevice = await stat(target).then(
    (there) => !there.isFile(),
    () => false,
  );
  if (isDevice) return writeFile(target, pieces);
  const aside = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(aside, pieces);
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function errorSummary(engine: Engine, { id, nodes, reason }: RunSummary): Promise<string[]> {
  const why = reason === undefined ? [] : [printable(`  ${reason}`)];
  const failed = Object.values(nodes).reduce((sum, node) => sum + node.failed, 0);
  if (failed === 0) return why;
  const { items } = await engine.errors(id, { limit: shownErrors });
  const lines = items.map(({ node, task, name, message }) =>
    printable(`  ${node}, task ${task}: ${name}: ${message}`),
  );
  if (failed > items.length) lines.push(`  … and ${failed - items.length} more; --report has them all`);
  return [...why, ...lines];
}
