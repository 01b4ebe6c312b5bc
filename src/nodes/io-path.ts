/** Which file a task is about, and what goes into it: as its params say, or as its payload does. */
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

/** What a task writes: the whole payload where the params name the file, else the `data` beside its `path`. */
export function dataOf(param: string | undefined, payload: unknown): unknown {
  if (param) return payload;
  if (typeof payload === 'object' && payload !== null && 'data' in payload) return payload.data;
  throw new TypeError(
    `Without a path, the value has to be {path, data}, but it is ${describeValue(payload)}.`,
  );
}
