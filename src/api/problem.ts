/** Errors on their way out: problem+json (RFC 9457) with a stable `code`, and never a stack trace. */
import { ConflictError, HandloomError, type Issue, NotFoundError, ValidationError } from '../errors.ts';
import type { Problem } from '../schema/api.ts';

/** Codes whose status their class does not say. */
const statusByCode: Record<string, number> = {
  bad_cursor: 400,
  path_refused: 400,
  forbidden_host: 403,
  forbidden_origin: 403,
  file_read_only: 403,
  file_refused: 403,
  file_not_found: 404,
  path_conflict: 409,
  method_not_allowed: 405,
  not_found: 404,
  body_too_large: 413,
  files_full: 507,
  store_full: 507,
  store_busy: 503,
  store_closed: 503,
  chunk_damaged: 409,
  journal_newer: 409,
  store_newer: 409,
  no_engine: 503,
  starting: 503,
  engine_lost: 503,
};

const titles: Record<number, string> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  500: 'Internal error',
  503: 'Not available',
  507: 'Out of room',
};

/** The HTTP status an error stands for. */
export function statusOf(error: unknown): number {
  if (!(error instanceof HandloomError)) return 500;
  const byCode = statusByCode[error.code];
  if (byCode) return byCode;
  if (error instanceof ValidationError) return 400;
  if (error instanceof NotFoundError || error.code.endsWith('_not_found')) return 404;
  if (error instanceof ConflictError) return 409;
  return 500;
}

/** What is told about an error. One that Handloom does not throw on purpose tells nothing of the inside. */
export function problemOf(error: unknown, path?: string): Problem {
  const status = statusOf(error);
  if (!(error instanceof HandloomError)) {
    return problem(status, 'internal_error', 'Something went wrong inside Handloom; its log says what.');
  }
  const detail = error.code === 'not_found' && path ? `There is nothing at ${path}.` : error.message;
  // The stores have their own word for it; over HTTP every list has the same.
  const code = error.code === 'invalid_cursor' ? 'bad_cursor' : error.code;
  return problem(status, code, detail, error.issues);
}

function problem(status: number, code: string, detail: string, issues: Issue[] = []): Problem {
  return {
    type: `urn:handloom:problem:${code}`,
    title: titles[status] ?? 'Error',
    status,
    detail,
    code,
    issues,
  };
}

/**
 * An error for everything wrong with a document: the code is the issue's own when there is one, else `code`.
 */
export function refusal(issues: Issue[], code: string): ValidationError {
  const [first] = issues;
  const message =
    issues.length === 1 && first
      ? first.message
      : `${issues.length} things are wrong: ${first?.message ?? ''} …`;
  return new ValidationError(issues.length === 1 && first ? first.code : code, message, { issues });
}
