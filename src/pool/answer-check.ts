/** Whether a worker's answer is one that the engine can count by: code in a worker may post what it likes. */
import { type Batch, type BatchResult, outcome } from '../engine/executor.ts';
import type { Answer } from './program.ts';

/** Whether every column of the answer fits the batch and the others. */
export function isAnswer(answer: unknown, { tasks, chain = [] }: Batch): answer is Answer {
  const result = (answer as Partial<Answer> | null | undefined)?.result;
  if (!isResult(result, tasks.length)) return false;
  const { chained = [] } = result;
  if (!Array.isArray(chained) || chained.length > chain.length) return false;
  // Each node on the way has had what the one before it gave.
  return chained.every((each, i) => {
    const given = i === 0 ? result : (chained[i - 1] as BatchResult);
    return given.values.length <= tasks.length && isResult(each, given.values.length);
  });
}

function isResult(result: unknown, tasks: number): result is BatchResult {
  if (!isObject(result)) return false;
  const { outcomes, values, errors, counts, ports, logs, begunAt, busyMs } = result;
  if (!isListOf(outcomes, isOutcome) || outcomes.length !== tasks) return false;
  if (!isListOf(values, () => true) || !isListOf(errors, isError)) return false;
  const failed = outcomes.filter((each) => each === outcome.failed).length;
  const given = counts ?? outcomes.map((each) => (each === outcome.succeeded ? 1 : 0));
  return (
    errors.length === failed &&
    isListOf(given, isCount) &&
    given.length === tasks &&
    given.reduce((sum, count) => sum + count, 0) === values.length &&
    (ports === undefined || (isListOf(ports, isText) && ports.length === values.length)) &&
    (logs === undefined || isListOf(logs, isLog)) &&
    (begunAt === undefined || Number.isFinite(begunAt)) &&
    Number.isFinite(busyMs)
  );
}

function isListOf<T>(list: unknown, fits: (item: unknown) => item is T): list is T[];
function isListOf(list: unknown, fits: (item: unknown) => boolean): list is unknown[];
function isListOf(list: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(fits);
}

const isText = (item: unknown): item is string => typeof item === 'string';
const isCount = (item: unknown): item is number => Number.isSafeInteger(item) && (item as number) >= 0;
const isOutcome = (item: unknown): item is number =>
  item === outcome.succeeded || item === outcome.failed || item === outcome.notRun;
const isError = (item: unknown): item is BatchResult['errors'][number] =>
  isObject(item) && isText(item.name) && isText(item.message);
const isLog = (item: unknown): item is NonNullable<BatchResult['logs']>[number] =>
  isObject(item) && isCount(item.index) && isText(item.message);
const isObject = (item: unknown): item is Record<string, unknown> =>
  typeof item === 'object' && item !== null;
