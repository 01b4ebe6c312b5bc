/** What a join holds until its upstream has ended, and the rows it then gives. */
import { canonicalKey } from '../values/canonical.ts';

/** Payloads that have come in at one port, with their keys. */
export interface Side {
  tasks: number[];
  keys: unknown[];
  payloads: unknown[];
}

export interface JoinState {
  /** Tasks that came in at the right port and have not succeeded yet. */
  fromRight: Set<number>;
  left: Side;
  right: Side;
}

/** What a join gives for a pair, or for a payload without a partner. */
export interface JoinRow {
  key: unknown;
  left: unknown;
  right: unknown;
}

export interface JoinRows {
  values: JoinRow[];
  /** The task each row came from: of the left side, or of the right one where that is alone. */
  parents: number[];
  /** The task of the right side it came from besides; 0 where there is none. */
  partners: number[];
}

/** More rows than this would not fit into memory: a key that is not one gives every combination. */
export const rowLimit = 5_000_000;

const emptySide = (): Side => ({ tasks: [], keys: [], payloads: [] });

export const emptyJoin = (): JoinState => ({ fromRight: new Set(), left: emptySide(), right: emptySide() });

/** Forgets what has been given out. */
export function clearJoin(join: JoinState): void {
  join.left = emptySide();
  join.right = emptySide();
}

/** Keeps tasks whose keys have been found. */
export function holdForJoin(join: JoinState, { tasks, keys, payloads }: Side): void {
  tasks.forEach((task, i) => {
    const side = join.fromRight.delete(task) ? join.right : join.left;
    side.tasks.push(task);
    side.keys.push(keys[i]);
    side.payloads.push(payloads[i]);
  });
}

/**
 * Every pair with equal keys, and the payloads without a partner of the sides that are kept: in the order of the left
 * side, then those of the right side that are alone. As in SQL, a key that is null or undefined equals no other.
 * @param inOrder gives the positions of tasks in the order of the inputs they descend from
 * @returns undefined when there are more than {@link rowLimit}
 */
export function joinRows(
  { left, right }: JoinState,
  keeps: { left: boolean; right: boolean },
  inOrder: (tasks: number[]) => number[],
): JoinRows | undefined {
  const rows: JoinRows = { values: [], parents: [], partners: [] };
  const add = (row: JoinRow, parent: number, partner: number) => {
    rows.values.push(row);
    rows.parents.push(parent);
    rows.partners.push(partner);
  };
  const byKey = new Map<string, number[]>();
  const rightOrder = inOrder(right.tasks);
  for (const position of rightOrder) {
    const key = matchable(right.keys[position]);
    if (key === undefined) continue;
    const equal = byKey.get(key);
    if (equal) equal.push(position);
    else byKey.set(key, [position]);
  }
  const matched = new Set<string>();
  for (const position of inOrder(left.tasks)) {
    const task = left.tasks[position] as number;
    const payload = left.payloads[position];
    const key = left.keys[position] ?? null;
    const match = matchable(key);
    const partners = match === undefined ? undefined : byKey.get(match);
    if (!partners) {
      if (keeps.left) add({ key, left: payload, right: null }, task, 0);
      continue;
    }
    matched.add(match as string);
    if (rows.values.length + partners.length > rowLimit) return undefined;
    for (const partner of partners) {
      add({ key, left: payload, right: right.payloads[partner] }, task, right.tasks[partner] as number);
    }
  }
  if (!keeps.right) return rows;
  for (const position of rightOrder) {
    const key = right.keys[position] ?? null;
    if (matched.has(matchable(key) ?? '')) continue;
    add({ key, left: null, right: right.payloads[position] }, right.tasks[position] as number, 0);
  }
  return rows;
}

const matchable = (key: unknown): string | undefined =>
  key === null || key === undefined ? undefined : canonicalKey(key);
