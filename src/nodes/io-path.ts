/** Which file a task of an `io` node is about: the one its params name, or the one its payload names. */
import { describeValue } from './describe-value.ts';

export function pathOf(param: string | undefined, payload: unknown): string {
  if (param) return param;
  const path =
    typeof payload === 'object' && payload !== null ? (payload as { path?: unknown }).path : payload;
  if (typeof path === 'string' && path !== '') return path;
  throw new TypeError(
    `Which file? Set its path, or send it as the value or as {path: …}; the value is ${describeValue(payload)}.`,
  );
}
