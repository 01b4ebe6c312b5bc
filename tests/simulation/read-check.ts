/** What the API tells of a run that has ended, page by page, agrees with its journal. */
import type { Engine } from '../../src/engine/engine.ts';
import { must, type RunModel } from './run-model.ts';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
  problem?: { code: string };
}

type Count = 'failed' | 'succeeded' | 'duplicate' | 'cancelled';
const ends = ['failed', 'succeeded', 'duplicate', 'cancelled'] as const;

/**
 * @param model the run as all of its journal tells it
 * @param readable as that part tells it which can be read; a list that does not reach beyond may be complete
 * @returns whether lists were cut short
 */
export async function checkReads(
  engine: Engine,
  run: string,
  limit: number,
  model: RunModel,
  readable = model,
): Promise<boolean> {
  let isCut = false;
  const pages = async <T>(page: (at: { cursor?: string; limit: number }) => Promise<Page<T>>) => {
    const items: T[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const next = await page({ limit, ...(cursor && { cursor }) });
      items.push(...next.items);
      must(
        next.nextCursor === null || next.nextCursor !== cursor,
        () => `the page after ${cursor} ends where it begins`,
      );
      if (next.problem) isCut = true;
      cursor = next.nextCursor;
    }
    return items;
  };
  const tasks = await pages((at) => engine.tasks(run, at));
  /** As much as there is to be told. */
  const told = () => (isCut ? readable : model);
  must(
    tasks.length === told().tasks.size && new Set(tasks.map((task) => task.id)).size === tasks.length,
    () => `the API lists ${tasks.length} tasks of ${told().tasks.size}`,
  );
  for (const task of tasks) {
    const { node, state } = model.task(Number(task.id));
    const status = task.status === 'pending' ? 'waiting' : task.status;
    // Those told of before the damage was found are told of in full.
    const isSo = status === state || (isCut && status === readable.task(Number(task.id)).state);
    must(
      task.node === node && isSo,
      () => `task ${task.id} is told as ${status} at ${task.node}, and is ${state} at ${node}`,
    );
  }
  const count = (name: Count) =>
    [...told().nodes.values()].reduce((sum, { counters }) => sum + counters[name], 0);
  for (const status of ends) {
    const listed = await pages((at) => engine.tasks(run, { ...at, status }));
    // One that is told to have been put back later is not among the failed, also where that cannot be read any more.
    const isSo = listed.length === count(status) || (isCut && listed.length < count(status));
    must(isSo, () => `the API lists ${listed.length} ${status} tasks of ${count(status)}`);
  }
  const errors = await pages((at) => engine.errors(run, at));
  must(
    new Set(errors.map(({ task }) => task)).size === errors.length &&
      (errors.length === count('failed') || (isCut && errors.length < count('failed'))),
    () => `the API lists ${errors.length} errors of ${count('failed')}`,
  );
  for (const node of model.nodes.keys()) {
    const listed = await pages((at) => engine.outputs(run, { ...at, node }));
    const { outputs } = told().node(node);
    must(listed.length === outputs, () => `the API lists ${listed.length} outputs of ${node} of ${outputs}`);
  }
  return isCut;
}
