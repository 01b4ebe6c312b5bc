/** From compiled text to a function, inside a worker. Light: it needs neither parser nor compiler. */
import { HandloomError } from '../errors.ts';

export type UserFunction = (...args: unknown[]) => unknown;

/**
 * Evaluates text made by `compile`. Errors the function throws later show the user's own lines in their stacks,
 * as `handloom/<field>:line:column`.
 * @throws HandloomError `code_not_a_function`; or what the module itself throws while it is evaluated.
 */
export function toFunction(text: string, field = 'code'): UserFunction {
  // Indirect, so that it sees globals only; unlike `new Function` it adds no lines of its own.
  // biome-ignore lint/security/noGlobalEval: running the user's code is what this is for
  const value: unknown = globalThis.eval(`${text}\n//# sourceURL=handloom/${field}`);
  if (typeof value !== 'function') {
    throw new HandloomError(
      'code_not_a_function',
      `The code gives ${value === null ? 'null' : typeof value}, not a function.`,
    );
  }
  return value as UserFunction;
}

/** Whether a function gave a promise to wait for. Awaiting only these keeps plain functions synchronous. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Goes on with a value, at once when it is there, later when it is promised. */
export function whenReady<T>(value: unknown, next: (value: unknown) => T): T | Promise<T> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}
