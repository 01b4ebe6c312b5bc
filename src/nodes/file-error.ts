/** Errors about files, the same from every workspace and every node. */
import { HandloomError } from '../errors.ts';

/** An error about a file; `details.path` names it. */
export function fileError(code: string, message: string, path: string, cause?: unknown): HandloomError {
  const error = new HandloomError(code, message, {
    details: { path },
    ...(cause !== undefined && { cause }),
  });
  error.name = 'FileError';
  return error;
}
