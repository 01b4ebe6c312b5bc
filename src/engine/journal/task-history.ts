/** What a run's journal knows of single tasks: where they came from, what they were given, how they fared. */
import type { WireError } from '../../errors.ts';
import type { Attempt, Task, TaskStatus } from '../../schema/run.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { droppedOf } from './dropped-payloads.ts';
import { type AttemptEntry, attemptEnd } from './journal.ts';

interface Delivery {
  node: string;
  payload: unknown;
  isDropped: boolean;
  parent: string | null;
  partner?: string;
}

/**
 * Tasks by number; numbers that the journal does not know are left out.
 * @param running numbers of the tasks under way, which the journal does not know
 * @param withHistory tells each attempt, too
 */
export async function describeTasks(
  chunks: ChunkReader,
  numbers: number[],
  running: ReadonlySet<number>,
  withHistory = false,
): Promise<Task[]> {
  const deliveries = await deliveriesOf(chunks, numbers);
  const waitingStatus = (number: number): TaskStatus => (running.has(number) ? 'running' : 'pending');
  const tasks = new Map<number, Task>();
  for (const number of numbers) {
    const delivery = deliveries.get(number);
    if (!delivery) continue;
    const { node, parent, partner, payload, isDropped } = delivery;
    const status = waitingStatus(number);
    tasks.set(number, {
      id: String(number),
      node,
      status,
      attempts: 0,
      parent,
      ...(partner && { partner }),
      ...(isDropped ? { payload: null, payloadDropped: true } : { payload }),
    });
  }
  await chunks.eachEntry([...tasks.keys()], 'touched', (entry) => {
    if (!('tasks' in entry)) return;
    let error = 0;
    entry.tasks.forEach((number, i) => {
      const end = entry.kind === 'attempt' ? (entry.ends?.[i] ?? attemptEnd.succeeded) : undefined;
      const wire =
        entry.kind === 'attempt' && end !== attemptEnd.succeeded ? entry.errors[error++] : undefined;
      const task = tasks.get(number);
      if (!task) return;
      if (entry.kind === 'attempt') {
        endAttempt(task, entry, i, end ?? attemptEnd.succeeded, wire);
        if (withHistory) task.history = [...(task.history ?? []), attemptOf(entry, i, wire)];
      } else if (entry.kind === 'redeliver')
        delete Object.assign(task, { status: waitingStatus(number) }).error;
      else if (entry.kind !== 'start') task.status = entry.kind === 'cancel' ? 'cancelled' : 'duplicate';
    });
  });
  return [...tasks.values()];
}

/** Where each of these tasks came from, and what it was given. */
export async function deliveriesOf(chunks: ChunkReader, numbers: number[]): Promise<Map<number, Delivery>> {
  const found = new Map<number, Delivery>();
  const wanted = new Set(numbers);
  await chunks.eachEntry(numbers, 'created', (entry) => {
    if (entry.kind !== 'deliver') return;
    const dropped = droppedOf(entry);
    entry.payloads.forEach((payload, i) => {
      const number = entry.first + i;
      if (!wanted.has(number)) return;
      const parent = entry.parents?.[i];
      const partner = entry.partners?.[i];
      found.set(number, {
        node: entry.node,
        payload,
        isDropped: dropped?.has(i) ?? false,
        parent: parent && parent > 0 ? String(parent) : null,
        ...(partner && { partner: String(partner) }),
      });
    });
  });
  return found;
}

function endAttempt(
  task: Task,
  entry: AttemptEntry,
  i: number,
  end: number,
  error: WireError | undefined,
): void {
  task.attempts = entry.attempts?.[i] ?? 1;
  task.startedAt = startOf(entry);
  task.durationMs = entry.busyMs / entry.tasks.length;
  task.worker = entry.worker;
  if (entry.cached?.includes(Number(task.id))) task.cached = true;
  if (end === attemptEnd.retry) return;
  task.status = end === attemptEnd.succeeded ? 'succeeded' : 'failed';
  task.finishedAt = new Date(entry.at).toISOString();
  if (!error) return;
  const { name, message, code, stack } = error;
  task.error = { name, message, ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) };
}

function attemptOf(entry: AttemptEntry, i: number, error: WireError | undefined): Attempt {
  return {
    attempt: entry.attempts?.[i] ?? 1,
    startedAt: startOf(entry),
    finishedAt: new Date(entry.at).toISOString(),
    worker: entry.worker,
    ...(entry.cached?.includes(entry.tasks[i] as number) && { cached: true }),
    ...(error && { error: { name: error.name, message: error.message } }),
  };
}

/** When the worker came to the batch; where it did not say, as in old journals, when it was sent. */
const startOf = ({ begunAt, sentAt }: AttemptEntry): string => new Date(begunAt ?? sentAt).toISOString();
