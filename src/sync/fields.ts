/**
 * How plain JSON lies in a Yjs map: one entry per field, so that two editors who change different fields both keep
 * their change. Keys are JSON lists (`["param","code"]`), values JSON texts: any name and any value, `__proto__` and
 * lone surrogates too, is plain data that reaches every replica as it was.
 */
import type * as Y from 'yjs';

export type FieldMap = Y.Map<unknown>;
export type FieldKey = readonly [kind: string, name?: string];

const keyOf = (key: FieldKey): string => JSON.stringify(key);

/** The JSON text of a value; undefined for what JSON cannot say (undefined itself, functions). */
const textOf = (value: unknown): string | undefined => JSON.stringify(value);

/** Sets a field, or removes it when the value is undefined; leaves the map alone where nothing changes. */
export function setField(map: FieldMap, key: FieldKey, value: unknown): void {
  const name = keyOf(key);
  const text = textOf(value);
  if (text === undefined) {
    if (map.has(name)) map.delete(name);
  } else if (map.get(name) !== text) map.set(name, text);
}

/** The value of a field; undefined when there is none, or what another replica put there is not JSON. */
export function getField(map: FieldMap, key: FieldKey): unknown {
  return parse(map.get(keyOf(key)));
}

/** Every readable field of a map as key and value, in an order that is the same on every replica. */
export function listFields(map: FieldMap): [kind: string, name: string, value: unknown][] {
  const fields: [string, string, unknown][] = [];
  for (const name of [...map.keys()].sort()) {
    const key = parse(name);
    const value = parse(map.get(name));
    if (!Array.isArray(key) || typeof key[0] !== 'string' || value === undefined) continue;
    fields.push([key[0], typeof key[1] === 'string' ? key[1] : '', value]);
  }
  return fields;
}

/** Makes the map hold just these fields, touching only those that differ. */
export function replaceFields(map: FieldMap, fields: readonly (readonly [FieldKey, unknown])[]): void {
  const wanted = new Set(
    fields.filter(([, value]) => textOf(value) !== undefined).map(([key]) => keyOf(key)),
  );
  for (const name of [...map.keys()]) if (!wanted.has(name)) map.delete(name);
  for (const [key, value] of fields) setField(map, key, value);
}

/** Puts a property on a plain object without meaning anything by its name. */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
