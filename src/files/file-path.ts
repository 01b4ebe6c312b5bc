/** Paths of the workspace, the same on every host: relative, with `/`, and never leading out of it. */
import type { HandloomError } from '../errors.ts';
import { fileError } from '../nodes/file-error.ts';

export const fileNotFound = (path: string): HandloomError =>
  fileError('file_not_found', `There is no file ${JSON.stringify(path)} in the workspace.`, path);

/** A folder stands where a file is wanted, or a file where a folder is. */
export const pathConflict = (path: string): HandloomError =>
  fileError(
    'path_conflict',
    `${JSON.stringify(path)} cannot be written: a file and a folder would have the same name.`,
    path,
  );

/**
 * The parts of a path. A leading `./` is left out.
 * @throws HandloomError `path_refused` when it is not a path within the workspace.
 */
export function pathParts(path: string): string[] {
  const refuse = (why: string) =>
    fileError(
      'path_refused',
      `The path ${JSON.stringify(String(path).slice(0, 200))} is refused: ${why}.`,
      path,
    );
  if (typeof path !== 'string' || path === '') throw refuse('it is empty');
  if (path.length > 1000) throw refuse('it is longer than 1,000 characters');
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refuse('it holds a control character');
  if (path.includes('\\')) throw refuse('its folders have to be separated by /');
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) throw refuse('it has to be relative to the workspace');
  const parts = path.replace(/^(\.\/)+/, '').split('/');
  for (const part of parts) {
    if (part === '') throw refuse('a name in it is empty');
    if (part === '.' || part === '..') throw refuse('it may not lead through . or ..');
    if (new TextEncoder().encode(part).length > 240) throw refuse('a name in it is too long');
    if (/\p{Cs}/u.test(part)) throw refuse('it is not well-formed text');
  }
  return parts;
}

/** A path as it is listed and compared. */
export const cleanPath = (path: string): string => pathParts(path).join('/');

/**
 * What `list` goes by: the start of the paths wanted, `''` for all.
 * @throws HandloomError `path_refused`
 */
export function cleanPrefix(prefix: string): string {
  const rest = prefix.replace(/^(\.\/)+/, '');
  if (rest === '') return '';
  return rest.endsWith('/') ? `${cleanPath(rest.slice(0, -1))}/` : cleanPath(rest);
}

export const toBytes = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : data;

/** Files sorted the way every adapter lists them. */
export function byPath<T extends { path: string }>(files: T[]): T[] {
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
