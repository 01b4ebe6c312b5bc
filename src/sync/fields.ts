/**
 * How plain JSON lies in a Yjs map: one entry per field, so that two editors who change different fields both keep
 * their change. Keys are JSON lists (`["param","code"]`), values JSON texts: any name and any value, `__proto__` and
 * lone surrogates too, is plain data that reaches every replica as it was.
 */
import type * as Y from 'yjs';
import { readTypedJson } from '../schema/read-typed-json.ts';
import { toTypedListText, toTypedText, typeKey } from '../schema/typed-json.ts';

export type FieldMap = Y.Map<unknown>;
export type FieldKey = readonly [kind: string, name?: string];

const keyOf = (key: FieldKey): string => JSON.stringify(key);

/** Texts from this length on are read only once; what they say may be a million payloads. */
const worthKeeping = 65_536;
/** By map and name: a long text and what it says. */
const known = new WeakMap<FieldMap, Map<string, { text: string; value: unknown }>>();

/** Marks the text of a value that JSON alone cannot say (a date among the inputs); no JSON text begins so. */
const typedMark = 'typed:';

/** The text of a field's value; undefined for what is no field. Inputs are payloads, all else is JSON. */
function textOf([kind]: FieldKey, value: unknown): string | undefined {
  if (kind !== 'input' || value === undefined) return JSON.stringify(value);
  const text = Array.isArray(value) ? toTypedListText(value) : toTypedText(value);
  // Where nothing in it has a type, it is plain JSON.
  return text.includes(`{"${typeKey}":`) ? typedMark + text : text;
}

/** Sets a field, or removes it when the value is undefined; leaves the map alone where nothing changes. */
export function setField(map: FieldMap, key: FieldKey, value: unknown): void {
  setText(map, keyOf(key), textOf(key, value));
}

/** Remembers what a long text says, in place of what was there before it. */
function keep(map: FieldMap, name: string, text: string, value: unknown): void {
  const kept = known.get(map);
  if (text.length < worthKeeping) kept?.delete(name);
  else if (kept) kept.set(name, { text, value });
  else known.set(map, new Map([[name, { text, value }]]));
}

function setText(map: FieldMap, name: string, text: string | undefined): void {
  if (text === undefined) {
    known.get(map)?.delete(name);
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
    const value = read(map, name);
    if (!Array.isArray(key) || typeof key[0] !== 'string' || value === undefined) continue;
    fields.push([key[0], typeof key[1] === 'string' ? key[1] : '', value]);
  }
  return fields;
}

function read(map: FieldMap, name: string): unknown {
  const text = map.get(name);
  const kept = known.get(map)?.get(name);
  if (kept && kept.text === text) return kept.value;
  const value = parse(text);
  if (typeof text === 'string') keep(map, name, text, value);
  return value;
}

/**
 * Makes the map hold just these fields, touching only those that differ. Large inputs are kept as they are, to be
 * read again: they must not be changed.
 */
export function replaceFields(map: FieldMap, fields: readonly (readonly [FieldKey, unknown])[]): void {
  // Each text is made once: inputs may be large.
  const texts = new Map<string, { text: string; value: unknown; isPayloads: boolean }>();
  for (const [key, value] of fields) {
    const text = textOf(key, value);
    if (text !== undefined) texts.set(keyOf(key), { text, value, isPayloads: key[0] === 'input' });
  }
  for (const name of [...map.keys()]) if (!texts.has(name)) map.delete(name);
  for (const [name, { text, value, isPayloads }] of texts) {
    setText(map, name, text);
    if (isPayloads) keep(map, name, text, value);
  }
}

/** Puts a property on a plain object without meaning anything by its name. */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return text.startsWith(typedMark) ? readTypedJson(text.slice(typedMark.length)) : JSON.parse(text);
  } catch {
    return undefined;
  }
}
