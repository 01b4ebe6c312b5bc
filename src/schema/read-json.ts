/**
 * Reading JSON from outside (a file, a request) without trusting it: its size, its depth and its keys are checked
 * before anything walks it, and a syntax error names its line and column.
 */
import { type Issue, ValidationError } from '../errors.ts';
import { findSyntaxError, lineAndColumn } from './json-syntax.ts';

export const maxJsonBytes = 64 * 1024 * 1024;
export const maxJsonDepth = 1000;

export interface ReadJsonOptions {
  /** Default 64 MB. */
  maxBytes?: number;
  /** Levels of lists and objects, default 1,000. */
  maxDepth?: number;
}

/**
 * Parses JSON text, or its UTF-8 bytes.
 * @throws ValidationError `body_too_large`, `not_json`, `too_deep` or `forbidden_key`, naming the place.
 */
export function readJson(source: string | Uint8Array, options: ReadJsonOptions = {}): unknown {
  const { maxBytes = maxJsonBytes, maxDepth = maxJsonDepth } = options;
  if (source.length > maxBytes) {
    throw refusal({ code: 'body_too_large', message: `It is larger than the limit of ${maxBytes} bytes.` });
  }
  const text = (typeof source === 'string' ? source : decode(source)).replace(/^\uFEFF/, '');
  refuseDepth(text, maxDepth);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, message } = findSyntaxError(text);
    const place = lineAndColumn(text, offset);
    throw refusal({
      code: 'not_json',
      message: `Not JSON: ${message} at line ${place.line}, column ${place.column}.`,
      ...place,
    });
  }
  // Escapes could hide a key from the text search, so their presence is enough to look closely.
  if (/__proto__|prototype|\\u/.test(text)) refuseKeys(value);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal({ code: 'not_json', message: 'Not JSON: it is not UTF-8 text.' });
  }
}

function refuseDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = endOfString(text, i);
    } else if (c === 0x5b || c === 0x7b) {
      if (++depth > maxDepth) {
        const place = lineAndColumn(text, i);
        throw refusal({
          code: 'too_deep',
          message: `Nested more than ${maxDepth} levels deep at line ${place.line}, column ${place.column}.`,
          ...place,
        });
      }
    } else if (c === 0x5d || c === 0x7d) {
      depth--;
    }
  }
}

/** Position of the quote that ends the string beginning at `start`; the end of the text when there is none. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

/** Where a value stands: its key, and the place of what holds it. */
interface Place {
  key: string | number;
  parent: Place | undefined;
}

/** Refuses keys that could change what every object inherits, if ever the value were merged into another. */
function refuseKeys(root: unknown): void {
  const stack: { value: unknown; place: Place | undefined }[] = [{ value: root, place: undefined }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, place } = item;
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (let i = value.length - 1; i >= 0; i--)
        stack.push({ value: value[i], place: { key: i, parent: place } });
      continue;
    }
    for (const key of Object.keys(value)) {
      const here: Place = { key, parent: place };
      if (key === '__proto__' || (key === 'prototype' && place?.key === 'constructor'))
        throw forbidden(pathOf(here));
      stack.push({ value: (value as Record<string, unknown>)[key], place: here });
    }
  }
}

function pathOf(place: Place | undefined): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = place; at; at = at.parent) path.unshift(at.key);
  return path;
}

function forbidden(path: (string | number)[]): ValidationError {
  const key = path[path.length - 1] === '__proto__' ? '__proto__' : 'constructor.prototype';
  return refusal({ code: 'forbidden_key', message: `The key ${JSON.stringify(key)} is not allowed.`, path });
}

function refusal(issue: Issue): ValidationError {
  const place = issue.path ? ` (at ${pathText(issue.path)})` : '';
  return new ValidationError(issue.code, issue.message + place, { issues: [issue] });
}

/** `['nodes', 3, 'params']` as people write it: `nodes[3].params`. */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((key, i) =>
      typeof key === 'number'
        ? `[${key}]`
        : /^[\w$-]+$/.test(key)
          ? `${i > 0 ? '.' : ''}${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join('');
}
