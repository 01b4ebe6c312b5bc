/** Errors of requests to the outside. `HttpError` is the name retries can be set for. */
import { HandloomError } from '../errors.ts';

/** At most this much of an answer goes into an error, in characters. */
const excerptLength = 1000;

export function httpError(
  code: string,
  message: string,
  details: Record<string, unknown>,
  cause?: unknown,
): HandloomError {
  const error = new HandloomError(code, message, { details, ...(cause !== undefined && { cause }) });
  error.name = 'HttpError';
  return error;
}

/** An answer with status 400 or above. */
export async function statusError(method: string, url: string, response: Response): Promise<HandloomError> {
  const { status, statusText } = response;
  const body = (await response.text().catch(() => '')).slice(0, excerptLength);
  const retryAfter = response.headers.get('retry-after');
  const words = statusText ? `${status} ${statusText}` : String(status);
  return httpError('http_status', `${method} ${url} was answered with ${words}.`, {
    method,
    url,
    status,
    ...(statusText && { statusText }),
    ...(body && { body }),
    ...(retryAfter !== null && { retryAfter }),
  });
}

/** No answer at all: no such host, refused, cut off. */
export function connectionError(method: string, url: string, thrown: unknown): HandloomError {
  const { message, cause } = thrown as { message?: unknown; cause?: { message?: unknown; code?: unknown } };
  const why = cause?.message || cause?.code || message || thrown;
  return httpError('http_failed', `${method} ${url} got no answer: ${String(why)}`, { method, url }, thrown);
}
