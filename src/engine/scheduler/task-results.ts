/** What tasks gave: results travel on by port, the keys of a join wait for its end, the state of a fold is kept. */
import { defaultOutput } from '../../schema/graph.ts';
import { type Batch, type BatchResult, outcome as taskOutcome } from '../executor.ts';
import type { Packed } from '../values/packed.ts';
import { emit, emitParts, type GoOn } from './delivery.ts';
import { countResults } from './fan-out.ts';
import { holdForJoin } from './join.ts';
import { type NodeState, record, type SchedulerState } from './scheduler-state.ts';

/** Tasks as they were sent out. */
export type Attempted = Pick<Batch, 'tasks' | 'payloads' | 'attempts'>;

/** Tasks whose results are those of an earlier run, where there are such. */
export const cachedTasks = ({ tasks }: Attempted, { cached }: BatchResult): { cached?: number[] } =>
  cached ? { cached: tasks.filter((_, i) => cached[i]) } : {};

/** What the tasks of a join give is the key of their payload. */
export function keepKeys(node: NodeState, tasks: number[], payloads: unknown[], keys: unknown[]): void {
  if (!node.join || tasks.length === 0) return;
  holdForJoin(node.join, { tasks, payloads, keys });
  node.flushed = false;
}

export function keepState(state: SchedulerState, node: NodeState, result: BatchResult): void {
  if (!result.state) return;
  node.fold = result.state;
  node.flushed = false;
  record(state, { kind: 'state', node: node.plan.id, value: result.state.value });
}

/** Sorts results by port, in the order they were given, each with the task it came from. */
export function emitByPort(
  state: SchedulerState,
  node: NodeState,
  batch: Attempted,
  result: BatchResult,
  goOn?: GoOn,
): void {
  const byPort = new Map<string, { values: unknown[]; parents: number[] }>();
  const emitValues = () => {
    for (const [port, { values, parents }] of byPort) {
      countResults(node.fanOut, port, values.length);
      emit(state, node.plan.index, port, values, parents, { goOn });
    }
    byPort.clear();
  };
  const inParts = partsByTask(result);
  let at = 0;
  batch.tasks.forEach((task, i) => {
    const hasSucceeded = result.outcomes[i] === taskOutcome.succeeded;
    if (hasSucceeded) node.fanOut.tasks++;
    const count = result.counts?.[i] ?? (hasSucceeded ? 1 : 0);
    for (const end = at + count; at < end; at++) {
      const port = result.ports?.[at] ?? defaultOutput;
      let columns = byPort.get(port);
      if (!columns) byPort.set(port, (columns = { values: [], parents: [] }));
      columns.values.push(result.values[at]);
      columns.parents.push(task);
    }
    const own = inParts.get(i);
    if (!own) return;
    emitValues();
    for (const { count } of own.parts) countResults(node.fanOut, own.port, count);
    emitParts(state, node.plan.index, own.port, own.parts, task);
  });
  emitValues();
}

/** What tasks gave in parts, by their position in the batch. */
function partsByTask({ parts = [] }: BatchResult): Map<number, { port: string; parts: Packed[] }> {
  const byTask = new Map<number, { port: string; parts: Packed[] }>();
  for (const { index, port, packed } of parts) {
    const known = byTask.get(index);
    if (known) known.parts.push(packed);
    else byTask.set(index, { port, parts: [packed] });
  }
  return byTask;
}
