/** Nodes and edges as lists: Yjs maps of parts that are told apart by key and kept in order by a number in each. */
import * as Y from 'yjs';
import { type FieldMap, replaceFields } from './fields.ts';
import { type Fields, orderOf } from './graph-fields.ts';

export type Parts = Y.Map<FieldMap>;

/** The part of this key, made if need be. */
export function part(parts: Parts, key: string): FieldMap {
  const known = parts.get(key);
  return known instanceof Y.Map ? known : parts.set(key, new Y.Map());
}

/** The parts, without what a stranger may have put among them. */
export function entriesOf(parts: Parts): [string, FieldMap][] {
  return [...parts.entries()].filter(([, map]) => map instanceof Y.Map);
}

/** A number behind all others. */
export function nextOrder(parts: Parts): number {
  let last = -1;
  for (const [, map] of entriesOf(parts)) last = Math.max(last, orderOf(map));
  return Math.floor(last) + 1;
}

/** What the parts are read as, in order and alike on every replica; without those that cannot be read. */
export function inOrder<T>(parts: Parts, read: (map: FieldMap, key: string) => T | undefined): T[] {
  const sorted = entriesOf(parts).map(([key, map]) => ({ key, map, order: orderOf(map) }));
  sorted.sort((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));
  return sorted.map(({ map, key }) => read(map, key)).filter((item) => item !== undefined);
}

/** Reads a part once. */
export function remember<T>(known: WeakMap<FieldMap, T>, map: FieldMap, read: (map: FieldMap) => T): T {
  if (!known.has(map)) known.set(map, read(map));
  return known.get(map) as T;
}

/** Makes the list hold just these parts in this order, touching only what differs. */
export function replaceParts<T>(
  parts: Parts,
  wanted: Map<string, T>,
  fieldsOf: (item: T, order: number) => Fields,
): void {
  for (const key of [...parts.keys()]) if (!wanted.has(key)) parts.delete(key);
  let last = -1;
  for (const [key, item] of wanted) {
    const known = parts.get(key);
    const order = known instanceof Y.Map ? orderOf(known) : -1;
    // Numbers stay while they still rise.
    last = order > last ? order : last + 1;
    replaceFields(part(parts, key), fieldsOf(item, last));
  }
}
