/** Which of a run's tasks failed, for another try. */
import { StoreError } from '../../errors.ts';
import type { ErrorRecord } from '../../schema/run.ts';
import type { Page, PageQuery } from '../../store/store.ts';
import { everyItem } from '../journal/every-item.ts';

/** Those that fit all that is said. */
export interface FailedTasks {
  /** Where it is a subgraph, those of the nodes within it, too. */
  node?: string;
  /** Name of the error. */
  error?: string;
  tasks?: string[];
}

/**
 * @param errors reads the errors of a run's failed tasks, of one node where it is named
 * @param which with the nodes that are called what `node` says, where it says something
 * @returns by node, those that are meant
 * @throws StoreError where the journal cannot be read as far as that
 */
export async function failedTasks(
  errors: (query: PageQuery & { node?: string }) => Promise<Page<ErrorRecord>>,
  { nodes, error, tasks }: Omit<FailedTasks, 'node'> & { nodes: string[] | undefined },
): Promise<Map<string, ErrorRecord[]>> {
  const byNode = new Map<string, ErrorRecord[]>();
  const wanted = tasks && new Set(tasks);
  for (const ofNode of nodes?.map((node) => ({ node })) ?? [{}]) {
    for await (const one of everyItem((page) => whole(errors({ ...ofNode, ...page })))) {
      if ((error ?? one.name) !== one.name || wanted?.has(one.task) === false) continue;
      const known = byNode.get(one.node);
      if (known) known.push(one);
      else byNode.set(one.node, [one]);
    }
  }
  return byNode;
}

async function whole<T>(page: Promise<Page<T>>): Promise<Page<T>> {
  const { problem } = await page;
  if (problem) throw new StoreError(problem.code, problem.message);
  return page;
}
