/** What `run`, `resume`, `retry` and `rerun` share: following a run to its end, and writing its report. */
import { constants } from 'node:fs';
import { access, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Client } from '../../src/api/client.ts';
import type { RunProgress } from '../../src/api/services.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { toJsonText } from '../../src/schema/json.ts';
import type { RunReport } from '../../src/schema/run.ts';
import { openNodeHost } from '../node-host.ts';
import { BadInput, exitStatus, exitStatusOf } from './exit.ts';
import { printable } from './printable.ts';
import { createProgressView } from './progress-view.ts';

export interface FollowOptions {
  report?: string;
  quiet?: boolean;
}

/** Errors shown in a terminal; the report has them all. */
const shownErrors = 5;

/** Shows how a live run goes on, waits for its end and writes its report. @returns the exit status */
export async function followToEnd(engine: Engine, id: string, options: FollowOptions): Promise<number> {
  const stopListening = onInterrupt(() => void engine.cancel(id).catch(() => {}));
  const view = options.quiet
    ? undefined
    : await createProgressView(process.stderr, await engine.document(id));
  const unsubscribe = view && (await engine.subscribe(id, (progress: RunProgress) => view.update(progress)));
  await engine.ended(id);
  stopListening();
  unsubscribe?.();
  const report: RunReport = await engine.report(id, Number.POSITIVE_INFINITY);
  view?.end(report);
  if (!options.quiet) for (const line of errorSummary(report)) process.stderr.write(`${line}\n`);
  await writeReport(report, options.report);
  return exitStatusOf(report.status);
}

/** Waits for the end of a run in another process, and writes its report. @returns the exit status */
export async function followElsewhere(
  client: Client,
  data: string,
  id: string,
  { report: target }: FollowOptions,
): Promise<number> {
  await client.followRun(id, () => {});
  const host = await openNodeHost({ dataDir: data });
  try {
    const report = await host.engine.report(id, Number.POSITIVE_INFINITY);
    await writeReport(report, target);
    return exitStatusOf(report.status);
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

async function writeReport(report: RunReport, target: string | undefined): Promise<void> {
  if (target === undefined) return;
  const text = `${toJsonText(report, 2)}\n`;
  if (target === '-') {
    await new Promise<void>((done) => process.stdout.write(text, () => done()));
    return;
  }
  const isDevice = await stat(target).then(
    (there) => !there.isFile(),
    () => false,
  );
  if (isDevice) return writeFile(target, text);
  // As a whole or not at all.
  const aside = `${target}.${process.pid}.tmp`;
  await writeFile(aside, text);
  await rename(aside, target);
}

function errorSummary({ errors }: RunReport): string[] {
  const lines = errors
    .slice(0, shownErrors)
    .map(({ node, task, name, message }) => printable(`  ${node}, task ${task}: ${name}: ${message}`));
  if (errors.length > shownErrors)
    lines.push(`  … and ${errors.length - shownErrors} more; --report has them all`);
  return lines;
}
