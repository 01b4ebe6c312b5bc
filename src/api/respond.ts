/** Answers as JSON, through the one writer that can write every payload. */
import { toJsonText } from '../schema/json.ts';
import { toTypedText, valuesMediaType } from '../schema/typed-json.ts';
import { problemOf } from './problem.ts';

/** A JSON answer, plain or typed; not to be cached, since everything here changes. */
export function json(
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
  typed = false,
): Response {
  return new Response(typed ? toTypedText(value) : toJsonText(value), {
    status,
    headers: {
      'content-type': `${typed ? valuesMediaType : 'application/json'}; charset=utf-8`,
      'cache-control': 'no-store',
      ...headers,
    },
  });
}

/** Whether a request accepts typed JSON (see `src/schema/typed-json.ts`); it has to say so by name. */
export const wantsTyped = (request: Request): boolean =>
  (request.headers.get('accept') ?? '').split(',').some((type) => mediaTypeOf(type) === valuesMediaType);

/** Whether a request's body is typed JSON. */
export const isTyped = (request: Request): boolean =>
  mediaTypeOf(request.headers.get('content-type') ?? '') === valuesMediaType;

const mediaTypeOf = (header: string): string => (header.split(';')[0] ?? '').trim().toLowerCase();

/** Done, and nothing to tell. */
export const done = (): Response => new Response(null, { status: 204 });

/** An error's answer. */
export function problemResponse(
  error: unknown,
  path?: string,
  headers: Record<string, string> = {},
): Response {
  const problem = problemOf(error, path);
  return json(problem, problem.status, {
    'content-type': 'application/problem+json; charset=utf-8',
    ...headers,
  });
}
