/** `handloom runs`: every run in a data folder, newest first. */
import { existsSync } from 'node:fs';
import { hasEnded, type RunSummary } from '../../src/schema/run.ts';
import { databaseFile } from '../data-folder.ts';
import { isLive } from '../reach-host.ts';
import { createSqliteStore } from '../store/sqlite-store.ts';
import { printable } from './printable.ts';

export async function runsCommand(options: { data: string; json?: boolean }): Promise<number> {
  const runs = await readRuns(databaseFile(options.data));
  const text = options.json
    ? JSON.stringify(runs, null, 2)
    : runs.length > 0
      ? table(runs)
      : `No runs in ${options.data}.`;
  await new Promise<void>((done) => process.stdout.write(`${text}\n`, () => done()));
  return 0;
}

/** A folder that has never been written to has no runs, and looking at it leaves it so. */
async function readRuns(file: string): Promise<RunSummary[]> {
  if (!existsSync(file)) return [];
  const store = await createSqliteStore(file);
  try {
    const runs: RunSummary[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof store.runs.list>> = await store.runs.list({
        limit: 1000,
        ...(cursor && { cursor }),
      });
      runs.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
    return runs;
  } finally {
    await store.close();
  }
}

/** Which part of its graph a run is of. */
const partText = ({ from, only }: RunSummary): string =>
  from === undefined ? '' : ` (${only ? 'only' : 'from'} ${from})`;

function table(runs: RunSummary[]): string {
  const rows = runs.map((run) => [
    run.id,
    hasEnded(run.status) || run.status === 'paused' || isLive(run) ? run.status : 'interrupted',
    run.createdAt.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
    String(Object.values(run.nodes).reduce((sum, node) => sum + node.input, 0)),
    printable(run.graph + partText(run)),
  ]);
  const all = [['RUN', 'STATUS', 'CREATED', 'TASKS', 'GRAPH'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
