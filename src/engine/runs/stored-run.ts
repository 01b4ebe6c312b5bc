/** A run as its store has it; one that is not there is an error that names it. */
import { NotFoundError } from '../../errors.ts';
import type { RunSummary } from '../../schema/run.ts';
import type { RunRecord, RunStore } from '../../store/store.ts';

/** Without its document. @throws NotFoundError `run_not_found` */
export async function storedSummary(runs: Pick<RunStore, 'summary'>, id: string): Promise<RunSummary> {
  const summary = await runs.summary(id);
  if (!summary) throw new NotFoundError('run', id);
  return summary;
}

/** With its document, which may be large. @throws NotFoundError `run_not_found` */
export async function storedRecord(runs: Pick<RunStore, 'get'>, id: string): Promise<RunRecord> {
  const record = await runs.get(id);
  if (!record) throw new NotFoundError('run', id);
  return record;
}
