/** Answers as JSON, through the one writer that can write every payload. */
import { toJsonText } from '../schema/json.ts';
import { problemOf } from './problem.ts';

/** A JSON answer; not to be cached, since everything here changes. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(toJsonText(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}

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
