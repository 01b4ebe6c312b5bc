/** Which of a run's tasks failed, for another try. */
import type { ErrorRecord } from '../schema/run.ts';
import type { Page, PageQuery } from '../store/store.ts';
import { everyItem } from './every-item.ts';

/** Those that fit all that is said. */
export interface FailedTasks {
  node?: string;
  /** Name of the error. */
  error?: string;
  tasks?: string[];
}

/**
 * @param errors reads the errors of a run's failed tasks, of one node where it is named
 * @returns by node, those that are meant
 */
export async function failedTasks(
  errors: (query: PageQuery & { node?: string }) => Promise<Page<ErrorRecord>>,
  { node, error, tasks }: FailedTasks,
): Promise<Map<string, ErrorRecord[]>> {
  const byNode = new Map<string, ErrorRecord[]>();
  const wanted = tasks && new Set(tasks);
  for await (const one of everyItem((page) => errors({ ...(node && { node }), ...page }))) {
    if ((error ?? one.name) !== one.name || wanted?.has(one.task) === false) continue;
    const ofNode = byNode.get(one.node);
    if (ofNode) ofNode.push(one);
    else byNode.set(one.node, [one]);
  }
  return byNode;
}
