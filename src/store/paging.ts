/** What the stores' lists have in common: how long a page is, where it starts, and which runs belong to it. */
import { ConflictError, ValidationError } from '../errors.ts';
import { type RunStatus, type RunSummary, runStatuses } from '../schema/run.ts';
import type { Page, RunQuery } from './store.ts';

/** A place in a list that is sorted by time and then by id, newest first. */
export type Position = [time: string, id: string];

/** Makes a page of the up to `limit + 1` items found after its cursor. */
export function pageOf<T>(found: T[], limit: number, position: (item: T) => Position): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: last && found.length > limit ? toCursor(position(last)) : null };
}

/** The place of an item as an opaque text. It names the item, not a count, so new items do not shift it. */
export function toCursor(position: Position): string {
  const bytes = new TextEncoder().encode(JSON.stringify(position));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The place a query's cursor names. @throws ValidationError `invalid_cursor` when it is not one of ours. */
export function fromCursor(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const position: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (
      Array.isArray(position) &&
      position.length === 2 &&
      position.every((part) => typeof part === 'string')
    ) {
      return position as Position;
    }
  } catch {
    // Said below.
  }
  throw new ValidationError('invalid_cursor', 'The cursor is not one that a list gave.', {
    issues: [{ code: 'invalid_cursor', message: 'Not a cursor of this list.', path: ['cursor'] }],
  });
}

/** Newest first, and by id where two are of the same moment. */
export const byNewest = (a: Position, b: Position): number => compare(b[0], a[0]) || compare(b[1], a[1]);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether a run passes the filters of a query. */
export const matches = (run: RunSummary, { status, graph }: RunQuery): boolean =>
  (status === undefined || run.status === status) &&
  (graph === undefined || run.graph === graph || run.graphId === graph);

/** Zero for every status. */
export const noCounts = (): Record<RunStatus, number> =>
  Object.fromEntries(runStatuses.map((status) => [status, 0])) as Record<RunStatus, number>;

/** The error of a run that was to be made a second time. */
export const runExists = (id: string): ConflictError =>
  new ConflictError('run_exists', `There is already a run ${JSON.stringify(id)}.`, { details: { id } });

/** The error of a chunk that does not begin where the journal ends: somebody else has written to it, or will have to. */
export const journalConflict = (run: string, expected: number, first: number): ConflictError =>
  new ConflictError(
    'journal_conflict',
    `The journal of run ${run} goes on with entry ${expected}, and not with entry ${first}, as its writer has it.`,
    { details: { run, expected, first } },
  );

/** Keys of those that do not fit into so many bytes together with all that come before them. */
export function beyond(items: readonly { key: string; size: number }[], bytes: number): string[] {
  let sum = 0;
  return items.flatMap(({ key, size }) => ((sum += size) > bytes ? [key] : []));
}
